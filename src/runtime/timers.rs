//! Timers that the store has set. Nothing ticks: the loop sleeps until the earliest one.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::effect::TimerId;

/// Timers that have not run out, at most one of each name.
#[derive(Debug, Default)]
pub(super) struct Timers {
    set: Vec<(TimerId, Instant)>,
}

impl Timers {
    /// Sets a timer; one of the same name is put off.
    pub(super) fn set(&mut self, id: TimerId, after: Duration) {
        self.set.retain(|(other, _)| *other != id);
        self.set.push((id, Instant::now() + after));
    }

    /// When the earliest one runs out.
    pub(super) fn next(&self) -> Option<Instant> {
        self.set.iter().map(|(_, at)| *at).min()
    }

    /// Takes a timer that has run out.
    pub(super) fn take_due(&mut self) -> Option<TimerId> {
        let now = Instant::now();
        let at = self.set.iter().position(|(_, due)| *due <= now)?;
        Some(self.set.swap_remove(at).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_timer_set_again_is_put_off() {
        let mut timers = Timers::default();
        timers.set(TimerId::SaveSession, Duration::from_millis(10));
        tokio::time::advance(Duration::from_millis(8)).await;
        timers.set(TimerId::SaveSession, Duration::from_millis(10));
        tokio::time::advance(Duration::from_millis(8)).await;
        assert_eq!(timers.take_due(), None);
        tokio::time::advance(Duration::from_millis(2)).await;
        assert_eq!(timers.take_due(), Some(TimerId::SaveSession));
        assert_eq!((timers.take_due(), timers.next()), (None, None));
    }
}
