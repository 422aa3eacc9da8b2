//! The parts of an entry.

/// An entry taken apart.
pub(super) struct Parts<'a> {
    pub(super) times: &'a [u8],
    pub(super) user: Option<&'a [u8]>,
    pub(super) command: &'a [u8],
}

pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = &text[text.iter().take_while(|byte| is_blank(**byte)).count()..];
    text.split_at(text.iter().position(|byte| is_blank(*byte)).unwrap_or(text.len()))
}

fn unindented(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| is_blank(**byte)).count()..]
}

/// Takes a line apart: five words of times or a nickname, the user where there is one, and
/// all the rest.
pub(super) fn split(line: &[u8], user_field: bool) -> Result<Parts<'_>, String> {
    let words = if line.starts_with(b"@") { 1 } else { 5 };
    let mut rest = line;
    for count in 0..words {
        let (found, after) = word(rest);
        if found.is_empty() {
            return Err(match count {
                1.. if line.contains(&b'=') => "this is neither NAME=value nor an entry".to_owned(),
                _ => "an entry has five times and a command".to_owned(),
            });
        }
        rest = after;
    }
    let times = &line[..line.len() - rest.len()];
    let (user, rest) = match user_field {
        true => {
            let (user, rest) = word(rest);
            if user.is_empty() {
                return Err("the user and the command are missing".to_owned());
            }
            (Some(user), rest)
        }
        false => (None, rest),
    };
    Ok(Parts { times, user, command: unindented(rest) })
}

/// The script, and the standard input behind the first `%` that is not escaped by a
/// backslash. `\%` is a `%`; in the input any other is a newline, and a newline ends it.
pub(super) fn percent(command: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut script = Vec::with_capacity(command.len());
    let mut escaped = false;
    for (at, byte) in command.iter().enumerate() {
        match byte {
            b'%' if escaped => {
                script.pop();
                script.push(b'%');
            }
            b'%' => return (script, input(&command[at + 1..])),
            byte => script.push(*byte),
        }
        escaped = *byte == b'\\' && !escaped;
    }
    (script, None)
}

/// Here a backslash before a `%` counts also where another backslash is before it.
fn input(text: &[u8]) -> Option<Vec<u8>> {
    let mut input = Vec::with_capacity(text.len() + 1);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'%' if at > 0 && text[at - 1] == b'\\' => {
                input.pop();
                input.push(b'%');
            }
            b'%' => input.push(b'\n'),
            byte => input.push(*byte),
        }
    }
    if !input.ends_with(b"\n") {
        input.push(b'\n');
    }
    (!text.is_empty()).then_some(input)
}
