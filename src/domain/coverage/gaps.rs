//! Hours without an object between hours with some, where that is unusual.

use chrono::{DateTime, Utc};

use super::{Coverage, Series, Stretch, hour_of, start_of};

/// A stretch of hours shorter than this is not worth a name.
const SHORTEST: i64 = 2;

/// A gap is so many times as long as the pauses that are usual there.
const UNUSUAL: i64 = 4;

/// Hours in which a source, account and Region has no object, though it usually would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Whose.
    pub stretch: Stretch,
    /// The beginning of its first hour.
    pub from: DateTime<Utc>,
    /// The end of its last hour.
    pub to: DateTime<Utc>,
    /// Nothing has come since: other sources went on.
    pub open: bool,
}

impl Gap {
    /// Hours.
    pub fn hours(&self) -> i64 {
        (self.to - self.from).num_hours()
    }
}

impl Coverage {
    /// Every gap, the longest first. An open one ends with the lake's last hour.
    pub fn gaps(&self) -> Vec<Gap> {
        let until = self.last().map(hour_of);
        let mut gaps: Vec<Gap> = self
            .series()
            .flat_map(|(stretch, series)| gaps_of(stretch, series, until))
            .collect();
        gaps.sort_by(|a, b| {
            let longer = b.hours().cmp(&a.hours());
            longer.then_with(|| (&a.stretch, a.from).cmp(&(&b.stretch, b.from)))
        });
        gaps
    }
}

fn gaps_of(stretch: &Stretch, series: &Series, until: Option<i64>) -> Vec<Gap> {
    let hours: Vec<i64> = series.hours.keys().copied().collect();
    let pauses: Vec<i64> = hours.windows(2).map(|pair| pair[1] - pair[0] - 1).collect();
    let usual = usual(
        &pauses,
        hours.first().zip(hours.last()).map_or(0, |(a, b)| b - a),
    );
    let is_gap = |pause: i64| pause >= SHORTEST && pause >= usual.saturating_mul(UNUSUAL).max(1);
    let gap = |first: i64, end: i64, open: bool| {
        Some(Gap {
            stretch: stretch.clone(),
            from: start_of(first)?,
            to: start_of(end)?,
            open,
        })
    };
    let inside = hours
        .windows(2)
        .filter(|pair| is_gap(pair[1] - pair[0] - 1))
        .filter_map(|pair| gap(pair[0] + 1, pair[1], false));
    let mut gaps: Vec<Gap> = inside.collect();
    if let (Some(last), Some(until)) = (hours.last(), until)
        && is_gap(until - last)
    {
        gaps.extend(gap(last + 1, until + 1, true));
    }
    gaps
}

/// The pause that is usual between two hours with objects: nine of ten are no longer. Where there
/// is one a day, such as at night, pauses are the source's way, and only they are compared.
fn usual(pauses: &[i64], hours: i64) -> i64 {
    const OFTEN: i64 = 3;
    let real: Vec<i64> = pauses.iter().copied().filter(|pause| *pause > 0).collect();
    let daily = i64::try_from(real.len()).unwrap_or(i64::MAX) >= OFTEN.max(hours / 24);
    let mut sorted = if daily { real } else { pauses.to_vec() };
    sorted.sort_unstable();
    let place = sorted.len().saturating_sub(1) * 9 / 10;
    sorted.get(place).copied().unwrap_or(0)
}
