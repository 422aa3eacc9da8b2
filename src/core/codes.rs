//! Sets of exit codes as people type them: `75,100-110`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Exit codes, 0 to 255, as ranges in the order they were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSet(Vec<(u8, u8)>);

/// Why a text is no set of exit codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Not a number from 0 to 255.
    #[error("{0:?} is not an exit code (0 to 255)")]
    NotACode(String),
    /// A range that ends before it begins.
    #[error("the range {0}-{1} ends before it begins; write {1}-{0}")]
    Backwards(u8, u8),
}

fn code(text: &str) -> Result<u8, CodeError> {
    text.trim().parse().map_err(|_| CodeError::NotACode(text.trim().to_owned()))
}

impl CodeSet {
    /// Whether `code` is in the set.
    pub fn contains(&self, code: u8) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&code))
    }
}

impl std::str::FromStr for CodeSet {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<CodeSet, CodeError> {
        let parts = text.split(',').map(|part| match part.split_once('-') {
            None => code(part).map(|one| (one, one)),
            Some((low, high)) => {
                let (low, high) = (code(low)?, code(high)?);
                if low > high { Err(CodeError::Backwards(low, high)) } else { Ok((low, high)) }
            }
        });
        parts.collect::<Result<_, _>>().map(CodeSet)
    }
}

impl fmt::Display for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (low, high)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            if low == high {
                write!(f, "{comma}{low}")?;
            } else {
                write!(f, "{comma}{low}-{high}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for CodeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CodeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CodeSet, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A code that means "not now": the job goes back for this long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnoozeRule {
    /// The codes.
    pub codes: CodeSet,
    /// How long the job waits, in milliseconds.
    pub delay_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_lists_and_ranges() {
        let set: CodeSet = "75,100-110".parse().unwrap();
        assert!(set.contains(75) && set.contains(100) && set.contains(110) && !set.contains(99));
        assert_eq!(set.to_string(), "75,100-110");
        assert_eq!("256".parse::<CodeSet>(), Err(CodeError::NotACode("256".into())));
        assert_eq!("".parse::<CodeSet>(), Err(CodeError::NotACode("".into())));
        assert_eq!("9-3".parse::<CodeSet>(), Err(CodeError::Backwards(9, 3)));
    }
}
