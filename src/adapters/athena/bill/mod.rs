//! The bill before a run: what it may scan, what that costs, and whether a person must be asked.
//!
//! # What an estimate stands on
//!
//! 1. [`history`]: what the same statement, or others of its form, have scanned, by the journal.
//! 2. [`statistics`]: the sizes of the tables, by the catalogue: no scan reads more than all of one.
//! 3. [`plan`]: Athena's own plan, which is free, and tells what is wrong with a statement.
//! 4. [`workgroup`]: the cut-off at which Athena stops a run.
//!
//! Where none of them tells anything, nothing is said. While somebody types, only what is known here
//! already counts ([`Effort::Quick`]).

#![allow(
    clippy::disallowed_methods,
    reason = "this room asks how long ago a run began, as the journal's entries are dated"
)]

mod budget;
mod history;
mod plan;
mod statistics;
mod workgroup;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;

use super::AthenaService;
use crate::adapters::journal::{Expected, PastRun, PastRuns, RunJournal};
use crate::domain::estimate::{Effort, Span, settle};
use crate::domain::query::{QueryError, QueryErrorKind, QueryRequest, ScanEstimate};
use crate::domain::size::Size;
use crate::ports::Catalog;
use crate::sql::scans::{Scans, filters_by_time, scans};
use budget::Budgets;
use history::{History, Question};
use workgroup::Workgroup;

/// What the service knows for its estimates.
pub(super) struct Bill {
    journal: Arc<RunJournal>,
    past: Arc<Mutex<PastRuns>>,
    workgroup: Workgroup,
    catalog: Option<Arc<dyn Catalog>>,
    /// Statements on their way into the journal.
    underway: Arc<Mutex<Vec<Asked>>>,
}

/// A statement with its values: the same text asks the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    sql: String,
    parameters: Vec<String>,
}

/// What was found out before a start. Keep it until the run is in the journal: until then a repeat
/// of the same statement is told by it.
pub(super) struct Weighed {
    /// What the run is expected to scan, where something tells.
    pub(super) expected: Option<Expected>,
    _underway: Underway,
}

/// A statement's place among those that are underway; left when dropped.
struct Underway {
    all: Arc<Mutex<Vec<Asked>>>,
    asked: Asked,
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut all = lock(&self.all);
        if let Some(at) = all.iter().position(|asked| *asked == self.asked) {
            all.swap_remove(at);
        }
    }
}

impl Bill {
    pub(super) fn new(
        journal: Arc<RunJournal>,
        athena: aws_sdk_athena::Client,
        workgroup: Option<&str>,
    ) -> Self {
        Self {
            journal,
            past: Arc::default(),
            workgroup: Workgroup::new(athena, workgroup),
            catalog: None,
            underway: Arc::default(),
        }
    }

    /// Asks this catalogue for the sizes of tables.
    pub(super) fn set_catalog(&mut self, catalog: Arc<dyn Catalog>) {
        self.catalog = Some(catalog);
    }

    /// Looks at the journal's runs on a thread that may wait for the disk. A journal that cannot be
    /// read tells nothing.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&[PastRun]) -> T + Send + 'static,
    ) -> Option<T> {
        let (journal, past) = (Arc::clone(&self.journal), Arc::clone(&self.past));
        let looked = tokio::task::spawn_blocking(move || {
            let mut past = lock(&past);
            past.refresh(&journal).map(|()| look(past.runs()))
        });
        match looked.await {
            Ok(Ok(told)) => Some(told),
            Ok(Err(error)) => {
                tracing::warn!(%error, "past runs cannot be looked at");
                None
            }
            Err(_) => None,
        }
    }

    /// Adds a statement to those that are underway; says whether it is there already.
    fn underway(&self, asked: Asked) -> (Underway, bool) {
        let mut all = lock(&self.underway);
        let already = all.contains(&asked);
        all.push(asked.clone());
        drop(all);
        let all = Arc::clone(&self.underway);
        (Underway { all, asked }, already)
    }
}

impl AthenaService {
    /// Whether a run may begin: nothing that a person would have to be asked about, or somebody has
    /// agreed. `writes` is the question about a statement that writes. Everything is asked at once,
    /// because one yes answers it all.
    ///
    /// # Errors
    ///
    /// `Unconfirmed` with the question; `TooLarge` where more would be scanned than is allowed.
    pub(super) async fn weigh(
        &self,
        request: &QueryRequest,
        sql: &str,
        writes: Option<QueryError>,
    ) -> Result<Weighed, QueryError> {
        let asked = Asked {
            sql: sql.to_owned(),
            parameters: request.parameters.clone(),
        };
        let scans = scans(sql);
        let (underway, already) = self.bill.underway(asked);
        let history = self.history(request, sql).await;
        let budgets = self.budgets();
        let effort = match budgets.any() && !request.confirmed {
            true => Effort::Full,
            false => Effort::Quick,
        };
        let estimate = self.by_what_is_known(&scans, &history, effort).await;
        if let Some(most) = request.max_bytes.filter(|most| estimate.bytes > *most) {
            return Err(too_large(&estimate, most));
        }
        if !request.confirmed {
            let mut reasons = Vec::new();
            if !scans.nothing() {
                let twin = || history.twin.as_ref().map(history::Twin::told);
                let repeat = match already {
                    true => Some("the same statement is being started".to_owned()),
                    false => twin(),
                };
                reasons.extend(repeat.filter(|_| request.attended));
                reasons.extend(budgets.question(&estimate, history.spent, filters_by_time(sql)));
            }
            match (writes, reasons.is_empty()) {
                (None, true) => {}
                (Some(writes), true) => return Err(writes),
                (writes, false) => {
                    reasons.splice(0..0, writes.map(|writes| writes.message));
                    let question = format!("{}: run it all the same?", reasons.join("; "));
                    return Err(QueryError::new(QueryErrorKind::Unconfirmed, question)
                        .with_hint("`--yes` runs it unasked"));
                }
            }
        }
        let known = !estimate.basis.is_empty() && !scans.nothing();
        Ok(Weighed {
            expected: known.then_some(Expected {
                at_least: estimate.bytes,
                at_most: estimate.bytes_at_most,
            }),
            _underway: underway,
        })
    }

    /// What a statement would scan and cost, and what a start would ask.
    ///
    /// # Errors
    ///
    /// With full effort whatever Athena finds wrong with the statement.
    pub(super) async fn reckon(
        &self,
        request: &QueryRequest,
        sql: &str,
        effort: Effort,
    ) -> Result<ScanEstimate, QueryError> {
        let scans = scans(sql);
        let history = self.history(request, sql).await;
        let mut estimate = self.by_what_is_known(&scans, &history, effort).await;
        if effort == Effort::Full && plan::can_be_planned(sql) {
            let planned = self.plan(request, sql).await?;
            planned.add_to(&mut estimate);
        }
        if !scans.nothing() {
            let workgroup = self.bill.workgroup.read(effort).await;
            estimate.cutoff_bytes = workgroup.cutoff_bytes;
            estimate.notes.extend(workgroup.note);
            if estimate.basis.is_empty() {
                estimate.notes.push(
                    "nothing tells what it scans: no run of its form is in the journal, and the \
                     tables' statistics are not known"
                        .to_owned(),
                );
            }
            let filtered = filters_by_time(sql);
            estimate.question = self.budgets().question(&estimate, history.spent, filtered);
        }
        Ok(settle(estimate, self.options.price))
    }

    async fn history(&self, request: &QueryRequest, sql: &str) -> History {
        let question = Question {
            profile: self.options.profile.clone(),
            database: self.options.database.clone(),
            sql: sql.to_owned(),
            parameters: request.parameters.clone(),
            price: self.options.price,
            now: Utc::now(),
        };
        let looked = self.bill.look(move |runs| history::look(runs, &question));
        looked.await.unwrap_or_default()
    }

    /// The range that past runs and statistics allow together.
    async fn by_what_is_known(
        &self,
        scans: &Scans,
        history: &History,
        effort: Effort,
    ) -> ScanEstimate {
        if scans.nothing() {
            return ScanEstimate {
                bytes_at_most: Some(0),
                basis: vec!["it reads no table".to_owned()],
                ..ScanEstimate::default()
            };
        }
        let database = self.options.database.as_deref();
        let catalog = self.bill.catalog.as_deref();
        let statistics = statistics::read(catalog, scans, database, effort).await;
        let mut basis = Vec::new();
        let mut notes = Vec::new();
        let span = match (&history.told, statistics.bound) {
            (Some(told), bound) => {
                basis.push(told.basis.clone());
                if !told.same {
                    notes.push(
                        "those runs had other values: a wider time range scans more".to_owned(),
                    );
                }
                let bound = bound.unwrap_or(Span::from(0));
                told.span.both(bound).unwrap_or_else(|| {
                    basis.push("past runs go before statistics that say less".to_owned());
                    told.span
                })
            }
            (None, Some(bound)) => bound,
            (None, None) => Span::from(0),
        };
        basis.extend(statistics.basis);
        ScanEstimate {
            bytes: span.least(),
            bytes_at_most: span.most(),
            rows: statistics.rows,
            basis,
            notes,
            ..ScanEstimate::default()
        }
    }

    fn budgets(&self) -> Budgets {
        Budgets {
            total_usd: self.options.budget_usd,
            query_usd: self.options.query_budget_usd,
            price: self.options.price,
        }
    }
}

/// What a run scanned beside what was expected; `None` where nothing was.
pub(super) fn truth(expected: Option<Expected>, scanned: u64) -> Option<String> {
    let expected = expected?;
    let span = match expected.at_most {
        Some(most) => Span::between(expected.at_least, most),
        None => Span::from(expected.at_least),
    };
    let verdict = match () {
        () if span.holds(scanned) => "",
        () if scanned < span.least() => ", less than estimated",
        () => ", more than estimated",
    };
    Some(format!(
        "estimated {span}, scanned {}{verdict}",
        Size(scanned)
    ))
}

fn too_large(estimate: &ScanEstimate, most: u64) -> QueryError {
    QueryError::new(
        QueryErrorKind::TooLarge,
        format!(
            "the query would scan {}, and {} are allowed ({})",
            Span::of(estimate),
            Size(most),
            estimate.basis.join("; ")
        ),
    )
    .with_hint("narrow the time range or the columns, or allow more bytes")
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimate_and_truth_stand_side_by_side() {
        let expected = |at_least, at_most| Some(Expected { at_least, at_most });
        for (expected, scanned, told) in [
            (
                expected(1_200_000_000, Some(3_400_000_000)),
                2_100_000_000,
                "estimated 1.2 GB to 3.4 GB, scanned 2.1 GB",
            ),
            (
                expected(0, Some(1_000)),
                2_000,
                "estimated at most 1.0 kB, scanned 2.0 kB, more than estimated",
            ),
            (
                expected(5_000, None),
                0,
                "estimated at least 5.0 kB, scanned 0 B, less than estimated",
            ),
        ] {
            assert_eq!(truth(expected, scanned).as_deref(), Some(told));
        }
        assert_eq!(truth(None, 5), None);
    }
}
