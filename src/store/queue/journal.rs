//! What arrives, what is on the disk, and what is not yet.

use chrono::TimeDelta;

use super::{Kept, QueueDesk, QueueNews, QueueWork, alerts};
use crate::domain::detection::{Detection, Reading};
use crate::domain::lake::plain_statement;
use crate::domain::queue::Act;
use crate::store::effect::{Effect, TimerId};
use crate::store::results::{Origin, RowPlaces};
use crate::store::state::{OBJECT_TABLE, State};
use crate::store::triggers;

/// Detections that wait for the journal to be read.
const MOST_EARLY: usize = 20_000;

/// What may wait for a disk that does not take it.
const MOST_PENDING: usize = 20_000;

/// Events of one batch.
const AT_ONCE: usize = 1_000;

/// Opens the journal. Until it is read, what arrives waits.
pub fn open(state: &mut State) -> Effect {
    state.queue.kept = Kept::Soon;
    Effect::Queue(QueueWork::Open)
}

/// Objects were read: what was found in them joins the queue.
pub(in crate::store) fn read(state: &mut State, readings: Vec<Reading>) -> Vec<Effect> {
    let mut more = 0;
    let contents = readings
        .into_iter()
        .filter_map(|reading| reading.outcome.ok())
        .inspect(|contents| more += contents.more);
    let detections: Vec<Detection> = contents.flat_map(|contents| contents.detections).collect();
    if state.queue.kept == Kept::Soon {
        let queue = &mut state.queue;
        let room = MOST_EARLY.saturating_sub(queue.early.len());
        if detections.len() > room {
            let lost = detections.len() - room;
            state.warn(format!(
                "{lost} detections came before the queue was read and did not find room; \
                 `lakehound detect` finds them again"
            ));
        }
        state.queue.early.extend(detections.into_iter().take(room));
        return Vec::new();
    }
    take_in(state, &detections, more)
}

/// Detections join the queue; so many more of the same objects were not kept.
fn take_in(state: &mut State, detections: &[Detection], more: u64) -> Vec<Effect> {
    if detections.is_empty() {
        return Vec::new();
    }
    let events = state.queue.queue.take_in(detections, state.now);
    let opened = alerts::opened(&events);
    // An object that is read a second time has nothing new, and nothing more either.
    let is_new = !events.is_empty();
    let mut grown = Vec::new();
    for event in events {
        if let Act::Detected(seen) = &event.act {
            let before = state.queue.queue.item(seen.item);
            grown.push((seen.item, before.map_or(0, |item| item.count)));
        }
        state.queue.happens(event);
    }
    if is_new && more > 0 {
        let beyond = Act::Beyond { count: more };
        let event = state.queue.queue.next(beyond, None, state.now);
        state.queue.happens(event);
    }
    let mut effects = triggers::grown(state, &grown);
    effects.extend(alerts::tell(state, &opened));
    effects.extend(wake_for_mutes(state));
    effects
}

/// The journal has something to tell.
pub(in crate::store) fn news(state: &mut State, news: QueueNews) -> Vec<Effect> {
    match news {
        QueueNews::Opened(queue) => {
            state.queue.queue = *queue;
            state.queue.kept = Kept::Yes;
            state.queue.changed();
            let early = std::mem::take(&mut state.queue.early);
            let mut effects = take_in(state, &early, 0);
            effects.extend(alerts::titled(state));
            effects.extend(wake_for_mutes(state));
            effects
        }
        QueueNews::NotOpened(reason) => {
            state.queue.kept = Kept::No;
            state.fail(reason);
            let early = std::mem::take(&mut state.queue.early);
            take_in(state, &early, 0)
        }
        QueueNews::Written { snapshot_due } => {
            let sent = std::mem::take(&mut state.queue.sent);
            let sent = sent.min(state.queue.pending.len());
            state.queue.pending.drain(..sent);
            state.queue.snapshot_due |= snapshot_due;
            Vec::new()
        }
        QueueNews::NotWritten(reason) => {
            // It goes again with what happens next.
            state.queue.sent = 0;
            let waiting = state.queue.pending.len();
            if waiting > MOST_PENDING {
                state.queue.kept = Kept::No;
                state.queue.pending.clear();
                state.fail(format!("{reason}; the queue is not kept any more"));
            } else {
                state.fail(format!(
                    "{reason}; what was done ({waiting}) goes to the disk with what is done next"
                ));
            }
            Vec::new()
        }
        QueueNews::Rows { title, outcome } => match outcome {
            Ok(shown) => {
                if let Some(missing) = shown.missing {
                    state.warn(missing);
                }
                state.open_rows(Origin {
                    attached: vec![(OBJECT_TABLE.to_owned(), shown.path)],
                    places: RowPlaces::of(shown.places),
                    ..Origin::statement(&title, &plain_statement(OBJECT_TABLE))
                })
            }
            Err(reason) => {
                state.warn(format!("the events of {title} cannot be shown: {reason}"));
                Vec::new()
            }
        },
        QueueNews::IsKept(number) => {
            state.queue.asking.push(number);
            Vec::new()
        }
        QueueNews::Watched(Ok(told)) => {
            state.inform(told);
            Vec::new()
        }
        QueueNews::Watched(Err(reason)) => {
            state.fail(reason);
            Vec::new()
        }
    }
}

impl QueueDesk {
    /// What the last event asks of the journal. The last batch before the end does not wait for
    /// the one before it.
    pub(in crate::store) fn take_work(&mut self, is_last: bool, retry: bool) -> Option<QueueWork> {
        if self.kept != Kept::Yes {
            return None;
        }
        if self.sent > 0 && !is_last {
            return None;
        }
        if self.pending.len() > self.sent && (retry || is_last) {
            let most = if is_last { usize::MAX } else { AT_ONCE };
            let batch: Vec<_> = self
                .pending
                .iter()
                .skip(self.sent)
                .take(most)
                .cloned()
                .collect();
            self.sent += batch.len();
            return Some(QueueWork::Append(batch));
        }
        if self.pending.is_empty() && std::mem::take(&mut self.snapshot_due) {
            return Some(QueueWork::Snapshot(Box::new(self.queue.clone())));
        }
        None
    }
}

impl QueueDesk {
    /// Whom to tell that everything is kept, as far as it ever will be.
    pub(in crate::store) fn take_kept(&mut self) -> Vec<u64> {
        match self.kept == Kept::Soon || !self.pending.is_empty() {
            true => Vec::new(),
            false => std::mem::take(&mut self.asking),
        }
    }
}

/// A timer for the moment at which the next mute ends.
pub(super) fn wake_for_mutes(state: &State) -> Option<Effect> {
    let end = state.queue.queue.next_end(state.now)?;
    let after = (end - state.now).max(TimeDelta::zero()) + TimeDelta::milliseconds(1);
    Some(Effect::SetTimer(TimerId::MuteEnds, after.to_std().ok()?))
}

/// A mute has ended by itself: what it hid is in sight again.
pub(in crate::store) fn mute_ended(state: &mut State) -> Vec<Effect> {
    state.queue.changed();
    wake_for_mutes(state).into_iter().collect()
}
