//! One query from its start to its last row, and into its rows' store.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Runs, Services, lock};
use crate::adapters::results::ResultStore;
use crate::domain::query::{QueryError, QueryErrorKind, QueryId, QueryProgress, QueryRequest};
use crate::domain::rows::RowsHandle;
use crate::ports::{Clock as _, RunControl, RunningQuery};
use crate::runtime::SystemClock;
use crate::store::event::{Event, QueryNews};

/// How often a running query tells its counts.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Reads one query's batches into its rows.
pub(super) struct Reader {
    pub(super) id: QueryId,
    pub(super) services: Services,
    pub(super) runs: Arc<Runs>,
    pub(super) answers: mpsc::Sender<Event>,
}

impl Reader {
    pub(super) async fn read(
        self,
        request: QueryRequest,
        control: RunControl,
    ) -> Result<QueryNews, QueryError> {
        let mut request = request;
        let keeping = self.services.keeping.as_ref();
        if let Some(keeping) = keeping {
            request.attached.extend(keeping.named_in(&request.sql));
            if let Some(answered) = keeping.answer(&request).await {
                request = answered.request;
                self.tell(QueryNews::Answered(answered.from)).await;
            }
        }
        let started = SystemClock.now();
        let mut running = self.start(request.clone(), control).await?;
        if let Some(name) = self
            .kept_before(&request, Arc::clone(&running.monitor))
            .await
        {
            return Ok(QueryNews::KeptAs(Ok(name)));
        }
        let keeper = keeping.map(|keeping| keeping.begin(&request, &running, started));
        let rows = ResultStore::new(
            running.columns.clone(),
            Arc::clone(&running.schema),
            self.services.result_bytes,
            self.services.spill_dir.clone(),
        );
        let rows = Arc::new(rows);
        if let Some(run) = lock(&self.runs).get_mut(&self.id) {
            run.rows = Some(Arc::clone(&rows) as RowsHandle);
        }
        self.tell(QueryNews::Planned(Arc::clone(&rows) as _)).await;
        let mut ticks = interval(PROGRESS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = Instant::now();
        loop {
            tokio::select! {
                batch = running.batches.next() => match batch {
                    Some(batch) => {
                        let batch = batch?;
                        if let Some(keeper) = &keeper {
                            keeper.append(batch.clone()).await;
                        }
                        rows.append(batch).map_err(|error| {
                            QueryError::new(QueryErrorKind::Resources, error.to_string())
                        })?;
                        if told.elapsed() >= PROGRESS_EVERY {
                            told = Instant::now();
                            self.tell(QueryNews::Progress(running.monitor.progress())).await;
                        }
                    }
                    None => break,
                },
                _ = ticks.tick() => {
                    told = Instant::now();
                    self.tell(QueryNews::Progress(running.monitor.progress())).await;
                }
            }
        }
        let summary = running.monitor.summary();
        let Some(keeper) = keeper else {
            running.monitor.settle().await;
            return Ok(QueryNews::Finished(summary));
        };
        self.tell(QueryNews::Finished(summary.clone())).await;
        let kept = keeper.finish(SystemClock.now(), summary).await;
        if kept.is_ok() {
            running.monitor.settle().await;
        }
        Ok(QueryNews::KeptAs(kept))
    }

    /// Starts the query and tells how far it is until it has rows to give.
    async fn start(
        &self,
        request: QueryRequest,
        control: RunControl,
    ) -> Result<RunningQuery, QueryError> {
        let starting = self.services.queries.start(request, control.clone());
        tokio::pin!(starting);
        let mut told = QueryProgress::default();
        let mut ticks = interval(PROGRESS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                running = &mut starting => return running,
                _ = ticks.tick() => {
                    let waiting = control.waiting();
                    if waiting != told {
                        told = waiting;
                        self.tell(QueryNews::Progress(waiting)).await;
                    }
                }
            }
        }
    }

    pub(super) async fn tell(&self, news: QueryNews) {
        let _ = self.answers.send(Event::Query(self.id, news)).await;
    }
}
