//! What past runs tell of a statement: what it scanned, what the profile has spent, whether it was
//! begun a moment ago.

use chrono::{DateTime, TimeDelta, Utc};

use crate::adapters::journal::{PastRun, RunEnd};
use crate::domain::cost::{Price, Usd};
use crate::domain::estimate::Span;
use crate::domain::size::Size;
use crate::sql::shape::shape;

/// Runs that a range is made of: the newest.
const NEWEST: usize = 20;

/// How long a statement is remembered as begun a moment ago.
const MOMENT: TimeDelta = TimeDelta::seconds(60);

/// How long what was spent counts.
const DAY: TimeDelta = TimeDelta::hours(24);

/// What is asked of the journal.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) profile: String,
    /// The database of names without one.
    pub(super) database: Option<String>,
    pub(super) sql: String,
    pub(super) parameters: Vec<String>,
    pub(super) price: Option<Price>,
    pub(super) now: DateTime<Utc>,
}

/// What it tells.
#[derive(Debug, Default)]
pub(super) struct History {
    /// What such statements have scanned.
    pub(super) told: Option<Told>,
    /// What the profile's runs cost in the last day; nothing where no price is known.
    pub(super) spent: Usd,
    /// The same statement, begun a moment ago.
    pub(super) twin: Option<Twin>,
}

/// Bytes that past runs have scanned.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// From the least to the most.
    pub(super) span: Span,
    /// Which runs they were.
    pub(super) basis: String,
    /// Whether they were runs of the same statement, and not only of its form.
    pub(super) same: bool,
}

/// The same statement, begun a moment ago.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Twin {
    seconds: i64,
    ended: Option<RunEnd>,
}

impl Twin {
    /// The same as the beginning of a sentence.
    pub(super) fn told(&self) -> String {
        let state = match &self.ended {
            None => "still runs".to_owned(),
            Some(RunEnd {
                scanned_bytes: Some(bytes),
                ..
            }) => format!("scanned {}", Size(*bytes)),
            Some(end) => end.outcome.clone(),
        };
        format!("the same statement began {} s ago ({state})", self.seconds)
    }
}

/// Looks at runs, oldest first.
pub(super) fn look(runs: &[PastRun], question: &Question) -> History {
    let of_profile = || {
        let newest = runs.iter().rev();
        newest.filter(|run| run.run.profile == question.profile)
    };
    let same = |run: &&PastRun| {
        run.run.database == question.database
            && run.run.sql == question.sql
            && run.run.parameters == question.parameters
    };
    let told = told(of_profile().filter(same), |span, count, last| match count {
        1 => format!("the same statement scanned {span} on {last}"),
        count => format!("the same statement scanned {span} in {count} runs, the last on {last}"),
    });
    let told = told.map(|told| Told { same: true, ..told }).or_else(|| {
        let form = shape(&question.sql);
        let of_form = |run: &&PastRun| run.run.database == question.database && run.shape == form;
        self::told(of_profile().filter(of_form), |span, count, last| {
            let runs = if count == 1 { "run" } else { "runs" };
            format!(
                "{count} {runs} of this form, with other values, scanned {span}, the last on {last}"
            )
        })
    });
    // A run that gave nothing and cost nothing may be tried again.
    let free = |run: &&PastRun| {
        let end = run.ended.as_ref();
        end.is_some_and(|end| !end.succeeded() && end.billed_bytes() == 0)
    };
    let twin = of_profile()
        .take_while(|run| question.now - run.begun_at < MOMENT)
        .find(|run| same(run) && !free(run))
        .map(|run| Twin {
            seconds: (question.now - run.begun_at).num_seconds().max(0),
            ended: run.ended.clone(),
        });
    let day = of_profile().take_while(|run| question.now - run.begun_at < DAY);
    let spent = question.price.map_or(Usd(0.0), |price| {
        day.map(|run| price.of(reckoned(run))).sum()
    });
    History { told, spent, twin }
}

/// Bytes that a run is paid for; of one at work, those that were agreed to.
fn reckoned(run: &PastRun) -> u64 {
    match (&run.ended, run.run.expected) {
        (Some(end), _) => end.billed_bytes(),
        (None, Some(expected)) => expected.at_most.unwrap_or(expected.at_least),
        (None, None) => 0,
    }
}

/// The range of the newest runs that scanned all that they had to.
fn told<'a>(
    newest_first: impl Iterator<Item = &'a PastRun>,
    basis: impl FnOnce(Span, usize, String) -> String,
) -> Option<Told> {
    let scanned: Vec<(u64, DateTime<Utc>)> = newest_first
        .filter_map(|run| {
            let end = run
                .ended
                .as_ref()
                .filter(|end| end.succeeded() && !end.reused)?;
            Some((end.scanned_bytes?, run.begun_at))
        })
        .take(NEWEST)
        .collect();
    let (_, last) = scanned.first()?;
    let least = scanned.iter().map(|(bytes, _)| *bytes).min()?;
    let most = scanned.iter().map(|(bytes, _)| *bytes).max()?;
    let span = Span::between(least, most);
    let last = last.format("%Y-%m-%d %H:%M UTC").to_string();
    Some(Told {
        span,
        basis: basis(span, scanned.len(), last),
        same: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::journal::{BegunRun, Expected};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap()
    }

    fn run(sql: &str, seconds_ago: i64, ended: Option<(&str, u64)>) -> PastRun {
        PastRun {
            run: BegunRun {
                token: String::new(),
                sql: sql.to_owned(),
                parameters: Vec::new(),
                profile: "prod".to_owned(),
                workgroup: None,
                database: None,
                catalog: None,
                output_location: None,
                expected: None,
            },
            shape: shape(sql),
            begun_at: now() - TimeDelta::seconds(seconds_ago),
            ended: ended.map(|(outcome, bytes)| RunEnd {
                scanned_bytes: Some(bytes),
                ..RunEnd::of(outcome)
            }),
        }
    }

    fn asked(sql: &str) -> Question {
        Question {
            profile: "prod".to_owned(),
            database: None,
            sql: sql.to_owned(),
            parameters: Vec::new(),
            price: Some(Price {
                usd_per_tb: 5.0,
                minimum_bytes: 10_000_000,
            }),
            now: now(),
        }
    }

    const ONE: &str = "SELECT a FROM t WHERE b = 1";
    const TWO: &str = "SELECT a FROM t WHERE b = 2";

    #[test]
    fn the_same_statement_tells_more_than_its_form() {
        let runs = [
            run(ONE, 9_000, Some(("succeeded", 1_200))),
            run(ONE, 8_000, Some(("succeeded", 3_400))),
            run(TWO, 7_000, Some(("succeeded", 9_000))),
            run(ONE, 6_000, Some(("stopped", 1))),
            run(ONE, 5_000, Some(("failed", 0))),
            run(ONE, 4_000, None),
        ];
        let same = look(&runs, &asked(ONE)).told.unwrap();
        assert!(same.same);
        assert_eq!(same.span, Span::between(1_200, 3_400));
        assert_eq!(
            same.basis,
            "the same statement scanned 1.2 kB to 3.4 kB in 2 runs, the last on 2025-12-31 21:46 UTC"
        );
        let form = look(&runs, &asked("SELECT a FROM t WHERE b = 3"))
            .told
            .unwrap();
        assert!(!form.same);
        assert_eq!(form.span, Span::between(1_200, 9_000));
        assert!(
            form.basis.starts_with("3 runs of this form"),
            "{}",
            form.basis
        );
        for other in [
            asked("SELECT a FROM u WHERE b = 1"),
            Question {
                profile: "lab".to_owned(),
                ..asked(ONE)
            },
            Question {
                database: Some("db".to_owned()),
                ..asked(ONE)
            },
        ] {
            assert_eq!(look(&runs, &other).told, None);
        }
    }

    #[test]
    fn a_statement_begun_within_a_minute_is_told() {
        let told = |runs: &[PastRun], sql: &str| look(runs, &asked(sql)).twin.map(|t| t.told());
        let at_work = run(ONE, 12, None);
        assert_eq!(
            told(std::slice::from_ref(&at_work), ONE).as_deref(),
            Some("the same statement began 12 s ago (still runs)")
        );
        let ended = run(ONE, 59, Some(("succeeded", 3_100_000_000)));
        assert_eq!(
            told(&[ended], ONE).as_deref(),
            Some("the same statement began 59 s ago (scanned 3.1 GB)")
        );
        let unheard = [run(ONE, 60, None), run(ONE, 5, Some(("failed", 0)))];
        assert_eq!(told(&unheard, ONE), None);
        assert_eq!(told(&[at_work], TWO), None);
        // Of a run that failed, the one before it is still the same statement.
        let both = [run(ONE, 20, None), run(ONE, 5, Some(("failed", 0)))];
        assert!(told(&both, ONE).is_some());
    }

    #[test]
    fn a_day_is_what_was_billed_and_what_is_at_work() {
        let tb = 1_000_000_000_000;
        let mut at_work = run(TWO, 5, None);
        at_work.run.expected = Some(Expected {
            at_least: 0,
            at_most: Some(tb / 5),
        });
        let runs = [
            run(ONE, 90_000, Some(("succeeded", tb))),
            run(ONE, 80_000, Some(("succeeded", tb / 5))),
            run(ONE, 70_000, Some(("stopped", tb / 5))),
            run(ONE, 60_000, Some(("failed", tb / 5))),
            run(ONE, 50_000, Some(("succeeded", 0))),
            at_work,
        ];
        let spent = look(&runs, &asked(ONE)).spent;
        assert!((spent.0 - 3.0).abs() < 1e-9, "{spent:?}");
        let unpriced = Question {
            price: None,
            ..asked(ONE)
        };
        assert_eq!(look(&runs, &unpriced).spent, Usd(0.0));
    }
}
