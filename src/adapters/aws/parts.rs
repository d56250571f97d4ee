//! What readers of S3's objects share: how an answer names the part that it brings, and how long is
//! waited before it is asked for again.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::time::Duration;

/// The range, its end excluded, and the size that `bytes 0-9/100` tells.
pub fn content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let rest = text.trim().strip_prefix("bytes")?;
    let (range, size) = rest.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size): (u64, u64, u64) =
        (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then_some((first..last.checked_add(1)?, size))
}

/// The wait before a try, the first from 1: doubled each time up to some seconds, and by chance up
/// to half shorter, so that requests do not come back together.
pub fn pause(first: Duration, times: u32) -> Duration {
    const LONGEST: Duration = Duration::from_secs(5);
    let whole = first
        .saturating_mul(1 << times.saturating_sub(1).min(10))
        .min(LONGEST);
    let chance = RandomState::new().hash_one(times) % 1000;
    whole - whole.mul_f64(0.5 * (chance as f64 / 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_names_its_part_strictly() {
        assert_eq!(content_range("bytes 0-9/100"), Some((0..10, 100)));
        assert_eq!(content_range("bytes 5-9/100"), Some((5..10, 100)));
        for none in [
            "",
            "bytes */100",
            "bytes 5-4/100",
            "bytes 9-5/100",
            "bytes 0-100/100",
            "bytes 5-100/100",
            "bytes 0-9/*",
            "0-9/100x",
            "items 0-1/2",
        ] {
            assert_eq!(content_range(none), None, "{none}");
        }
        let past = format!("bytes 0-{0}/{0}", u64::MAX);
        assert_eq!(content_range(&past), None);
    }

    #[test]
    fn waits_grow_to_a_limit() {
        for times in 1..40 {
            let wait = pause(Duration::from_millis(100), times);
            let whole =
                Duration::from_millis(100 << (times - 1).min(10)).min(Duration::from_secs(5));
            assert!(wait <= whole && wait >= whole / 2, "{times}: {wait:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_of_ranges_panic(text in ".{0,40}") {
            if let Some((range, size)) = content_range(&text) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}
