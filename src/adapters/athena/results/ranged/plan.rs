//! In which parts an object is asked for, how long is waited, and how an answer names its part.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::time::Duration;

/// How an object is fetched.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Pace {
    /// Bytes of the first part: few, so that the first rows show at once.
    pub first: u64,
    /// Bytes of a part at most; parts grow to it.
    pub part: u64,
    /// Parts in flight.
    pub in_flight: usize,
    /// Requests in a row that may bring nothing before a part is given up.
    pub tries: u32,
    /// The wait before the second of them, which doubles.
    pub wait: Duration,
    /// How long an answer may bring nothing before it counts as broken.
    pub stall: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: 256 << 10,
            part: 8 << 20,
            in_flight: 4,
            tries: 5,
            wait: Duration::from_millis(100),
            stall: Duration::from_secs(20),
        }
    }
}

/// The parts from a byte to the object's end, each four times the one before up to the largest.
pub(super) fn parts(from: u64, size: u64, pace: Pace) -> impl Iterator<Item = Range<u64>> + Send {
    let mut start = from;
    let mut length = pace.first.max(1);
    std::iter::from_fn(move || {
        if start >= size {
            return None;
        }
        length = length.saturating_mul(4).min(pace.part.max(1));
        let part = start..start.saturating_add(length).min(size);
        start = part.end;
        Some(part)
    })
}

/// The range, its end excluded, and the size that `bytes 0-9/100` tells.
pub(super) fn content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text
        .trim()
        .strip_prefix("bytes")?
        .trim_start()
        .split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size): (u64, u64, u64) =
        (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then_some((first..last.checked_add(1)?, size))
}

/// The wait before a try: doubled each time up to some seconds, and by chance up to half shorter, so
/// that parts do not come back together.
pub(in super::super) fn pause(first: Duration, times: u32) -> Duration {
    const LONGEST: Duration = Duration::from_secs(5);
    let whole = first
        .saturating_mul(1 << times.saturating_sub(1).min(10))
        .min(LONGEST);
    let chance = RandomState::new().hash_one(times) % 1000;
    whole - whole.mul_f64(0.5 * (chance as f64 / 1000.0))
}
