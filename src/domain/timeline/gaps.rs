//! Gaps: stretches in which nothing is known to have happened.

use super::item::Moment;

const SECOND: Moment = 1_000_000;
const MINUTE: Moment = 60 * SECOND;
const HOUR: Moment = 60 * MINUTE;
const DAY: Moment = 24 * HOUR;

/// Fewer gaps than this have no quartiles worth the name.
const FEWEST: usize = 4;

/// How long a gap is worth a line: longer than this many microseconds.
///
/// The rule: an outlier of the gaps between neighbours (longer than the third quartile and three
/// times the distance between the quartiles), at least a minute, and at least a hundredth of the
/// whole time, so that there are never more than a hundred. Where there are fewer than four gaps,
/// an hour.
pub fn threshold(mut gaps: Vec<Moment>) -> Moment {
    let whole = gaps
        .iter()
        .fold(0, |sum: Moment, gap| sum.saturating_add(*gap));
    if gaps.len() < FEWEST {
        return HOUR;
    }
    let first = quartile(&mut gaps, 1);
    let third = quartile(&mut gaps, 3);
    let fence = third.saturating_add(third.saturating_sub(first).saturating_mul(3));
    fence.max(MINUTE).max(whole / 100)
}

/// The quarter of some gaps, by nearest rank.
fn quartile(gaps: &mut [Moment], quarter: usize) -> Moment {
    let place = (gaps.len() * quarter / 4).min(gaps.len().saturating_sub(1));
    *gaps.select_nth_unstable(place).1
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
