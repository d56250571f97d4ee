//! When to draw: at most one frame in 16 ms, none when nothing changed, and no clock running
//! while nothing is to be drawn.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two frames.
pub(super) const FRAME_INTERVAL: Duration = Duration::from_millis(16);

/// Decides when the next frame is due.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    dirty: bool,
    last: Option<Instant>,
}

impl Pacer {
    /// Something changed.
    pub(super) fn mark(&mut self) {
        self.dirty = true;
    }

    /// When the next frame is due; `None` while nothing changed.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        self.dirty.then(|| {
            self.last
                .map_or(now, |last| (last + FRAME_INTERVAL).max(now))
        })
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        self.dirty = false;
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn frames_keep_their_distance_and_rest_when_nothing_changes() {
        let mut pacer = Pacer::default();
        let start = Instant::now();
        assert_eq!(pacer.due(start), None);
        pacer.mark();
        assert_eq!(pacer.due(start), Some(start));
        pacer.drawn(start);
        assert_eq!(pacer.due(start), None);
        pacer.mark();
        assert_eq!(pacer.due(start), Some(start + FRAME_INTERVAL));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(pacer.due(Instant::now()), Some(Instant::now()));
    }
}
