//! Taking Redis replies apart. Whatever does not have the expected form is
//! [`Error::Protocol`], never a panic: a server may be hostile, or not a jobq namespace.

use redis::Value;

use super::error::{Error, Result};

fn unexpected(wanted: &str, value: &Value) -> Error {
    let mut shown = format!("{value:?}");
    if let Some((end, _)) = shown.char_indices().nth(80) {
        shown.truncate(end);
    }
    Error::Protocol(format!("wanted {wanted}, got {shown}"))
}

/// A list's items, taken in order.
pub(super) struct Items(std::vec::IntoIter<Value>);

impl Items {
    /// The list that `value` is.
    pub(super) fn of(value: Value) -> Result<Items> {
        match value {
            Value::Array(items) => Ok(Items(items.into_iter())),
            // What RESP3 tells as a map, as RESP2 tells it.
            Value::Map(pairs) => {
                let flat: Vec<Value> = pairs.into_iter().flat_map(|(name, value)| [name, value]).collect();
                Ok(Items(flat.into_iter()))
            }
            other => Err(unexpected("a list", &other)),
        }
    }

    /// The next item, whatever it is.
    pub(super) fn next(&mut self) -> Result<Value> {
        self.0.next().ok_or_else(|| Error::Protocol("a reply is too short".into()))
    }

    /// The next item as bytes.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>> {
        bytes(self.next()?)
    }

    /// The next item as bytes, or `None` for nil.
    pub(super) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        match self.next()? {
            Value::Nil | Value::Boolean(false) => Ok(None),
            value => bytes(value).map(Some),
        }
    }

    /// The next item as text; invalid UTF-8 is replaced, since all text of ours is ASCII.
    pub(super) fn text(&mut self) -> Result<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The next item as text, or `None` for nil or ''.
    pub(super) fn maybe_text(&mut self) -> Result<Option<String>> {
        let text = self.maybe_bytes()?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The next item as a number.
    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        let value = self.next()?;
        let text = match &value {
            Value::Int(number) => number.to_string(),
            Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Value::SimpleString(text) => text.clone(),
            _ => String::new(),
        };
        text.parse().map_err(|_| unexpected("a number", &value))
    }

    /// The next item as a number, or `None` for nil or ''.
    pub(super) fn maybe_number<T: std::str::FromStr>(&mut self) -> Result<Option<T>> {
        let Some(text) = self.maybe_text()? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Error::Protocol(format!("wanted a number, got {text:?}")))
    }

    /// The next item as a list.
    pub(super) fn items(&mut self) -> Result<Items> {
        Items::of(self.next()?)
    }

    /// The remaining items, each a list.
    pub(super) fn lists(self) -> impl Iterator<Item = Result<Items>> {
        self.0.map(Items::of)
    }

    /// The remaining items.
    pub(super) fn rest(self) -> impl Iterator<Item = Value> {
        self.0
    }

    /// The remaining items as texts.
    pub(super) fn texts(mut self) -> Result<Vec<String>> {
        let mut texts = Vec::with_capacity(self.0.len());
        while self.0.len() > 0 {
            texts.push(self.text()?);
        }
        Ok(texts)
    }

    /// The remaining items as pairs of texts: the fields of a hash.
    pub(super) fn pairs(mut self) -> Result<Vec<(String, String)>> {
        let mut pairs = Vec::with_capacity(self.0.len() / 2);
        while self.0.len() > 0 {
            pairs.push((self.text()?, self.text()?));
        }
        Ok(pairs)
    }
}

/// A value as bytes.
pub(super) fn bytes(value: Value) -> Result<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Okay => Ok(b"OK".to_vec()),
        Value::Int(number) => Ok(number.to_string().into_bytes()),
        // INFO is one of these in RESP3.
        Value::VerbatimString { text, .. } => Ok(text.into_bytes()),
        other => Err(unexpected("bytes", &other)),
    }
}
