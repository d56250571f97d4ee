//! The density strip: how many events fell into each part of the time, and the brush over it.
//!
//! All edges are whole milliseconds, which is what times of a query are written to.

use std::ops::Range;

use chrono::{DateTime, Utc};

use super::outline::Mark;

/// Counts of events in buckets of equal width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strip {
    /// The first edge, in milliseconds since 1970.
    from: i64,
    /// The last edge, which is behind the last event.
    to: i64,
    /// Events in each bucket.
    counts: Vec<u64>,
}

impl Strip {
    /// A strip of `width` buckets over everything that has a time; `None` where nothing has one or
    /// there is no width.
    pub fn of(dated: &[Mark], width: usize) -> Option<Self> {
        let from = dated.first()?.at.div_euclid(1_000);
        let last = dated.last()?.at.div_euclid(1_000);
        // No bucket is narrower than a millisecond, which edges cannot part.
        let least = from.saturating_add(i64::try_from(width).unwrap_or(i64::MAX));
        let to = last.saturating_add(1).max(least);
        Self::over(dated, from..to, width)
    }

    /// A strip over a range of milliseconds. What lies outside is not counted.
    pub fn over(dated: &[Mark], range: Range<i64>, width: usize) -> Option<Self> {
        if width == 0 || range.start >= range.end {
            return None;
        }
        let mut strip = Self {
            from: range.start,
            to: range.end,
            counts: vec![0; width],
        };
        let before = |edge: i64| {
            // Events are ordered, so a bucket is counted by two halvings, however many it has.
            let edge = edge.saturating_mul(1_000);
            dated.partition_point(|mark| mark.at < edge)
        };
        let mut left = before(strip.from);
        for bucket in 0..width {
            let right = before(strip.edge(bucket + 1));
            if let Some(count) = strip.counts.get_mut(bucket) {
                *count = right.saturating_sub(left) as u64;
            }
            left = right;
        }
        Some(strip)
    }

    /// The first and the last edge, in milliseconds since 1970.
    pub fn range(&self) -> Range<i64> {
        self.from..self.to
    }

    /// Events in each bucket.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// An edge by its number, from 0 to the number of buckets.
    pub fn edge(&self, number: usize) -> i64 {
        let buckets = i128::try_from(self.counts.len().max(1)).unwrap_or(1);
        let number = i128::try_from(number).unwrap_or(buckets).min(buckets);
        let span = i128::from(self.to) - i128::from(self.from);
        let edge = i128::from(self.from) + span * number / buckets;
        i64::try_from(edge).unwrap_or(self.to)
    }

    /// The bucket that holds a time; outside the strip the nearest one.
    pub fn bucket(&self, milliseconds: i64) -> usize {
        let (mut low, mut high) = (0, self.counts.len());
        // The last edge that is not behind the time.
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.edge(middle) <= milliseconds {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// How high each bucket stands, from 0 for none to `steps`: by the logarithm, so that one event
    /// is seen beside ten thousand.
    pub fn levels(&self, steps: u8) -> Vec<u8> {
        let most = self.counts.iter().copied().max().unwrap_or(0);
        let scale = (most as f64).ln_1p();
        self.counts
            .iter()
            .map(|count| {
                if *count == 0 || steps == 0 {
                    return 0;
                }
                let share = (*count as f64).ln_1p() / scale;
                // Between 0 and `steps`: the cast cuts nothing off.
                ((share * f64::from(steps)).ceil() as u8).clamp(1, steps)
            })
            .collect()
    }
}

/// A marked part of the time: half-open, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brush {
    /// The first millisecond inside.
    pub from: i64,
    /// The first millisecond behind it.
    pub to: i64,
}

impl Brush {
    /// A brush over buckets of a strip; at least one.
    pub fn over(strip: &Strip, buckets: Range<usize>) -> Self {
        let last = strip.counts.len().saturating_sub(1);
        let first = buckets.start.min(last);
        let end = buckets.end.clamp(first + 1, last + 1);
        Self {
            from: strip.edge(first),
            to: strip.edge(end),
        }
    }

    /// The buckets that it covers, those that it covers in part included.
    pub fn buckets(self, strip: &Strip) -> Range<usize> {
        let first = strip.bucket(self.from);
        first..strip.bucket(self.to.saturating_sub(1)).max(first) + 1
    }

    /// Moves the left edge by buckets; one bucket stays inside.
    #[must_use]
    pub fn move_left_edge(self, strip: &Strip, by: isize) -> Self {
        let inside = self.buckets(strip);
        let first = inside.start.saturating_add_signed(by);
        Self::over(strip, first.min(inside.end - 1)..inside.end)
    }

    /// Moves the right edge by buckets; one bucket stays inside.
    #[must_use]
    pub fn move_right_edge(self, strip: &Strip, by: isize) -> Self {
        let inside = self.buckets(strip);
        let end = inside.end.saturating_add_signed(by);
        Self::over(strip, inside.start..end)
    }

    /// Moves the whole brush by buckets, as far as the strip goes.
    #[must_use]
    pub fn slide(self, strip: &Strip, by: isize) -> Self {
        let inside = self.buckets(strip);
        let last = strip.counts.len().saturating_sub(inside.len());
        let first = inside.start.saturating_add_signed(by).min(last);
        Self::over(strip, first..first + inside.len())
    }

    /// Whether a time is inside.
    pub fn holds(self, milliseconds: i64) -> bool {
        (self.from..self.to).contains(&milliseconds)
    }

    /// Its edges as times: the first inside and the first behind. `None` beyond the calendar's
    /// reach.
    pub fn times(self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        Some((
            DateTime::from_timestamp_millis(self.from)?,
            DateTime::from_timestamp_millis(self.to)?,
        ))
    }
}
