//! Judging the rows of a result against the past: the lake's, where it is counted, or that of the
//! result itself and of the kept ones with the same columns.

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::StreamExt;

use super::{Effects, Keeping, Services};
use crate::domain::query::{QueryError, QueryId, QueryRequest};
use crate::domain::rarity::{Builder, History, Ranking, Roles};
use crate::domain::rows::{Column, Rows, RowsHandle};
use crate::ports::{QueryService, RunControl};
use crate::store::effect::OrderId;
use crate::store::event::Event;
use crate::ui::widgets::grid::group_digits;

/// The most kept results that are read, the newest first, and the most rows of each.
const MOST_RESULTS: usize = 20;
const MOST_ROWS: u64 = 1_000_000;

impl Effects {
    /// Judges the rows of a result.
    pub(super) fn judge(&self, id: OrderId, query: QueryId, past: Option<Box<QueryRequest>>) {
        let Some(rows) = self
            .lock_runs()
            .get(&query)
            .and_then(|run| run.rows.clone())
        else {
            return;
        };
        let (services, answers) = (self.services.clone(), self.answers.clone());
        self.runtime.spawn(async move {
            let ranking = Arc::new(judge(services, rows, past.map(|past| *past)).await);
            let _ = answers.send(Event::Judged { id, ranking }).await;
        });
    }
}

/// The scores of a result's rows. Never fails: a lake that cannot be counted leaves the results.
async fn judge(services: Services, rows: RowsHandle, past: Option<QueryRequest>) -> Ranking {
    let counted = match past {
        Some(request) => lake(services.queries.as_ref(), request).await.ok(),
        None => None,
    };
    let keeping = services.keeping.clone();
    let judged = tokio::task::spawn_blocking(move || {
        let roles = roles_of(rows.as_ref());
        let (history, of) = match counted {
            Some(history) if history.events() > 0 => (history, "the lake"),
            _ => of_results(rows.as_ref(), &roles, keeping.as_ref()),
        };
        let scores = pages(rows.as_ref())
            .flat_map(|batch| history.score(&batch, &roles))
            .collect();
        Ranking {
            scores,
            against: told(&history, of),
        }
    });
    // A panic of the judge is told by its task; the rows stay as they came.
    judged.await.unwrap_or_default()
}

/// The past that a lake's calls tell.
async fn lake(queries: &dyn QueryService, request: QueryRequest) -> Result<History, QueryError> {
    let mut running = queries.start(request, RunControl::default()).await?;
    let types: Vec<_> = running
        .schema
        .fields()
        .iter()
        .map(|f| f.data_type())
        .collect();
    let roles = Roles::of(&running.columns, &types);
    let weight = running.columns.len().checked_sub(1);
    let mut batches = Vec::new();
    while let Some(batch) = running.batches.next().await {
        batches.push(batch?);
    }
    running.monitor.settle().await;
    let built = tokio::task::spawn_blocking(move || {
        let mut builder = Builder::default();
        for batch in &batches {
            builder.add(batch, &roles, weight);
        }
        builder.build()
    });
    built.await.map_err(|error| {
        let kind = crate::domain::query::QueryErrorKind::Internal;
        QueryError::new(kind, format!("the counting of the past broke off: {error}"))
    })
}

fn of_results(
    rows: &dyn Rows,
    roles: &Roles,
    keeping: Option<&Keeping>,
) -> (History, &'static str) {
    let mut builder = Builder::default();
    for batch in pages(rows) {
        builder.add(&batch, roles, None);
    }
    let own = builder.events();
    for other in keeping.map_or_else(Vec::new, |keeping| kept(keeping, rows.columns())) {
        // Types may differ from run to run, names do not.
        let roles = roles_of(other.as_ref());
        for batch in pages(other.as_ref()) {
            builder.add_other(&batch, &roles);
        }
    }
    let of = match builder.events() > own {
        true => "this result and the kept ones like it",
        false => "this result",
    };
    (builder.build(), of)
}

/// The kept results with these columns, the newest first. What cannot be read tells no past.
fn kept(keeping: &Keeping, columns: &[Column]) -> Vec<RowsHandle> {
    let listing = keeping.results.list();
    let mut results = listing.map_or_else(|_| Vec::new(), |listing| listing.results);
    results.retain(|result| {
        let names = result.columns.iter().map(|column| &column.display);
        result.rows <= MOST_ROWS && names.eq(columns.iter().map(|column| &column.name))
    });
    results.sort_by_key(|result| std::cmp::Reverse(result.ended));
    results
        .iter()
        .take(MOST_RESULTS)
        .filter_map(|result| Some(keeping.results.rows(&result.name).ok()? as RowsHandle))
        .collect()
}

fn roles_of(rows: &dyn Rows) -> Roles {
    let schema = rows.schema();
    let types: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.data_type())
        .collect();
    Roles::of(rows.columns(), &types)
}

/// `45,000 events in 7 days of the lake`.
fn told(history: &History, of: &str) -> String {
    let events = history.events();
    let noun = if events == 1 { "event" } else { "events" };
    let events = group_digits(events);
    match history.hours() {
        None => format!("{events} {noun} of {of}"),
        Some(hours) if hours < 48 => format!("{events} {noun} in {hours} hours of {of}"),
        Some(hours) => format!("{events} {noun} in {} days of {of}", hours / 24),
    }
}

/// The rows of every page, in order, up to the first that cannot be read back.
fn pages(rows: &dyn Rows) -> impl Iterator<Item = RecordBatch> {
    let mut row = 0;
    std::iter::from_fn(move || {
        let page = rows.page(row)?;
        // The last page may have grown since the one before was asked for.
        let known = row.checked_sub(page.first_row)?;
        let rows = page.batch.num_rows().checked_sub(known)?;
        row += rows;
        (rows > 0).then(|| page.batch.slice(known, rows))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray, TimestampMillisecondArray};

    use super::*;
    use crate::store::testing::OnePage;

    #[test]
    fn a_result_is_its_own_past_where_there_is_no_other() {
        let hour = 3_600_000;
        let times = (0..100).map(|n| n * hour);
        let names = (0..100).map(|n| if n == 70 { "StopLogging" } else { "GetObject" });
        let columns: Vec<(&str, ArrayRef)> = vec![
            (
                "time_dt",
                Arc::new(TimestampMillisecondArray::from_iter_values(times)),
            ),
            ("operation", Arc::new(StringArray::from_iter_values(names))),
        ];
        let rows = OnePage::of(RecordBatch::try_from_iter(columns).unwrap());
        let roles = roles_of(&rows);
        let (history, of) = of_results(&rows, &roles, None);
        assert_eq!(told(&history, of), "100 events in 4 days of this result");
        let scores: Vec<_> = pages(&rows)
            .flat_map(|batch| history.score(&batch, &roles))
            .collect();
        let most = scores.iter().map(|s| s.surprise).fold(f64::MIN, f64::max);
        assert_eq!((scores.len(), scores[70].surprise), (100, most));
        assert_eq!(&*scores[70].reason, "the only StopLogging in 4 days");
    }
}
