//! What a person sees on stderr while something takes longer than a moment. Never in a pipe.

use std::future::Future;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::listing::{grouped, size};
use crate::domain::query::{QueryProgress, Stage};
use crate::ports::{QueryMonitor, RunControl};

/// Before this, nothing is shown: what is quick needs no progress.
const MOMENT: Duration = Duration::from_millis(200);

/// How often the numbers change.
const BEAT: Duration = Duration::from_millis(100);

/// A bar on stderr where that is a terminal, else nothing.
pub(super) fn bar(length: u64, style: &str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(10)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The counts of a running query, from the moment on that it takes long until its first rows.
pub(super) struct QueryProgressBar {
    control: RunControl,
    /// From its first row on.
    monitor: Option<Arc<dyn QueryMonitor>>,
    bar: Option<ProgressBar>,
    shown: bool,
}

impl QueryProgressBar {
    /// Shows a run that has no rows yet.
    pub(super) fn new(control: RunControl) -> Self {
        let bar = std::io::stderr()
            .is_terminal()
            .then(|| bar(0, "{spinner} {msg}"));
        Self {
            control,
            monitor: None,
            bar,
            shown: false,
        }
    }

    /// Shows what the run's monitor tells from now on.
    pub(super) fn follow(&mut self, monitor: Arc<dyn QueryMonitor>) {
        self.monitor = Some(monitor);
    }

    /// Waits for something of the query, and shows how far it is while that takes long.
    pub(super) async fn watch<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            let pause = if self.shown { BEAT } else { MOMENT };
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(pause), if self.bar.is_some() => self.show(),
            }
        }
    }

    fn show(&mut self) {
        let Some(bar) = &self.bar else { return };
        self.shown = true;
        let waiting = || self.control.waiting();
        let progress = self.monitor.as_ref().map_or_else(waiting, |m| m.progress());
        bar.set_message(words(&progress));
        bar.tick();
    }

    /// Takes the bar off the terminal: rows come now, and may come on the same screen.
    pub(super) fn hide(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for QueryProgressBar {
    fn drop(&mut self) {
        self.hide();
    }
}

/// What a run is doing, with a number in it where there is one.
fn words(progress: &QueryProgress) -> String {
    match progress.stage {
        Stage::Planning if progress.requests > 0 => format!(
            "looking for objects, {} requests, {} fetched",
            grouped(progress.requests),
            size(progress.bytes_fetched)
        ),
        Stage::Planning => "planning".to_owned(),
        Stage::Waiting => "waiting: the account runs as many queries as it may".to_owned(),
        Stage::Queued => "queued".to_owned(),
        Stage::Running if progress.files_total == 0 => {
            format!("running, {} scanned", size(progress.bytes_read))
        }
        Stage::Running if progress.requests > 0 => format!(
            "{} of {} objects, {} fetched by {} requests, {} rows scanned",
            grouped(progress.files_done),
            grouped(progress.files_total),
            size(progress.bytes_fetched),
            grouped(progress.requests),
            grouped(progress.rows_scanned)
        ),
        Stage::Running => format!(
            "{} of {} files, {} read, {} rows scanned",
            grouped(progress.files_done),
            grouped(progress.files_total),
            size(progress.bytes_read),
            grouped(progress.rows_scanned)
        ),
        Stage::Fetching => format!(
            "{} scanned, {} fetched, {} rows",
            size(progress.bytes_read),
            size(progress.bytes_fetched),
            grouped(progress.rows_out)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_says_what_is_waited_for() {
        let at = |stage| QueryProgress {
            stage,
            bytes_read: 12_000_000,
            rows_out: 7,
            ..QueryProgress::default()
        };
        assert_eq!(words(&at(Stage::Queued)), "queued");
        assert_eq!(words(&at(Stage::Running)), "running, 12.0 MB scanned");
        assert!(words(&at(Stage::Fetching)).ends_with("7 rows"));
        let local = QueryProgress {
            files_total: 3,
            files_done: 1,
            ..at(Stage::Running)
        };
        assert!(words(&local).starts_with("1 of 3 files"));
        let direct = QueryProgress {
            bytes_fetched: 5_000,
            requests: 12,
            ..local
        };
        assert!(words(&direct).starts_with("1 of 3 objects, 5.0 kB fetched by 12 requests"));
        let looking = QueryProgress {
            stage: Stage::Planning,
            ..direct
        };
        assert!(words(&looking).contains("12 requests"));
    }
}
