//! What a person sees on stderr while something takes longer than a moment. Never in a pipe.

use std::future::Future;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::listing::{grouped, size};
use crate::ports::QueryMonitor;

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
    monitor: Arc<dyn QueryMonitor>,
    bar: Option<ProgressBar>,
    shown: bool,
}

impl QueryProgressBar {
    pub(super) fn new(monitor: Arc<dyn QueryMonitor>) -> Self {
        let bar = std::io::stderr()
            .is_terminal()
            .then(|| bar(0, "{bar:24} {pos} of {len} files, {msg}"));
        Self {
            monitor,
            bar,
            shown: false,
        }
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
        let progress = self.monitor.progress();
        bar.set_length(progress.files_total);
        bar.set_position(progress.files_done);
        bar.set_message(format!(
            "{} read, {} rows scanned",
            size(progress.bytes_read),
            grouped(progress.rows_scanned)
        ));
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
