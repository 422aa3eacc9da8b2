//! Sizes as people type them.

/// Why a text is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a size; write one such as 4096, 32K or 64M")]
pub struct NotASize(String);

/// Reads a size in bytes: `4096`, `32KiB`, `32K`, `64M`, `1GiB`; all in powers of 1024.
///
/// # Errors
/// Another unit, no number, or more than Lua's whole numbers carry (2^53).
pub fn size(text: &str) -> Result<u64, NotASize> {
    let typed = text.trim();
    let bad = || NotASize(typed.to_owned());
    let digits = typed.find(|c: char| !c.is_ascii_digit()).unwrap_or(typed.len());
    let (number, unit) = typed.split_at(digits);
    let shift = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        _ => return Err(bad()),
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.filter(|bytes| *bytes < 1 << 53).ok_or_else(bad)
}
