//! Running a planned query: its rows through a bounded channel, stopped by dropping the other end.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::FutureExt;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::errors::explain;
use super::output::result_batch;
use super::stop::make_stoppable;
use super::watch::Watch;
use crate::domain::query::{QueryError, QueryErrorKind};
use crate::ports::RunControl;

/// Batches that may wait for their reader.
const WAITING: usize = 4;

enum Message {
    Batch(RecordBatch),
    Failed(QueryError),
    Finished,
}

/// Stops the query when the reader lets go.
struct Running {
    batches: mpsc::Receiver<Message>,
    task: AbortHandle,
    watch: Arc<Watch>,
    over: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watch.stop();
        self.task.abort();
    }
}

/// Starts a plan on the engine's runtime and gives its rows.
pub(super) fn start(
    runtime: &Handle,
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    schema: SchemaRef,
    watch: Arc<Watch>,
    closing: Arc<AtomicBool>,
) -> BoxStream<'static, Result<RecordBatch, QueryError>> {
    let (sender, batches) = mpsc::channel(WAITING);
    let for_reader = Arc::clone(&watch);
    let task = runtime.spawn(async move {
        let ended = AssertUnwindSafe(drive(plan, context, schema, watch, &sender))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(engine_fault()));
        let last = match ended {
            Ok(()) => Message::Finished,
            // The engine's own end makes its operators fail in many ways.
            Err(_) if closing.load(Ordering::Relaxed) => Message::Failed(stopped()),
            Err(error) => Message::Failed(error),
        };
        // The reader may have gone: then nobody waits for this.
        let _ = sender.send(last).await;
    });
    let running = Running {
        batches,
        task: task.abort_handle(),
        watch: for_reader,
        over: false,
    };
    stream::unfold(running, |mut running| async move {
        if running.over {
            return None;
        }
        let next = match running.batches.recv().await {
            Some(Message::Batch(batch)) => Ok(batch),
            Some(Message::Finished) => return None,
            Some(Message::Failed(error)) => {
                running.over = true;
                Err(error)
            }
            None => {
                running.over = true;
                Err(stopped())
            }
        };
        Some((next, running))
    })
    .boxed()
}

/// The rows until the run is asked to stop; then the query is let go of, and the last word is that
/// it was stopped.
pub(super) fn until_stopped(
    batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
    control: RunControl,
) -> BoxStream<'static, Result<RecordBatch, QueryError>> {
    stream::unfold(Some((batches, control)), |open| async move {
        let (mut batches, control) = open?;
        tokio::select! {
            biased;
            () = control.stopping() => Some((Err(stopped()), None)),
            next = batches.next() => next.map(|next| (next, Some((batches, control)))),
        }
    })
    .boxed()
}

async fn drive(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    schema: SchemaRef,
    watch: Arc<Watch>,
    sender: &mpsc::Sender<Message>,
) -> Result<(), QueryError> {
    let plan = make_stoppable(plan, &watch).map_err(|error| explain(&error))?;
    let mut rows = execute_stream(plan, context).map_err(|error| explain(&error))?;
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(|error| explain(&error))?;
        if batch.num_rows() == 0 {
            continue;
        }
        let batch = result_batch(&batch, &schema).map_err(|error| explain(&error.into()))?;
        watch.out(batch.num_rows());
        if sender.send(Message::Batch(batch)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// The end of a query that nobody waits for any more.
pub(super) fn stopped() -> QueryError {
    QueryError::new(QueryErrorKind::Cancelled, "the query was stopped")
}

/// What a panic inside the engine is to its caller.
pub(super) fn engine_fault() -> QueryError {
    QueryError::new(
        QueryErrorKind::Internal,
        "the engine failed while it ran the query",
    )
    .with_hint("this is a fault of the program: please report the statement")
}

/// Stops a task when whoever waits for it lets go.
pub(super) struct AbortOnDrop<T>(pub(super) tokio::task::JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
