//! Runs the two statements of credential lineage and stitches what they give.

use futures::StreamExt;

use crate::domain::estimate::Effort;
use crate::domain::lineage::batches::{BatchError, take_issued, take_used};
use crate::domain::lineage::{Forest, Stitcher};
use crate::domain::query::{QueryError, QueryErrorKind, QueryRequest};
use crate::ports::{QueryService, RunControl};
use crate::sql::pivot::LineageRequests;

use arrow::array::RecordBatch;

/// Runs both statements side by side and stitches their rows.
///
/// # Errors
///
/// Those of the service; the statement that did not fail is stopped. Where a person can be asked, the
/// kind `Unconfirmed` comes before anything has run, with what is asked about both statements: with
/// `confirmed` set on both requests they run.
pub async fn lineage(
    queries: &dyn QueryService,
    requests: LineageRequests,
    control: RunControl,
) -> Result<Forest, QueryError> {
    ask_first(queries, &requests).await?;
    // A control of their own: that one stops the other is not the caller's stop.
    let own = RunControl::default();
    let both = async {
        futures::join!(
            rows_or_stop(queries, requests.issued, &own),
            rows_or_stop(queries, requests.used, &own),
        )
    };
    tokio::pin!(both);
    let (issued, used) = tokio::select! {
        ended = &mut both => ended,
        () = control.stopping() => {
            own.stop();
            both.await
        }
    };
    // Of two errors the one that stopped the other.
    let (issued, used) = match (issued, used) {
        (Ok(issued), Ok(used)) => (issued, used),
        (Err(stopped), Err(error)) if stopped.kind == QueryErrorKind::Cancelled => {
            return Err(error);
        }
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let stitch = move || {
        let mut stitcher = Stitcher::default();
        for batch in &issued {
            take_issued(&mut stitcher, batch).map_err(misread)?;
        }
        for batch in &used {
            take_used(&mut stitcher, batch).map_err(misread)?;
        }
        Ok(stitcher.finish())
    };
    let stitched = tokio::task::spawn_blocking(stitch).await;
    stitched.map_err(|error| {
        let message = format!("the stitching of credentials broke off: {error}");
        QueryError::new(QueryErrorKind::Internal, message)
    })?
}

/// What the service would ask about either statement is asked before one of them runs.
async fn ask_first(
    queries: &dyn QueryService,
    requests: &LineageRequests,
) -> Result<(), QueryError> {
    let mut questions = Vec::new();
    for request in [&requests.issued, &requests.used] {
        if !request.attended || request.confirmed {
            continue;
        }
        // Where nothing can be told, the start of the run asks by itself.
        let estimate = queries.estimate(request.clone(), Effort::Quick).await;
        questions.extend(estimate.ok().and_then(|estimate| estimate.question));
    }
    questions.dedup();
    match questions.is_empty() {
        true => Ok(()),
        false => Err(QueryError::new(
            QueryErrorKind::Unconfirmed,
            questions.join("; "),
        )),
    }
}

/// The rows of one statement. Where it fails the other is stopped: dropping one that runs elsewhere
/// would only let go of it.
async fn rows_or_stop(
    queries: &dyn QueryService,
    request: QueryRequest,
    control: &RunControl,
) -> Result<Vec<RecordBatch>, QueryError> {
    let rows = rows(queries, request, control.clone()).await;
    if rows.is_err() {
        control.stop();
    }
    rows
}

async fn rows(
    queries: &dyn QueryService,
    request: QueryRequest,
    control: RunControl,
) -> Result<Vec<RecordBatch>, QueryError> {
    let mut running = queries.start(request, control).await?;
    let mut batches = Vec::new();
    while let Some(batch) = running.batches.next().await {
        batches.push(batch?);
    }
    running.monitor.settle().await;
    Ok(batches)
}

fn misread(error: BatchError) -> QueryError {
    QueryError::new(
        QueryErrorKind::Internal,
        format!("the service gave other rows than were asked for: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::domain::query::{QueryId, ScanEstimate};
    use crate::ports::RunningQuery;

    /// Refuses the first statement, runs the second until it is stopped, and asks about both.
    #[derive(Default)]
    struct Service {
        started: Mutex<Vec<QueryId>>,
    }

    #[async_trait]
    impl QueryService for Service {
        fn name(&self) -> &str {
            "fake"
        }

        async fn start(
            &self,
            request: QueryRequest,
            control: RunControl,
        ) -> Result<RunningQuery, QueryError> {
            self.started.lock().unwrap().push(request.id);
            if request.id == QueryId(1) {
                return Err(QueryError::new(QueryErrorKind::Denied, "not yours"));
            }
            control.stopping().await;
            Err(QueryError::new(QueryErrorKind::Cancelled, "stopped"))
        }

        async fn estimate(
            &self,
            request: QueryRequest,
            _effort: Effort,
        ) -> Result<ScanEstimate, QueryError> {
            Ok(ScanEstimate {
                question: Some(format!("{} is dear", request.id)),
                ..ScanEstimate::default()
            })
        }
    }

    fn requests() -> LineageRequests {
        LineageRequests {
            issued: QueryRequest::new(QueryId(1), "SELECT 1"),
            used: QueryRequest::new(QueryId(2), "SELECT 2"),
        }
    }

    #[tokio::test]
    async fn a_statement_that_fails_stops_the_other() {
        let service = Service::default();
        let outcome = lineage(&service, requests(), RunControl::default()).await;
        assert_eq!(outcome.unwrap_err().kind, QueryErrorKind::Denied);
        assert_eq!(service.started.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn both_are_asked_about_before_one_runs() {
        let service = Service::default();
        let attended = requests().with(|request| request.attended = true);
        let error = lineage(&service, attended.clone(), RunControl::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Unconfirmed);
        assert_eq!(error.message, "q1 is dear; q2 is dear");
        assert!(service.started.lock().unwrap().is_empty());
        let confirmed = attended.with(|request| request.confirmed = true);
        let outcome = lineage(&service, confirmed, RunControl::default()).await;
        assert_eq!(outcome.unwrap_err().kind, QueryErrorKind::Denied);
    }
}
