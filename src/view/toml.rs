//! Values as jobq.toml has them.

use std::fmt::Write as _;

use super::escape::is_unsafe;

/// A basic string; what a terminal must not see is escaped, and means the same.
pub fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(quoted, "\\{c}"),
            '\n' => quoted.write_str("\\n"),
            '\t' => quoted.write_str("\\t"),
            '\r' => quoted.write_str("\\r"),
            c if is_unsafe(c) => write!(quoted, "\\U{:08X}", u32::from(c)),
            c => quoted.write_char(c),
        };
    }
    quoted.push('"');
    quoted
}

/// A key, quoted only where that is needed.
pub fn key(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { string(text) }
}

/// A line for people.
pub fn comment(text: &str) -> String {
    format!("# {}\n", super::escape::text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["", "a \"b\" \\ c", "tab\tline\n\r\u{0}\u{1b}[0m", "\u{202e}ü🦀", "#'"] {
            let line = format!("{} = {}", key("a.b"), string(text));
            let read = toml::de::DeTable::parse(&line).unwrap();
            assert_eq!(read.get_ref().get("a.b").unwrap().get_ref().as_str(), Some(text));
        }
        assert_eq!((key("a-b_1"), key("a b")), ("a-b_1".to_owned(), "\"a b\"".to_owned()));
    }
}
