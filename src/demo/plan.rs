//! What goes into which object: the lake as a list of chunks, each a source, Region, account and
//! stretch of one day, with a number of rows. A chunk depends on the options only, so chunks can
//! be made in any order, by any number of threads.

use chrono::{DateTime, NaiveDate, Utc};

use super::world::{DATA, PRODUCTION, SANDBOX, SECURITY, SHARED};
use crate::domain::lake::Source;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// One source of one account in one Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stream {
    pub(crate) source: Source,
    /// The account's index in the world.
    pub(crate) account: usize,
    /// The Region's index.
    pub(crate) region: usize,
}

/// Every stream with its share of the lake's rows.
const STREAMS: [(Source, usize, usize, f64); 37] = [
    (Source::VpcFlow, PRODUCTION, 0, 16.0),
    (Source::VpcFlow, PRODUCTION, 1, 5.0),
    (Source::VpcFlow, PRODUCTION, 2, 4.5),
    (Source::VpcFlow, SHARED, 0, 5.0),
    (Source::VpcFlow, DATA, 0, 6.0),
    (Source::VpcFlow, SANDBOX, 0, 2.0),
    (Source::VpcFlow, SANDBOX, 2, 1.0),
    (Source::Route53, PRODUCTION, 0, 7.0),
    (Source::Route53, PRODUCTION, 1, 2.0),
    (Source::Route53, PRODUCTION, 2, 2.0),
    (Source::Route53, SHARED, 0, 2.5),
    (Source::Route53, DATA, 0, 2.0),
    (Source::Route53, SANDBOX, 0, 0.8),
    (Source::Route53, SANDBOX, 2, 0.4),
    (Source::CloudTrailMgmt, PRODUCTION, 0, 7.0),
    (Source::CloudTrailMgmt, PRODUCTION, 1, 1.5),
    (Source::CloudTrailMgmt, PRODUCTION, 2, 1.5),
    (Source::CloudTrailMgmt, SHARED, 0, 4.0),
    (Source::CloudTrailMgmt, DATA, 0, 3.0),
    (Source::CloudTrailMgmt, DATA, 1, 0.4),
    (Source::CloudTrailMgmt, SANDBOX, 0, 1.4),
    (Source::CloudTrailMgmt, SANDBOX, 2, 0.4),
    (Source::CloudTrailMgmt, SECURITY, 0, 1.0),
    (Source::S3Data, DATA, 0, 5.0),
    (Source::S3Data, PRODUCTION, 0, 4.0),
    (Source::S3Data, SHARED, 0, 2.0),
    (Source::LambdaExecution, PRODUCTION, 0, 1.6),
    (Source::LambdaExecution, DATA, 0, 0.6),
    (Source::EksAudit, PRODUCTION, 0, 5.5),
    (Source::Waf, PRODUCTION, 0, 2.8),
    (Source::Waf, PRODUCTION, 2, 1.0),
    (Source::ShFindings, SHARED, 0, 0.14),
    (Source::ShFindings, PRODUCTION, 0, 0.3),
    (Source::ShFindings, PRODUCTION, 2, 0.12),
    (Source::ShFindings, DATA, 0, 0.14),
    (Source::ShFindings, SANDBOX, 0, 0.2),
    (Source::ShFindings, SECURITY, 0, 0.06),
];

/// All streams with their shares.
pub(crate) fn streams() -> impl Iterator<Item = (Stream, f64)> {
    STREAMS.into_iter().map(|(source, account, region, share)| {
        let stream = Stream {
            source,
            account,
            region,
        };
        (stream, share)
    })
}

/// One object to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chunk {
    pub(crate) stream: Stream,
    /// The day of the key, in UTC.
    pub(crate) day: NaiveDate,
    /// Which object of the stream's day.
    pub(crate) part: usize,
    /// First and one past the last millisecond.
    pub(crate) span: (i64, i64),
    /// Background rows.
    pub(crate) rows: usize,
}

impl Chunk {
    /// The text that names the chunk among all of a lake's, for its chance and its file name.
    pub(crate) fn label(&self) -> String {
        let Stream {
            source,
            account,
            region,
        } = self.stream;
        format!("{source}/{account}/{region}/{}/{}", self.day, self.part)
    }

    /// The time of background row `index`, `jitter` (0 up to 1) of the way to the next one.
    pub(crate) fn time(&self, index: usize, jitter: f64) -> i64 {
        let (start, end) = self.span;
        let shape = Shape::of(self.stream);
        let (low, high) = (shape.worked(start), shape.worked(end));
        let at = low + (high - low) * (index as f64 + jitter) / self.rows.max(1) as f64;
        shape.when(start, at).min(end - 1).max(start)
    }
}

/// Splits `rows` background rows between `from` and `until` into chunks of at most `limit` rows.
/// Every millisecond of every stream is in exactly one chunk, also where it has no rows.
pub(crate) fn chunks(
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    rows: usize,
    limit: usize,
) -> Vec<Chunk> {
    let (from, until) = (from.timestamp_millis(), until.timestamp_millis());
    let mut days = Vec::new();
    for (stream, share) in streams() {
        let shape = Shape::of(stream);
        let mut start = from;
        while start < until {
            let end = until.min(start.div_euclid(DAY) * DAY + DAY);
            let weight = share * (shape.worked(end) - shape.worked(start));
            days.push((stream, start, end, weight));
            start = end;
        }
    }
    let total: f64 = days.iter().map(|day| day.3).sum();
    let mut chunks = Vec::new();
    let (mut weight, mut given) = (0.0, 0);
    for (stream, start, end, share) in days {
        weight += share;
        let due = ((weight / total.max(f64::MIN_POSITIVE)) * rows as f64).round() as usize;
        split(
            &mut chunks,
            stream,
            (start, end),
            due.saturating_sub(given),
            limit,
        );
        given = given.max(due);
    }
    chunks
}

/// Splits the rows of one stream's day evenly, at the times when that share of them has come.
fn split(chunks: &mut Vec<Chunk>, stream: Stream, span: (i64, i64), rows: usize, limit: usize) {
    let shape = Shape::of(stream);
    let parts = rows.div_ceil(limit.max(1)).max(1);
    let day = DateTime::from_timestamp_millis(span.0).map_or(NaiveDate::MIN, |t| t.date_naive());
    let (low, high) = (shape.worked(span.0), shape.worked(span.1));
    let mut start = span.0;
    for part in 0..parts {
        let end = if part + 1 == parts {
            span.1
        } else {
            let at = low + (high - low) * (part + 1) as f64 / parts as f64;
            shape.when(span.0, at).max(start + 1).min(span.1)
        };
        chunks.push(Chunk {
            stream,
            day,
            part,
            span: (start, end),
            rows: rows * (part + 1) / parts - rows * part / parts,
        });
        start = end;
    }
}

/// How work spreads over the hours of the day (UTC) and the days of the week.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    hours: &'static [f64; 24],
    weekend: f64,
}

/// People at their desks in Europe and America.
const OFFICE: [f64; 24] = [
    0.5, 0.4, 0.3, 0.3, 0.3, 0.4, 0.6, 0.9, 1.2, 1.3, 1.3, 1.2, 1.3, 1.6, 1.8, 1.8, 1.7, 1.6, 1.4,
    1.3, 1.2, 1.0, 0.8, 0.6,
];
/// Customers, awake longer.
const PUBLIC: [f64; 24] = [
    1.0, 0.9, 0.7, 0.6, 0.6, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0, 1.1, 1.1, 1.2, 1.2, 1.2, 1.3, 1.3, 1.3,
    1.3, 1.3, 1.2, 1.2, 1.1,
];

impl Shape {
    fn of(stream: Stream) -> Self {
        match stream.source {
            Source::CloudTrailMgmt | Source::LambdaExecution => Self {
                hours: &OFFICE,
                weekend: 0.5,
            },
            _ if stream.account == PRODUCTION => Self {
                hours: &PUBLIC,
                weekend: 0.9,
            },
            _ => Self {
                hours: &OFFICE,
                weekend: 0.6,
            },
        }
    }

    fn day_factor(&self, day: i64) -> f64 {
        // Day 0 of the epoch was a Thursday: days 2 and 3 of its week are the weekend.
        if matches!(day.rem_euclid(7), 2 | 3) {
            self.weekend
        } else {
            1.0
        }
    }

    /// The work done from the beginning of the epoch to `time`.
    fn worked(&self, time: i64) -> f64 {
        let week = time.div_euclid(7 * DAY);
        let mut work = week as f64 * (0..7).map(|day| self.day_work(day)).sum::<f64>();
        let day = time.div_euclid(DAY);
        work += (week * 7..day).map(|day| self.day_work(day)).sum::<f64>();
        let into = time.rem_euclid(DAY);
        let hour = (into / HOUR) as usize;
        let done: f64 = self.hours[..hour].iter().sum();
        let part = (into % HOUR) as f64 / HOUR as f64;
        work + self.day_factor(day) * (done + self.hours[hour] * part)
    }

    fn day_work(&self, day: i64) -> f64 {
        self.day_factor(day) * self.hours.iter().sum::<f64>()
    }

    /// The time, on the day of `near`, at which `work` has been done.
    fn when(&self, near: i64, work: f64) -> i64 {
        let day = near.div_euclid(DAY);
        let factor = self.day_factor(day);
        let mut left = (work - self.worked(day * DAY)) / factor;
        for (hour, &weight) in self.hours.iter().enumerate() {
            if left < weight {
                let part = (left.max(0.0) / weight * HOUR as f64) as i64;
                return day * DAY + hour as i64 * HOUR + part;
            }
            left -= weight;
        }
        (day + 1) * DAY
    }
}

/// The rows that a stream gives between two times when a whole week gives `weekly` over all
/// streams; a fraction.
pub(crate) fn expected_rows(stream: Stream, share: f64, span: (i64, i64), weekly: f64) -> f64 {
    let total: f64 = streams()
        .map(|(other, share)| share * Shape::of(other).worked(7 * DAY))
        .sum();
    let shape = Shape::of(stream);
    weekly * share * (shape.worked(span.1) - shape.worked(span.0)) / total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn chunks_hold_all_rows_and_cover_all_time(
            rows in 0_usize..50_000,
            limit in 20_usize..5_000,
            hours in 1_i64..400,
        ) {
            let until = at("2026-03-02T17:13:05Z");
            let from = until - chrono::Duration::hours(hours);
            let chunks = chunks(from, until, rows, limit);
            prop_assert_eq!(chunks.iter().map(|c| c.rows).sum::<usize>(), rows);
            for (stream, _) in streams() {
                let mut end = from.timestamp_millis();
                for chunk in chunks.iter().filter(|c| c.stream == stream) {
                    prop_assert_eq!(chunk.span.0, end);
                    prop_assert!(chunk.span.1 > chunk.span.0 || chunk.rows == 0);
                    prop_assert!(chunk.rows <= limit);
                    end = chunk.span.1;
                }
                prop_assert_eq!(end, until.timestamp_millis());
            }
        }

        #[test]
        fn times_rise_within_their_chunk(rows in 1_usize..200, jitter in 0.0_f64..1.0) {
            let until = at("2026-03-02T17:13:05Z");
            for chunk in chunks(until - chrono::Duration::days(3), until, rows * 37, 50) {
                let mut last = chunk.span.0;
                for index in 0..chunk.rows {
                    let time = chunk.time(index, jitter);
                    prop_assert!(time >= last && time < chunk.span.1);
                    last = time;
                }
            }
        }
    }

    #[test]
    fn nights_and_weekends_are_quiet() {
        let shape = Shape {
            hours: &OFFICE,
            weekend: 0.5,
        };
        let work = |from: &str, until: &str| {
            shape.worked(at(until).timestamp_millis()) - shape.worked(at(from).timestamp_millis())
        };
        let night = work("2026-03-03T02:00:00Z", "2026-03-03T03:00:00Z");
        let noon = work("2026-03-03T14:00:00Z", "2026-03-03T15:00:00Z");
        assert!(noon > 4.0 * night);
        let saturday = work("2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z");
        let monday = work("2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z");
        assert!((saturday * 2.0 - monday).abs() < 0.001);
    }
}
