//! Runs the two statements of credential lineage and stitches what they give.

use futures::StreamExt;

use crate::domain::lineage::batches::{BatchError, take_issued, take_used};
use crate::domain::lineage::{Forest, Stitcher};
use crate::domain::query::{QueryError, QueryErrorKind, QueryId, QueryRequest};
use crate::ports::{QueryService, RunControl};
use crate::sql::pivot::LineageStatements;

use arrow::array::RecordBatch;

/// The requests for both statements.
#[derive(Debug, Clone, PartialEq)]
pub struct LineageRequests {
    /// The calls that gave credentials out.
    pub issued: QueryRequest,
    /// What was done with each credential.
    pub used: QueryRequest,
}

impl LineageRequests {
    /// Requests for statements under ids of their own, which nobody has to be asked about yet.
    pub fn new(ids: [QueryId; 2], statements: LineageStatements) -> Self {
        let request = |id, statement: crate::sql::pivot::PivotStatement| QueryRequest {
            parameters: statement.parameters,
            fresh: true,
            ..QueryRequest::new(id, statement.sql)
        };
        let [issued, used] = ids;
        Self {
            issued: request(issued, statements.issued),
            used: request(used, statements.used),
        }
    }

    /// The same with a change to both.
    #[must_use]
    pub fn with(mut self, change: impl Fn(&mut QueryRequest)) -> Self {
        change(&mut self.issued);
        change(&mut self.used);
        self
    }
}

/// Runs both statements side by side and stitches their rows.
///
/// # Errors
///
/// Those of the service. The kind `Unconfirmed` comes before anything has run: with `confirmed` set
/// on both requests they run.
pub async fn lineage(
    queries: &dyn QueryService,
    requests: LineageRequests,
    control: RunControl,
) -> Result<Forest, QueryError> {
    let (issued, used) = futures::try_join!(
        rows(queries, requests.issued, control.clone()),
        rows(queries, requests.used, control),
    )?;
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
