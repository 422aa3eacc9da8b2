//! Commands as people would type them.

use std::fmt::Write as _;

use crate::core::bytes::Bytes;

use super::escape::is_unsafe;

/// `argv` as one line of shell: `sh -c 'echo hi'`. Pasted into bash it gives the same words;
/// what a terminal must not see is written as `$'\x1b'`.
pub fn command(argv: &[Bytes]) -> String {
    argv.iter().map(|word| quote(&word.0)).collect::<Vec<_>>().join(" ")
}

/// One word, quoted only where that is needed.
pub fn quote(word: &[u8]) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(b);
    match std::str::from_utf8(word) {
        Ok(text) if !text.is_empty() && word.iter().all(plain) => text.to_owned(),
        Ok(text) if !text.contains(is_unsafe) => format!("'{}'", text.replace('\'', "'\\''")),
        _ => ansi_c(word),
    }
}

/// The `$'…'` form of bash, zsh and ksh, for what no other quotes can show.
fn ansi_c(word: &[u8]) -> String {
    let mut quoted = String::from("$'");
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            let _ = match c {
                '\n' => quoted.write_str("\\n"),
                '\t' => quoted.write_str("\\t"),
                '\r' => quoted.write_str("\\r"),
                '\'' | '\\' => write!(quoted, "\\{c}"),
                c if !is_unsafe(c) => quoted.write_char(c),
                c if c.is_ascii() => write!(quoted, "\\x{:02x}", u32::from(c)),
                // Always all digits: a digit that follows must not become part of it.
                c => write!(quoted, "\\U{:08x}", u32::from(c)),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_quoted_where_needed() {
        let argv = ["sh", "-c", "echo hi", "", "it's", "$HOME", "a=b", "--x=/y"];
        let argv: Vec<Bytes> = argv.iter().map(|word| Bytes::from(*word)).collect();
        assert_eq!(command(&argv), "sh -c 'echo hi' '' 'it'\\''s' '$HOME' a=b --x=/y");
        assert_eq!(quote(b"a\nb'\\"), "$'a\\nb\\'\\\\'");
        assert_eq!(quote(b"\x1b[0m\xff"), "$'\\x1b[0m\\xff'");
        assert_eq!(quote("\u{202e}1".as_bytes()), "$'\\U0000202e1'");
    }

    proptest! {
        #[test]
        fn a_quoted_word_is_safe_to_show(word in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(!quote(&word).contains(is_unsafe));
        }
    }
}
