//! The bar of a wait for several jobs.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr, or nothing where none is welcome.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar over `total` jobs; shown only if `welcome` ([`super::out::Out::wants_bar`]).
    pub fn new(total: u64, welcome: bool) -> Bar {
        Bar::styled(Some(total), welcome, "{bar:30.cyan} {pos}/{len}  {wide_msg}  {elapsed}")
    }

    /// A number that grows, of nobody knows how many.
    pub fn counting(what: &'static str, welcome: bool) -> Bar {
        let bar = Bar::styled(None, welcome, "{spinner:.cyan} {pos} {wide_msg}  {elapsed}");
        bar.0.set_message(what);
        bar
    }

    fn styled(total: Option<u64>, welcome: bool, template: &str) -> Bar {
        let target = if welcome { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(total, target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        if welcome {
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        Bar(bar)
    }

    /// Shows that `ended` jobs have ended, `failed` of them without success, and that
    /// `running` others run.
    pub fn show(&self, ended: u64, failed: u64, running: u64) {
        self.0.set_position(ended);
        self.0.set_message(message(failed, running));
    }

    /// Shows that so many have been dealt with.
    pub fn reach(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Removes the bar; words and exit codes say the rest.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

fn message(failed: u64, running: u64) -> String {
    let parts = [(running, "running"), (failed, "failed")];
    let said =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_is_not_welcome_stays_silent() {
        let bar = Bar::new(3, false);
        bar.show(1, 1, 2);
        assert!(bar.0.is_hidden());
        bar.clear();
        assert_eq!(message(1, 2), "2 running, 1 failed");
        assert_eq!(message(0, 0), "");
    }
}
