//! Bytes that are usually text: strings in JSON, `{"b64": …}` where they are not UTF-8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most bytes that one argument or variable may have: the kernel's 128 KiB with its NUL.
pub const MAX_WORD_BYTES: usize = 131_071;

/// Arbitrary bytes with a readable JSON form that loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The text, when these bytes are UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text with replacement characters where it is none; for people, never for machines.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Bytes {
        Bytes(text.as_bytes().to_vec())
    }
}

impl From<std::ffi::OsString> for Bytes {
    fn from(text: std::ffi::OsString) -> Bytes {
        use std::os::unix::ffi::OsStringExt as _;
        Bytes(text.into_vec())
    }
}

impl From<&Bytes> for std::ffi::OsString {
    fn from(bytes: &Bytes) -> std::ffi::OsString {
        use std::os::unix::ffi::OsStringExt as _;
        std::ffi::OsString::from_vec(bytes.0.clone())
    }
}

#[derive(Serialize, Deserialize)]
struct Wrapped {
    b64: String,
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_str() {
            Some(text) => serializer.serialize_str(text),
            None => Wrapped { b64: STANDARD.encode(&self.0) }.serialize(serializer),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Text(String),
    Wrapped(Wrapped),
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        match Either::deserialize(deserializer)? {
            Either::Text(text) => Ok(Bytes(text.into_bytes())),
            Either::Wrapped(wrapped) => {
                STANDARD.decode(&wrapped.b64).map(Bytes).map_err(serde::de::Error::custom)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bytes;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_survive_json(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let bytes = Bytes(raw);
            let json = serde_json::to_string(&bytes).unwrap();
            prop_assert_eq!(serde_json::from_str::<Bytes>(&json).unwrap(), bytes);
        }
    }
}
