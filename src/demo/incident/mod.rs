//! What is hidden in a demo lake: a plot plants events among those of the background and knows
//! who took part.

mod theft;

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::dice::Dice;
use super::plan::Stream;
use super::rows::Event;
use super::scenario::StolenObject;
use super::world::World;

/// The names of all scenarios, the default one first.
pub const SCENARIOS: [&str; 2] = ["s3-data-theft", "quiet"];

/// Somebody or something that takes part: role, kind and value as in the answer key.
pub(crate) struct Part {
    pub(crate) role: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) value: String,
}

/// The planted events and the answers.
#[derive(Default)]
pub(crate) struct Plot {
    pub(crate) parts: Vec<Part>,
    /// By stream, in the order of their times.
    pub(crate) planted: HashMap<Stream, Vec<(i64, Event)>>,
    pub(crate) stolen: Vec<StolenObject>,
    pub(crate) findings: Vec<String>,
}

impl Plot {
    /// The plot of a scenario; `None` where nobody knows the name.
    pub(crate) fn new(
        scenario: &str,
        world: &World,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        events: usize,
    ) -> Option<Self> {
        let mut plot = match scenario {
            "s3-data-theft" => {
                let dice = Dice::new(world.seed, "theft");
                let span = (from.timestamp_millis(), until.timestamp_millis());
                theft::Theft::new(world, dice, span, events).tell()
            }
            "quiet" => Self::default(),
            _ => return None,
        };
        for events in plot.planted.values_mut() {
            events.sort_by_key(|(time, _)| *time);
        }
        Some(plot)
    }

    /// How many events are planted.
    pub(crate) fn events(&self) -> usize {
        self.planted.values().map(Vec::len).sum()
    }

    /// The planted events of a stream from one time up to, not including, another.
    pub(crate) fn between(&self, stream: Stream, span: (i64, i64)) -> &[(i64, Event)] {
        let Some(events) = self.planted.get(&stream) else {
            return &[];
        };
        let first = events.partition_point(|(time, _)| *time < span.0);
        let end = events.partition_point(|(time, _)| *time < span.1);
        &events[first..end]
    }
}
