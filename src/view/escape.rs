//! Text from jobs and users, made safe for a terminal.
//!
//! What could move the cursor, recolour the screen, reorder the line or hide in it becomes a
//! visible escape: `\x1b`, `\u{202e}`, `\n`. Bytes that are not UTF-8 become `\xff`, so raw
//! 8-bit C1 controls never arrive either. A backslash stays as it is: this is for reading,
//! not for reversing; machines have `--json` and `--stdout`.

use std::fmt::Write as _;

/// `bytes` as one line.
pub fn line(bytes: &[u8]) -> String {
    escaped(bytes, |_| false)
}

/// `text` as one line.
pub fn text(text: &str) -> String {
    line(text.as_bytes())
}

/// `bytes` as lines: newlines and tabs stay, CR LF counts as a newline.
pub fn block(bytes: &[u8]) -> String {
    let mut unix = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            unix.push(*byte);
        }
    }
    escaped(&unix, |c| matches!(c, '\n' | '\t'))
}

fn escaped(bytes: &[u8], keep: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if keep(c) || !is_unsafe(c) {
                safe.push(c);
            } else {
                push_escape(&mut safe, c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(safe, "\\x{byte:02x}");
        }
    }
    safe
}

fn push_escape(safe: &mut String, c: char) {
    let _ = match c {
        '\n' => safe.write_str("\\n"),
        '\t' => safe.write_str("\\t"),
        '\r' => safe.write_str("\\r"),
        c if c.is_ascii() => write!(safe, "\\x{:02x}", u32::from(c)),
        c => write!(safe, "\\u{{{:x}}}", u32::from(c)),
    };
}

/// Whether a character may not reach a terminal as itself: controls, what changes the
/// direction of text, and what cannot be seen. Emoji and text variation selectors may.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5
            | 0x180b..=0x180f
            | 0x200b..=0x200f
            | 0x2028..=0x202e
            | 0x2060..=0x206f
            | 0x3164
            | 0xfe00..=0xfe0d
            | 0xfeff
            | 0xffa0
            | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_moves_hides_or_reorders_is_shown() {
        assert_eq!(line(b"\x1b[2Jhi\x07"), "\\x1b[2Jhi\\x07");
        assert_eq!(line(b"a\nb\tc\r\0\x7f"), "a\\nb\\tc\\r\\x00\\x7f");
        assert_eq!(text("\u{202e}fdp.exe"), "\\u{202e}fdp.exe");
        assert_eq!(text("a\u{9b}31m\u{200b}b\u{feff}"), "a\\u{9b}31m\\u{200b}b\\u{feff}");
        assert_eq!(line(b"\x9b31m \xff\xc3"), "\\x9b31m \\xff\\xc3");
        assert_eq!(text("grüße ❤\u{fe0f} \\n 日本"), "grüße ❤\u{fe0f} \\n 日本");
    }

    #[test]
    fn blocks_keep_their_lines() {
        assert_eq!(block(b"one\r\n\ttwo\rthree\x1b\n"), "one\n\ttwo\\rthree\\x1b\n");
    }

    proptest! {
        #[test]
        fn nothing_unsafe_comes_out(
            raw in proptest::collection::vec(any::<u8>(), 0..200),
            wide in proptest::collection::vec(any::<char>(), 0..50),
            low in proptest::collection::vec(0u32..0x3000, 0..50),
        ) {
            let mut bytes = raw;
            bytes.extend(wide.iter().collect::<String>().bytes());
            bytes.extend(low.into_iter().filter_map(char::from_u32).collect::<String>().bytes());
            prop_assert!(!line(&bytes).chars().any(is_unsafe));
            let kept = block(&bytes);
            prop_assert!(!kept.chars().any(|c| is_unsafe(c) && c != '\n' && c != '\t'));
        }
    }
}
