//! Gaps: stretches in which nothing is known to have happened.

use super::item::Moment;

const SECOND: Moment = 1_000_000;
const MINUTE: Moment = 60 * SECOND;
const HOUR: Moment = 60 * MINUTE;
const DAY: Moment = 24 * HOUR;

/// How long a gap is worth a line: longer than this many microseconds.
///
/// The rule: ten times the median of the gaps between neighbours, at least a minute, and at least a
/// hundredth of the whole time, so that there are never more than a hundred. The median, because a
/// handful of pins with one long silence among them has no other measure that the silence itself
/// does not move. A single gap has nothing to be held against: there it is an hour.
pub fn threshold(mut gaps: Vec<Moment>) -> Moment {
    if gaps.len() < 2 {
        return HOUR;
    }
    let whole = gaps
        .iter()
        .fold(0, |sum: Moment, gap| sum.saturating_add(*gap));
    let middle = (gaps.len() - 1) / 2;
    let median = *gaps.select_nth_unstable(middle).1;
    median.saturating_mul(10).max(MINUTE).max(whole / 100)
}

/// A span of microseconds in its two largest units: `14 h 03 m`, `2 d 04 h`, `41 s`.
pub fn span_told(span: Moment) -> String {
    let span = span.max(0);
    if span >= DAY {
        format!("{} d {:02} h", span / DAY, span % DAY / HOUR)
    } else if span >= HOUR {
        format!("{} h {:02} m", span / HOUR, span % HOUR / MINUTE)
    } else if span >= MINUTE {
        format!("{} m {:02} s", span / MINUTE, span % MINUTE / SECOND)
    } else {
        format!("{} s", span / SECOND)
    }
}
