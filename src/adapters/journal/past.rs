//! What the journal tells of runs that are past or at work: what they scanned, what was expected of
//! them, when they began. It is what estimates, budgets and the question about a repeat stand on.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{BegunRun, JournalError, RunJournal};
use crate::sql::shape::shape;

/// Entries of the journal that are looked at when it is first read: the newest.
const FIRST_LOOK: i64 = 12_000;

/// Runs that are remembered; past them the older half is forgotten.
const MOST_RUNS: usize = 8_000;

/// What was expected of a run before it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Bytes scanned at least.
    pub at_least: u64,
    /// Bytes scanned at most, where something told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunEnd {
    /// `succeeded`, `failed`, `stopped` and the like.
    pub outcome: String,
    /// Bytes scanned, where the service told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanned_bytes: Option<u64>,
    /// Milliseconds from the start to the end, as the service tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<u64>,
    /// Whether an earlier result was used again, which scans nothing.
    pub reused: bool,
}

impl RunEnd {
    /// An end of which nothing else is known.
    pub fn of(outcome: &str) -> Self {
        Self {
            outcome: outcome.to_owned(),
            ..Self::default()
        }
    }

    /// Whether it gave a result.
    pub fn succeeded(&self) -> bool {
        self.outcome == "succeeded"
    }

    /// Bytes that are paid for, before any minimum: those of a stopped run too, none of a failed one.
    pub fn billed_bytes(&self) -> u64 {
        match self.outcome.as_str() {
            "succeeded" | "stopped" | "cancelled" | "unreadable" => self.scanned_bytes.unwrap_or(0),
            _ => 0,
        }
    }

    /// Reads an entry's body; the entries of earlier versions are the outcome alone.
    fn read(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or_else(|_| Self::of(body))
    }
}

/// A run that the journal knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// How it was begun, with what was expected of it.
    pub run: BegunRun,
    /// The form of its statement, as [`shape`] tells it.
    pub shape: String,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
    /// How it ended; `None` while it is at work, or where nobody saw its end.
    pub ended: Option<RunEnd>,
}

/// The newer runs of a journal, oldest first, of this process and of all others. The journal only
/// grows, so that each look reads only what is new.
#[derive(Debug, Default)]
pub struct PastRuns {
    seen: Option<i64>,
    runs: Vec<PastRun>,
    by_token: HashMap<String, usize>,
}

impl PastRuns {
    /// Takes in what was noted since the last look.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read. An entry that another version wrote is passed over.
    pub fn refresh(&mut self, journal: &RunJournal) -> Result<(), JournalError> {
        let connection = journal.connection();
        let read = |error: rusqlite::Error| journal.failed("read", &error);
        let mut statement = connection
            .prepare_cached(
                "SELECT number, at, token, kind, body FROM entry
                 WHERE number > coalesce(?1, (SELECT max(number) FROM entry) - ?2)
                 ORDER BY number",
            )
            .map_err(read)?;
        let mut rows = statement
            .query(rusqlite::params![self.seen, FIRST_LOOK])
            .map_err(read)?;
        while let Some(row) = rows.next().map_err(read)? {
            let text = |at: usize| row.get::<_, String>(at).map_err(read);
            let (at, token, kind, body) = (text(1)?, text(2)?, text(3)?, text(4)?);
            self.take(&at, token, &kind, &body);
            self.seen = Some(row.get(0).map_err(read)?);
        }
        self.forget();
        Ok(())
    }

    /// The runs, oldest first.
    pub fn runs(&self) -> &[PastRun] {
        &self.runs
    }

    fn take(&mut self, at: &str, token: String, kind: &str, body: &str) {
        if kind == "begun" {
            let run = serde_json::from_str::<BegunRun>(body);
            let begun_at = DateTime::parse_from_rfc3339(at);
            if let (Ok(run), Ok(begun_at)) = (run, begun_at) {
                self.by_token.insert(token, self.runs.len());
                self.runs.push(PastRun {
                    shape: shape(&run.sql),
                    run,
                    begun_at: begun_at.with_timezone(&Utc),
                    ended: None,
                });
            }
        } else if kind == "ended"
            && let Some(run) = self.by_token.get(&token)
            && let Some(run) = self.runs.get_mut(*run)
        {
            run.ended = Some(RunEnd::read(body));
        }
    }

    fn forget(&mut self) {
        if self.runs.len() <= MOST_RUNS {
            return;
        }
        self.runs.drain(..MOST_RUNS / 2);
        let numbered = self.runs.iter().enumerate();
        self.by_token = numbered
            .map(|(at, run)| (run.run.token.clone(), at))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn begun(token: &str, sql: &str) -> BegunRun {
        BegunRun {
            token: token.to_owned(),
            sql: sql.to_owned(),
            parameters: Vec::new(),
            profile: "prod".to_owned(),
            workgroup: None,
            database: None,
            catalog: None,
            output_location: None,
            expected: None,
        }
    }

    fn end(outcome: &str, bytes: u64) -> RunEnd {
        RunEnd {
            scanned_bytes: Some(bytes),
            total_ms: Some(1_500),
            ..RunEnd::of(outcome)
        }
    }

    #[test]
    fn what_was_expected_and_what_came_is_remembered_across_processes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.db");
        let (here, there) = (
            RunJournal::open(&path).unwrap(),
            RunJournal::open(&path).unwrap(),
        );
        let mut past = PastRuns::default();
        past.refresh(&here).unwrap();
        assert!(past.runs().is_empty());

        let expected = Expected {
            at_least: 10,
            at_most: Some(20),
        };
        let first = BegunRun {
            expected: Some(expected),
            ..begun("a", "SELECT 1 FROM t WHERE x = 'y'")
        };
        there.begin(&first).unwrap();
        there.started("a", "id-a").unwrap();
        past.refresh(&here).unwrap();
        assert_eq!(past.runs()[0].ended, None);
        there.ended_with("a", &end("succeeded", 15)).unwrap();
        here.begin(&begun("b", "SELECT 2")).unwrap();
        here.ended("b", "failed").unwrap();
        past.refresh(&here).unwrap();
        let mut afresh = PastRuns::default();
        afresh.refresh(&there).unwrap();
        for runs in [past.runs(), afresh.runs()] {
            assert_eq!(runs.len(), 2);
            assert_eq!(runs[0].run, first);
            assert_eq!(runs[0].shape, "select ? from t where x = ?");
            assert_eq!(runs[0].ended, Some(end("succeeded", 15)));
            assert_eq!(runs[1].ended, Some(RunEnd::of("failed")));
            assert!(runs[0].begun_at <= runs[1].begun_at);
        }
        assert!(here.unfinished().unwrap().is_empty());
    }

    #[test]
    fn stopped_runs_are_paid_for_and_failed_ones_are_not() {
        for (outcome, billed) in [
            ("succeeded", 7),
            ("stopped", 7),
            ("cancelled", 7),
            ("unreadable", 7),
            ("failed", 0),
            ("refused", 0),
            ("stopped before it began", 0),
        ] {
            assert_eq!(end(outcome, 7).billed_bytes(), billed, "{outcome}");
        }
    }

    #[test]
    fn only_so_many_runs_are_remembered() {
        let mut past = PastRuns::default();
        let at = "2026-01-01T00:00:00.000Z";
        for number in 0..=MOST_RUNS {
            let token = format!("t{number}");
            let body = serde_json::to_string(&begun(&token, "SELECT 1")).unwrap();
            past.take(at, token, "begun", &body);
        }
        past.forget();
        assert_eq!(past.runs().len(), MOST_RUNS / 2 + 1);
        let last = format!("t{MOST_RUNS}");
        past.take(at, last, "ended", "succeeded");
        let ended = past.runs().iter().filter(|run| run.ended.is_some()).count();
        assert_eq!(ended, 1);
        assert!(past.runs().last().unwrap().ended.is_some());
    }

    proptest! {
        #[test]
        fn any_body_is_an_end(outcome in any::<String>(), bytes in proptest::option::of(any::<u64>())) {
            let end = RunEnd { outcome: outcome.clone(), scanned_bytes: bytes, ..RunEnd::default() };
            prop_assert_eq!(RunEnd::read(&serde_json::to_string(&end).unwrap()), end);
            let read = RunEnd::read(&outcome);
            prop_assert!(read.outcome == outcome || serde_json::from_str::<RunEnd>(&outcome).is_ok());
        }
    }
}
