//! In which parts an object is asked for, and how long is waited.

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
