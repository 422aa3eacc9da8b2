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

fn terminal_width(stream: impl std::os::fd::AsFd) -> Option<usize> {
    // Fails where the stream is no terminal; a size of 0 means that nobody knows.
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}
