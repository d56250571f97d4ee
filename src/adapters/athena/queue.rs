//! How many runs of ours are at work on Athena at once: as many as the account lets.
//!
//! The account's limit is not told by any call that a reader may make, it differs by Region, and
//! other people run queries too. So it is learnt: every refusal for want of room takes the limit
//! down to three quarters of what is at work, every run that ends without one raises it again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How many may be at work as long as nothing was refused: the least quota of any Region.
const AT_FIRST: f64 = 20.0;

/// The most that are ever at work.
const AT_MOST: f64 = 200.0;

/// The queue. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    at_work: usize,
    limit: f64,
}

impl Queue {
    /// A queue that nothing stands in.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                at_work: 0,
                limit: AT_FIRST,
            }),
            freed: Notify::new(),
        })
    }

    /// Waits until there is room. `waiting` is called once where it has to wait.
    pub(super) async fn enter(self: &Arc<Self>, waiting: impl FnOnce()) -> Slot {
        let mut waiting = Some(waiting);
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // Registered before looking, so that no end is missed between the two.
            freed.as_mut().enable();
            if let Some(slot) = self.try_enter() {
                return slot;
            }
            if let Some(waiting) = waiting.take() {
                waiting();
            }
            freed.await;
        }
    }

    /// A place for a run that is at work already, whether or not there is room.
    pub(super) fn join(self: &Arc<Self>) -> Slot {
        self.state().at_work += 1;
        Slot {
            queue: Arc::clone(self),
            refused: false,
        }
    }

    fn try_enter(self: &Arc<Self>) -> Option<Slot> {
        let mut state = self.state();
        #[allow(clippy::cast_precision_loss, reason = "at most a few hundred")]
        let room = (state.at_work as f64) < state.limit.floor();
        if !room {
            return None;
        }
        state.at_work += 1;
        Some(Slot {
            queue: Arc::clone(self),
            refused: false,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place at work, given back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    queue: Arc<Queue>,
    refused: bool,
}

impl Slot {
    /// The account has no room for the run that holds this place: fewer go to work from now on.
    /// The run keeps its place, and is the next to try.
    pub(super) fn refuse(&mut self) {
        self.refused = true;
        let mut state = self.queue.state();
        #[allow(clippy::cast_precision_loss, reason = "at most a few hundred")]
        let others = state.at_work.saturating_sub(1) as f64;
        state.limit = (others * 0.75).max(1.0).min(state.limit);
    }

    /// The run was let in.
    pub(super) fn accepted(&mut self) {
        self.refused = false;
    }

    /// Resolves when another run of ours ends.
    pub(super) async fn another_ends(&self) {
        self.queue.freed.notified().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.at_work = state.at_work.saturating_sub(1);
        if !self.refused {
            state.limit = (state.limit + 1.0 / state.limit).min(AT_MOST);
        }
        drop(state);
        self.queue.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn full(queue: &Arc<Queue>) -> Vec<Slot> {
        let mut slots = Vec::new();
        while let Some(slot) = queue.try_enter() {
            slots.push(slot);
        }
        slots
    }

    #[test]
    fn a_refusal_lowers_the_limit_and_ends_raise_it_again() {
        let queue = Queue::new();
        let mut slots = full(&queue);
        assert_eq!(slots.len(), 20);
        slots.truncate(5);
        slots[4].refuse();
        drop(slots);
        // Three quarters of four, and one raised by the four that ended well.
        assert_eq!(full(&queue).len(), 4);
        for _ in 0..100 {
            drop(full(&queue));
        }
        assert!(full(&queue).len() > 10);
    }

    #[test]
    fn one_is_always_let_in() {
        let queue = Queue::new();
        for _ in 0..10 {
            let mut slot = queue.join();
            slot.refuse();
        }
        assert_eq!(full(&queue).len(), 1);
    }

    #[tokio::test]
    async fn who_waits_goes_in_when_another_ends() {
        let queue = Queue::new();
        let mut slots = full(&queue);
        let mut told = false;
        {
            let entering = queue.enter(|| told = true);
            tokio::pin!(entering);
            assert!(entering.as_mut().now_or_never().is_none());
            slots.pop();
            let slot = entering.await;
            assert!(!slot.refused);
        }
        assert!(told);
    }
}
