//! The feed's state: notifications newest first, a filter, follow and pause.

pub mod sources;
mod update;

use std::collections::{HashSet, VecDeque};

pub use sources::SourcesPage;
pub use update::update;

use crate::domain::detection::Reading;
use crate::domain::lake::{Arrival, SourceNews};

/// Notifications kept in the pane; older ones are in the lake.
pub const CAPACITY: usize = 10_000;

/// The feed.
#[derive(Debug, Default)]
pub struct Feed {
    /// Newest first.
    entries: VecDeque<Arrival>,
    /// Arrived while paused, oldest first.
    held: VecDeque<Arrival>,
    /// Seen before, by identity.
    known: HashSet<(String, String, Option<String>)>,
    /// Positions in `entries` that the filter lets through, newest first.
    visible: Vec<usize>,
    /// The filter, lower case; empty lets everything through.
    filter: String,
    /// The selected line of `visible`.
    pub selected: usize,
    /// The first line on the screen.
    top: usize,
    /// Keep the newest in sight.
    pub follow: bool,
    /// Hold back what arrives.
    pub paused: bool,
    /// The sources by name.
    pub sources: Vec<SourceNews>,
    /// The names of those that a person has switched off.
    pub switched_off: HashSet<String>,
    /// Whether the demo lake goes on.
    pub demo_live: bool,
}

impl Feed {
    /// An empty feed that follows.
    pub fn new() -> Self {
        Self {
            follow: true,
            ..Self::default()
        }
    }

    /// Takes arrivals, oldest first. An object that is already known is passed over: delivery is
    /// at least once.
    pub fn take(&mut self, arrivals: Vec<Arrival>) {
        for arrival in arrivals {
            let (bucket, key, mark) = arrival.notification.identity();
            let identity = (bucket.to_owned(), key.to_owned(), mark.map(str::to_owned));
            if !self.known.insert(identity) {
                continue;
            }
            if self.paused {
                self.held.push_back(arrival);
            } else {
                self.push(arrival);
            }
        }
        self.trim();
        self.refilter();
    }

    /// Takes what reading the objects found: their counts of events, or why there is none.
    pub fn read(&mut self, readings: &[Reading]) {
        for reading in readings {
            let of_object = self
                .entries
                .iter_mut()
                .chain(&mut self.held)
                .find(|arrival| {
                    arrival.notification.bucket == reading.object.bucket
                        && arrival.notification.key.key == reading.object.key
                });
            if let Some(arrival) = of_object {
                arrival.events = Some(match &reading.outcome {
                    Ok(contents) => Ok(contents.events),
                    Err(unreadable) => Err(unreadable.cause.clone()),
                });
            }
        }
    }

    fn push(&mut self, arrival: Arrival) {
        self.entries.push_front(arrival);
        if !self.follow {
            // The selection stays on its notification while newer ones come in above.
            self.selected += 1;
            self.top += 1;
        }
    }

    fn trim(&mut self) {
        while self.entries.len() > CAPACITY {
            if let Some(old) = self.entries.pop_back() {
                let (bucket, key, mark) = old.notification.identity();
                self.known
                    .remove(&(bucket.to_owned(), key.to_owned(), mark.map(str::to_owned)));
            }
        }
        while self.held.len() > CAPACITY {
            self.held.pop_front();
        }
    }

    /// Lets in what was held back.
    pub fn resume(&mut self) {
        self.paused = false;
        while let Some(arrival) = self.held.pop_front() {
            self.push(arrival);
        }
        self.trim();
        self.refilter();
    }

    /// Shows only what contains the text in its key, bucket, account or Region.
    pub fn set_filter(&mut self, text: &str) {
        self.filter = text.to_lowercase();
        self.selected = 0;
        self.top = 0;
        self.refilter();
    }

    /// The filter in force.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    fn refilter(&mut self) {
        let filter = &self.filter;
        let passes = |arrival: &Arrival| {
            filter.is_empty()
                || arrival.notification.key.key.to_lowercase().contains(filter)
                || arrival.notification.bucket.to_lowercase().contains(filter)
        };
        self.visible = (0..self.entries.len())
            .filter(|at| passes(&self.entries[*at]))
            .collect();
        self.selected = self.selected.min(self.visible.len().saturating_sub(1));
    }

    /// Lines that the filter lets through.
    pub fn len(&self) -> usize {
        self.visible.len()
    }

    /// Whether no line is shown.
    pub fn is_empty(&self) -> bool {
        self.visible.is_empty()
    }

    /// Notifications in the pane, shown or not.
    pub fn total(&self) -> usize {
        self.entries.len()
    }

    /// Notifications held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The first line in sight of so many: the selected one stays in sight.
    pub fn first_in_sight(&self, rows: usize) -> usize {
        let rows = rows.max(1);
        self.top
            .clamp((self.selected + 1).saturating_sub(rows), self.selected)
    }

    /// The notification of a shown line.
    pub fn line(&self, at: usize) -> Option<&Arrival> {
        self.entries.get(*self.visible.get(at)?)
    }

    /// Every notification, those held back included.
    pub fn arrivals(&self) -> impl Iterator<Item = &Arrival> {
        self.entries.iter().chain(&self.held)
    }

    /// The selected notification.
    pub fn selection(&self) -> Option<&Arrival> {
        self.line(self.selected)
    }
}

#[cfg(test)]
pub(crate) mod tests;
