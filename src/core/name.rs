//! The names users choose: ids, queues, tasks, groups, schedules, namespaces, label keys.

use std::fmt;

/// The most characters a name may have.
pub const MAX_NAME_LEN: usize = 128;

/// A checked name: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
///
/// No braces, colons, slashes or spaces, so a name can stand at the end of a Redis key
/// or in a file name without escaping, and can never break out of a hash tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is empty.
    #[error("a name cannot be empty")]
    Empty,
    /// The text is longer than [`MAX_NAME_LEN`].
    #[error("a name has at most 128 characters, this one has {0}")]
    TooLong(usize),
    /// A character that names do not have, and where (counted from 1).
    #[error(
        "{0:?} is not allowed at character {1}; names are letters, digits, '.', '_' and '-', and begin with a letter or digit"
    )]
    Character(char, usize),
}

impl Name {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`NameError`] says which rule is broken and where.
    pub fn new(text: impl Into<String>) -> Result<Name, NameError> {
        let text = text.into();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        for (index, character) in text.chars().enumerate() {
            let inner = matches!(character, '.' | '_' | '-');
            if !(character.is_ascii_alphanumeric() || (inner && index > 0)) {
                return Err(NameError::Character(character, index + 1));
            }
        }
        if text.len() > MAX_NAME_LEN {
            return Err(NameError::TooLong(text.len()));
        }
        Ok(Name(text))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Name, NameError> {
        Name::new(text)
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;
    fn try_from(text: String) -> Result<Name, NameError> {
        Name::new(text)
    }
}

impl serde::Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        let text = String::deserialize(deserializer)?;
        Name::new(text).map_err(serde::de::Error::custom)
    }
}

/// The alphabet of generated ids: Crockford's base32 in lower case, as TypeID uses it.
const ID_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new job id: a UUIDv7 as 26 base32 characters. Sorts by time of creation; needs no
/// server; one double-click selects it.
pub fn new_id() -> Name {
    Name(encode_id(uuid::Uuid::now_v7().as_u128()))
}

/// A random word of 26 base32 characters, for what must not be guessed or repeated
/// (worker nonces, request ids).
pub fn new_nonce() -> String {
    // A v7 UUID carries 74 random bits; the time in front makes repeats impossible.
    encode_id(uuid::Uuid::now_v7().as_u128())
}

fn encode_id(value: u128) -> String {
    // 26 digits of 5 bits hold 130 bits: the first digit carries only three.
    (0..26).rev().map(|place| char::from(ID_ALPHABET[((value >> (5 * place)) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_names_and_sort_by_time() {
        let mut last = new_id();
        for _ in 0..1000 {
            let next = new_id();
            assert_eq!(next.as_str().len(), 26);
            assert!(Name::new(next.as_str()).is_ok());
            assert!(next > last, "{next} after {last}");
            last = next;
        }
    }

    #[test]
    fn the_encoding_is_typeids() {
        // From the TypeID specification's published vectors.
        let uuid = uuid::Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        assert_eq!(encode_id(uuid.as_u128()), "01h455vb4pex5vsknk084sn02q");
        assert_eq!(encode_id(0), "00000000000000000000000000");
    }

    #[test]
    fn bad_names_are_refused_with_the_place() {
        assert_eq!(Name::new(""), Err(NameError::Empty));
        assert_eq!(Name::new("-x"), Err(NameError::Character('-', 1)));
        assert_eq!(Name::new("a}b"), Err(NameError::Character('}', 2)));
        assert_eq!(Name::new("a\nb"), Err(NameError::Character('\n', 2)));
        assert_eq!(Name::new("a".repeat(129)), Err(NameError::TooLong(129)));
        assert!(Name::new("a".repeat(128)).is_ok());
        assert!(Name::new("emails.v2_x-y").is_ok());
    }
}
