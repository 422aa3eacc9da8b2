//! The one writer. Data goes to stdout, words to stderr; a reader that went away is an
//! ordinary end, never a panic.

use std::io::{self, IsTerminal as _, Write as _};

use super::problem::Problem;
use super::style::{BAD, DIM, Look, WARN};
use crate::core::when::LocalZone;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` or `TERM=dumb` speak against it.
    #[default]
    Auto,
    /// Also into pipes.
    Always,
    /// Not at all.
    Never,
}

/// What was asked for on the command line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// `--color`.
    pub color: Color,
    /// `--quiet`: no words but errors.
    pub quiet: bool,
    /// `-v`: how much more to say.
    pub verbose: u8,
    /// `--json`: errors too.
    pub json: bool,
}

/// stdout and stderr of one command.
#[derive(Debug, Clone)]
pub struct Out {
    manner: Manner,
    stdout: Look,
    stderr: Look,
}

impl Out {
    /// Looks at the two streams once. Instants are shown in `zone`.
    pub fn new(manner: Manner, zone: &LocalZone) -> Out {
        let stdout = Look {
            color: wants_color(manner.color, &io::stdout()),
            width: terminal_width(io::stdout()),
            zone: zone.clone(),
        };
        let stderr = Look {
            color: wants_color(manner.color, &io::stderr()),
            width: terminal_width(io::stderr()),
            zone: zone.clone(),
        };
        Out { manner, stdout, stderr }
    }

    /// How texts for stdout are to look.
    pub fn look(&self) -> &Look {
        &self.stdout
    }

    /// How texts for stderr are to look.
    pub fn stderr_look(&self) -> &Look {
        &self.stderr
    }

    /// Writes one line of a log to stderr.
    pub fn log(&self, line: &str) {
        self.word(line);
    }

    /// Whether stdout is a terminal.
    pub fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether a progress bar is welcome: a terminal on stderr, neither `--json` nor `--quiet`.
    pub fn wants_bar(&self) -> bool {
        io::stderr().is_terminal() && !self.manner.json && !self.manner.quiet
    }

    /// Writes `text` to stdout as it is, and flushes.
    ///
    /// # Errors
    /// As the system reports it; see [`is_closed`].
    pub fn data(&self, text: &str) -> io::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Writes raw bytes to stdout, and flushes.
    ///
    /// # Errors
    /// As the system reports it; see [`is_closed`].
    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Writes raw bytes of a job to stderr.
    ///
    /// # Errors
    /// As the system reports it; see [`is_closed`].
    pub fn err_bytes(&self, bytes: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(bytes)
    }

    /// Says one line on stderr, unless quiet. Nobody listening is no failure.
    pub fn say(&self, text: &str) {
        if !self.manner.quiet {
            self.word(&format!("{text}\n"));
        }
    }

    /// Puts a question on stderr; the answer is typed behind it.
    pub fn ask(&self, question: &str) {
        self.word(question);
    }

    /// Says what somebody should know: `jobq: text`, unless quiet.
    pub fn warn(&self, text: &str) {
        let text = super::escape::text(text);
        self.say(&format!("{} {text}", self.stderr.paint(WARN, "jobq:")));
    }

    /// Says one line with `-v` (level 1), `-vv` (level 2) and so on.
    pub fn detail(&self, level: u8, text: &str) {
        if self.manner.verbose >= level {
            self.say(&self.stderr.paint(DIM, &super::escape::text(text)));
        }
    }

    /// Tells a problem on stderr, as JSON where that was asked for; `--quiet` does not hide it.
    pub fn problem(&self, problem: &Problem) {
        let text = if self.manner.json { problem.json() } else { problem.text(&self.stderr) };
        self.word(&text);
    }

    fn word(&self, text: &str) {
        // When even stderr is gone there is nobody left to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// What `--watch` shows: one reading after the other. A terminal is drawn anew each time; into
/// a pipe they go one below the other.
pub struct Frame<'a> {
    out: &'a Out,
    head: String,
    first: bool,
}

impl Frame<'_> {
    /// A frame that says how often it is drawn.
    pub fn new<'a>(out: &'a Out, every: &str) -> Frame<'a> {
        let head = out.stdout.paint(DIM, &format!("every {every}; Ctrl-C ends"));
        Frame { out, head, first: true }
    }

    /// Shows the next reading.
    ///
    /// # Errors
    /// As the system reports it; see [`is_closed`].
    pub fn draw(&mut self, text: &str) -> io::Result<()> {
        let first = std::mem::replace(&mut self.first, false);
        if !self.out.is_terminal() {
            let between = if first || self.out.manner.json || text.is_empty() { "" } else { "\n" };
            return self.out.data(&format!("{between}{text}"));
        }
        // What does not fit would scroll, and the next picture would be drawn over its end.
        let rows = terminal_rows().unwrap_or(usize::MAX);
        let lines: Vec<&str> = text.lines().collect();
        let room = rows.saturating_sub(2).max(1);
        let mut screen = String::from(if first { "\x1b[2J\x1b[H" } else { "\x1b[H" });
        screen.push_str(&format!("{}\x1b[K\n", self.head));
        for line in lines.iter().take(if lines.len() > room { room - 1 } else { room }) {
            screen.push_str(&format!("{line}\x1b[K\n"));
        }
        if lines.len() > room {
            let more = format!("… {} more lines", lines.len() - (room - 1));
            screen.push_str(&format!("{}\x1b[K\n", self.out.stdout.paint(DIM, &more)));
        }
        screen.push_str("\x1b[J");
        self.out.data(&screen)
    }

    /// Shows what keeps the next reading away.
    ///
    /// # Errors
    /// As the system reports it; see [`is_closed`].
    pub fn trouble(&mut self, problem: &Problem) -> io::Result<()> {
        if self.out.is_terminal() {
            return self.draw(&problem.text(&self.out.stdout));
        }
        self.out.problem(problem);
        Ok(())
    }
}

/// Tells on stderr what is wrong with the words typed. They are quoted in it, and may have
/// come from a job.
///
/// # Errors
/// As the system reports it; see [`is_closed`].
pub fn usage(text: &str) -> io::Result<()> {
    let look = Look { color: wants_color(Color::Auto, &io::stderr()), ..Look::plain() };
    let safe = super::escape::block(text.as_bytes());
    let told = match safe.strip_prefix("error:") {
        Some(rest) => format!("{}{rest}", look.paint(BAD.bold(), "error:")),
        None => safe,
    };
    io::stderr().lock().write_all(told.as_bytes())
}

/// Whether a write failed only because its reader went away. The command then ends quietly
/// with 141, as one killed by SIGPIPE would.
pub fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

fn wants_color<S: anstream::stream::RawStream>(color: Color, stream: &S) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !matches!(anstream::AutoStream::choice(stream), anstream::ColorChoice::Never),
    }
}

fn terminal_rows() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_row > 0).then_some(usize::from(size.ws_row))
}

fn terminal_width(stream: impl std::os::fd::AsFd) -> Option<usize> {
    // Fails where the stream is no terminal; a size of 0 means that nobody knows.
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}
