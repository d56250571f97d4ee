//! How often triggers have started something within the last hour.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

/// The starts of each trigger, as many as its limit has; nothing older than an hour counts.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    starts: HashMap<String, VecDeque<DateTime<Utc>>>,
}

impl Pace {
    /// Notes a start, or says when the next may be.
    pub(super) fn step(
        &mut self,
        trigger: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<(), DateTime<Utc>> {
        let hour = TimeDelta::hours(1);
        let starts = self.starts.entry(trigger.to_owned()).or_default();
        while starts.front().is_some_and(|start| *start + hour <= now) {
            starts.pop_front();
        }
        if starts.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(starts.front().map_or(now + hour, |first| *first + hour));
        }
        starts.push_back(now);
        Ok(())
    }
}
