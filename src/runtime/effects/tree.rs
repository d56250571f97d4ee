//! Stitching credentials into trees.

use std::sync::Arc;

use super::{Effects, Run, lock};
use crate::ports::RunControl;
use crate::runtime::lineage;
use crate::sql::pivot::LineageRequests;
use crate::store::event::Event;

impl Effects {
    /// Asks both statements and stitches what they answer; both are stopped by the first one's id.
    pub(super) fn stitch(&self, requests: LineageRequests) {
        let id = requests.issued.id;
        let control = RunControl::default();
        let run = Run {
            control: control.clone(),
            rows: None,
        };
        self.lock_runs().insert(id, run);
        let queries = Arc::clone(&self.services.queries);
        let (answers, runs) = (self.answers.clone(), Arc::clone(&self.runs));
        self.runtime.spawn(async move {
            let outcome = lineage(queries.as_ref(), requests, control).await;
            lock(&runs).remove(&id);
            let event = Event::Lineage(id, outcome.map(Arc::new));
            let _ = answers.send(event).await;
        });
    }
}
