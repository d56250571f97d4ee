//! Runs the two statements of credential lineage and stitches what they give.

use futures::StreamExt;

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
