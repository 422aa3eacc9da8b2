//! Lines that set a variable: `NAME = value`, either side in quotes or not.

use crate::core::bytes::Bytes;

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().take_while(|byte| is_space(**byte)).count();
    &bytes[start..]
}

/// The variable that a line sets; `None` where it is another kind of line. Quotes of one kind
/// around a name or value keep the blanks inside; blanks around `=` and at the end do not
/// count; nothing is expanded.
pub(super) fn assignment(line: &[u8]) -> Option<(String, Bytes)> {
    let (name, rest) = match quoted(line) {
        Some(found) => found?,
        None => {
            let end = line.iter().position(|byte| is_space(*byte) || *byte == b'=')?;
            line.split_at(end)
        }
    };
    let value = trimmed(trimmed(rest).strip_prefix(b"=")?);
    let value = match quoted(value) {
        // Only blanks may follow the closing quote.
        Some(found) => found.filter(|(_, rest)| trimmed(rest).is_empty())?.0,
        None => value.trim_ascii_end(),
    };
    let name = std::str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty() && !name.contains(char::is_control) && !name.contains('='))?;
    Some((name.to_owned(), Bytes(value.to_vec())))
}

/// What stands between quotes, and what follows them; `None` without an opening quote,
/// `Some(None)` without a closing one.
#[allow(clippy::option_option, reason = "no quote and no end of it are different answers")]
fn quoted(text: &[u8]) -> Option<Option<(&[u8], &[u8])>> {
    let quote = *text.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let end = text[1..].iter().position(|byte| *byte == quote);
    Some(end.map(|end| (&text[1..=end], &text[end + 2..])))
}
