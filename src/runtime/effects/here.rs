//! Looking through results that are open for what a new question asks.

use std::sync::Arc;

use futures::StreamExt;

use super::{Effects, rows};
use crate::domain::query::{QueryId, QueryRequest};
use crate::domain::rows::RowsHandle;
use crate::ports::RunControl;
use crate::store::effect::OrderSpec;
use crate::store::event::{Event, QueryNews};

/// Rows of a result that is looked through for what a new question asks; larger ones would take
/// the machine from the question itself.
const LOOKED_THROUGH: usize = 200_000;

impl Effects {
    /// Counts the rows of results that contain a text as they are shown.
    pub(super) fn find_here(&self, query: QueryId, among: &[QueryId], text: String) {
        let runs = self.lock_runs();
        let rows_of = |of: &QueryId| Some((*of, runs.get(of)?.rows.clone()?));
        let results: Vec<(QueryId, RowsHandle)> = among
            .iter()
            .filter_map(rows_of)
            .filter(|(_, rows)| rows.len() <= LOOKED_THROUGH)
            .collect();
        drop(runs);
        let times = self.services.times;
        self.blocking(move || {
            let spec = OrderSpec::default();
            let count = |(of, rows): (QueryId, RowsHandle)| {
                let found = rows::find(rows.as_ref(), &spec, &text, times).len();
                (found > 0).then_some((of, found))
            };
            let here = results.into_iter().filter_map(count).collect();
            Some(Event::Query(query, QueryNews::Here(here)))
        });
    }

    /// Counts the rows of objects of the feed that answer a question. Where they cannot be read,
    /// the answer of the whole lake is waited for.
    pub(super) fn find_in_feed(&self, request: QueryRequest, objects: usize) {
        let queries = Arc::clone(&self.services.queries);
        let answers = self.answers.clone();
        let query = request.id;
        self.runtime.spawn(async move {
            let mut running = queries.start(request, RunControl::default()).await.ok()?;
            let mut rows = 0;
            while let Some(batch) = running.batches.next().await {
                rows += batch.ok()?.num_rows();
            }
            let news = QueryNews::InFeed { rows, objects };
            answers.send(Event::Query(query, news)).await.ok()
        });
    }
}
