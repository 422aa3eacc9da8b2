//! Just enough roff: escaped text, `code` in bold, paragraphs, tagged lists, examples.

/// A page as it grows.
pub(crate) struct Page(String);

impl Page {
    /// A page of that section of the manual.
    pub(crate) fn new(name: &str, section: u8, date: &str, version: &str) -> Page {
        let title = escape(&name.to_uppercase());
        Page(format!(
            ".\\\" Made from the definitions in the source by examples/gen; do not edit.\n\
             .TH {title} {section} {date} \"jobq {version}\" \"jobq manual\"\n"
        ))
    }

    pub(crate) fn section(&mut self, title: &str) {
        self.0.push_str(&format!(".SH {}\n", escape(title)));
    }

    pub(crate) fn subsection(&mut self, title: &str) {
        self.0.push_str(&format!(".SS {}\n", escape(title)));
    }

    /// Paragraphs, parted by empty lines.
    pub(crate) fn text(&mut self, text: &str) {
        for (at, paragraph) in text.split("\n\n").enumerate() {
            if at > 0 {
                self.0.push_str(".PP\n");
            }
            self.0.push_str(&marked(&paragraph.split_whitespace().collect::<Vec<_>>().join(" ")));
            self.0.push('\n');
        }
    }

    /// A term (roff already) and what it means.
    pub(crate) fn item(&mut self, term: &str, meaning: &str) {
        self.0.push_str(&format!(".TP\n{term}\n"));
        self.text(meaning);
    }

    /// Lines as they stand.
    pub(crate) fn verbatim<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        self.0.push_str(".RS 4\n.nf\n");
        for line in lines {
            self.0.push_str(&format!("{}\n", escape(line)));
        }
        self.0.push_str(".fi\n.RE\n");
    }

    /// Lines of the synopsis, each starting with the command.
    pub(crate) fn synopsis(&mut self, lines: &[String]) {
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                self.0.push_str(".br\n");
            }
            self.0.push_str(&format!("{}\n", usage(line)));
        }
    }

    /// Roff as it is.
    pub(crate) fn raw(&mut self, roff: &str) {
        self.0.push_str(roff);
        self.0.push('\n');
    }

    pub(crate) fn done(self) -> String {
        self.0
    }
}

/// Text that roff shows as it is.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::new();
    if text.starts_with(['.', '\'']) {
        safe.push_str("\\&");
    }
    for c in text.chars() {
        match c {
            '\\' => safe.push_str("\\e"),
            '-' => safe.push_str("\\-"),
            '\'' => safe.push_str("\\(aq"),
            '`' => safe.push_str("\\(ga"),
            '^' => safe.push_str("\\(ha"),
            '~' => safe.push_str("\\(ti"),
            c if c.is_ascii() => safe.push(c),
            c => safe.push_str(&format!("\\[u{:04X}]", u32::from(c))),
        }
    }
    safe
}

pub(crate) fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escape(text))
}

pub(crate) fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escape(text))
}

/// Escaped text with `code` in bold.
fn marked(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let text: String =
        parts.map(|(at, part)| if at % 2 == 1 { bold(part) } else { escape_inner(part) }).collect();
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

fn escape_inner(part: &str) -> String {
    let safe = escape(part);
    safe.strip_prefix("\\&").map(str::to_owned).unwrap_or(safe)
}

/// A usage line: words of the command bold, the rest as it is, `<VALUES>` italic.
fn usage(line: &str) -> String {
    let mut words = Vec::new();
    let mut in_command = true;
    for word in line.split_whitespace() {
        in_command &= word.bytes().all(|b| b.is_ascii_lowercase());
        words.push(if in_command || word.starts_with('-') {
            bold(word)
        } else {
            escape(word).replace('<', "\\fI").replace('>', "\\fR")
        });
    }
    words.join(" ")
}
