//! How objects are asked for: how much at once, how often, how long is waited.

use std::ops::Range;
use std::time::Duration;

/// Bytes of one request at most.
pub(crate) const PART: u64 = 8 << 20;

/// Ranges with no more than so many bytes between them are one request: the bytes between arrive
/// sooner than another answer would.
pub(crate) const GAP: u64 = 32 << 10;

/// Requests that one query service may have under way.
pub(super) const IN_FLIGHT: usize = 24;

/// Requests in a row that may bring nothing before a range is given up.
pub(super) const TRIES: u32 = 6;

/// Requests for one range in all: a store that gives a few bytes an answer is given up as well.
pub(super) const TRIES_IN_ALL: u32 = 8 * TRIES;

/// The wait before the second try.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How long an answer may bring nothing before it counts as broken.
pub(super) const STALL: Duration = Duration::from_secs(20);

/// The runs that cover ranges, in order, without overlap: neighbours with a small gap are one.
pub(crate) fn coalesce(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted: Vec<Range<u64>> = ranges
        .iter()
        .filter(|range| range.start < range.end)
        .cloned()
        .collect();
    sorted.sort_by_key(|range| (range.start, range.end));
    let mut runs: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match runs.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => {
                last.end = last.end.max(range.end);
            }
            _ => runs.push(range),
        }
    }
    runs
}

/// The requests of one run.
pub(super) fn parts(run: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let end = run.end;
    let mut start = run.start;
    std::iter::from_fn(move || {
        (start < end).then(|| {
            let part = start..start.saturating_add(PART).min(end);
            start = part.end;
            part
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_are_one_request_and_strangers_are_not() {
        let near = GAP - 1;
        let runs = coalesce(&[10..20, 20 + near..60_000, 500_000..500_001, 5..5]);
        assert_eq!(runs, [10..60_000, 500_000..500_001]);
        assert_eq!(parts(0..PART * 2 + 1).count(), 3);
    }

    proptest! {
        #[test]
        fn runs_cover_every_range_and_nothing_far_from_one(
            ranges in prop::collection::vec((0_u64..2_000_000, 0_u64..90_000), 0..40)
        ) {
            let ranges: Vec<Range<u64>> =
                ranges.into_iter().map(|(start, length)| start..start + length).collect();
            let runs = coalesce(&ranges);
            for range in ranges.iter().filter(|range| range.start < range.end) {
                prop_assert!(runs.iter().any(|run| run.start <= range.start && range.end <= run.end));
            }
            for pair in runs.windows(2) {
                prop_assert!(pair[1].start > pair[0].end + GAP);
            }
            for run in &runs {
                let pieces: Vec<_> = parts(run.clone()).collect();
                prop_assert_eq!(pieces.first().map(|part| part.start), Some(run.start));
                prop_assert_eq!(pieces.last().map(|part| part.end), Some(run.end));
                prop_assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
                prop_assert!(pieces.iter().all(|part| part.end - part.start <= PART));
            }
        }
    }
}
