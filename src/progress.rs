//! Progress on stderr: a bar for a single process in a terminal, an occasional plain line in a
//! batch job's log.
//!
//! Under a launcher every rank's stderr is a pipe and a carriage return would be noise, so `auto`
//! never draws there.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::job::run::{self, Callback};
use crate::report::record::words;
use crate::stderr;

words! {
    /// What is shown on stderr while the job runs.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Mode {
        /// A bar where a person started one process in a terminal, plain lines under a launcher
        #[default]
        Auto = "auto",
        /// A bar that moves
        Bar = "bar",
        /// One line every 10 seconds
        Plain = "plain",
        /// Nothing
        None = "none",
    }
}

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Nothing is drawn before this: a short run needs no bar.
const BAR_AFTER: Duration = Duration::from_millis(500);
/// Time between two drawings of the bar.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// The callback for the engine's progress; `None` if none is wanted. `forwarded`: a launcher
/// forwards the output to the user.
pub fn shown(mode: Mode, forwarded: bool) -> Option<Callback<run::Progress>> {
    if mode == Mode::None {
        return None;
    }
    // One for each job of the command.
    let current = Mutex::new(None::<Progress>);
    Some(Callback::new(move |run::Progress { done, of, is_over }| {
        let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = current.get_or_insert_with(|| Progress::new(mode, forwarded, of));
        progress.update(done, Instant::now());
        if is_over {
            progress.finish();
            *current = None;
        }
    }))
}

/// Shows the progress of a job.
#[derive(Debug)]
struct Progress {
    begun: Instant,
    shown: Instant,
    blocks: u64,
    bar: Option<ProgressBar>,
    plain: bool,
}

impl Progress {
    /// Progress of a job of `blocks` blocks; `forwarded`: a launcher forwards the output to the
    /// user.
    fn new(mode: Mode, forwarded: bool, blocks: u64) -> Progress {
        let terminal = !forwarded && std::io::stderr().is_terminal();
        let bar = (mode == Mode::Bar || mode == Mode::Auto && terminal).then(|| {
            let bar = ProgressBar::with_draw_target(Some(blocks), ProgressDrawTarget::stderr());
            match ProgressStyle::with_template("{percent:>3} % [{bar:40}] {elapsed} gone, {eta} left") {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            }
        });
        let plain = mode == Mode::Plain || mode == Mode::Auto && !terminal;
        let now = Instant::now();
        Progress { begun: now, shown: now, blocks, bar, plain }
    }

    /// `done` blocks are done. Cheap to call often.
    fn update(&mut self, done: u64, now: Instant) {
        let since = now.saturating_duration_since(self.shown);
        if let Some(bar) = &self.bar {
            if since >= DRAW_EVERY && now.saturating_duration_since(self.begun) >= BAR_AFTER {
                self.shown = now;
                bar.set_position(done);
            }
        } else if self.plain && since >= LINE_EVERY {
            self.shown = now;
            stderr::message(&line(done, self.blocks, now.saturating_duration_since(self.begun)));
        }
    }

    /// Removes the bar.
    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// One plain line.
fn line(done: u64, blocks: u64, elapsed: Duration) -> String {
    let share = done as f64 / blocks.max(1) as f64;
    let mut line = format!("{:.1} % ({done} of {blocks} blocks) after {} s", 100.0 * share, elapsed.as_secs());
    if share > 0.0 {
        line += &format!(", about {:.0} s left", elapsed.as_secs_f64() * (1.0 - share) / share);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_and_how_long() {
        assert_eq!(line(250, 1000, Duration::from_secs(10)), "25.0 % (250 of 1000 blocks) after 10 s, about 30 s left");
        assert_eq!(line(0, 1000, Duration::from_secs(10)), "0.0 % (0 of 1000 blocks) after 10 s");
    }
}
