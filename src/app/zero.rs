//! Finds out why a statement has no row: runs the probes that the judge asks for.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::ArrayRef;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use tokio::time::timeout;

use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::coverage::Coverage;
use crate::domain::emptiness::Explanation;
use crate::domain::query::{QueryError, QueryErrorKind, QueryRequest};
use crate::ports::{Catalog, QueryService, RunControl};
use crate::sql::emptiness::{Answers, Cells, Probe, Question, judge};
use crate::sql::parameters::in_place;

/// How long one probe may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whom to ask about a lake.
#[derive(Clone)]
pub struct Asked {
    /// Runs the probes.
    pub queries: Arc<dyn QueryService>,
    /// Knows the objects.
    pub catalog: Arc<dyn Catalog>,
    /// Whether bytes that are read cost money.
    pub paid: bool,
}

/// Why the statement of a request has no row. `seen` are objects that are known otherwise, by
/// notifications; they count where the catalogue does not list the lake's.
///
/// # Errors
///
/// A statement whose parameters do not fit, and the failures of the catalogue. A probe that fails is
/// part of the explanation.
pub async fn explain_empty(
    asked: &Asked,
    request: &QueryRequest,
    seen: Option<&Coverage>,
    now: DateTime<Utc>,
) -> Result<Explanation, QueryError> {
    let sql = in_place(&request.sql, &request.parameters).ok_or_else(|| {
        QueryError::new(
            QueryErrorKind::Invalid,
            "the statement's parameters do not fit its text",
        )
    })?;
    // A file that the statement names as a table is no source of the lake.
    let listed = match request.attached.is_empty() {
        true => asked.catalog.coverage().await?,
        false => None,
    };
    let question = Question {
        sql: &sql,
        now,
        coverage: listed.as_ref().or(seen),
        paid: asked.paid,
    };
    let mut answers = Answers::default();
    loop {
        match judge(&question, &answers) {
            Ok(told) => return Ok(told),
            Err(probe) => {
                let answer = ran(asked, request, &probe).await;
                answers.add(&probe, answer.map_err(|error| error.message));
            }
        }
    }
}

/// The rows of a probe. Nobody is asked to agree to it: what a service wants agreed to fails.
async fn ran(asked: &Asked, request: &QueryRequest, probe: &Probe) -> Result<Cells, QueryError> {
    let request = QueryRequest {
        sql: probe.sql.clone(),
        parameters: Vec::new(),
        resume: None,
        fresh: true,
        attended: false,
        confirmed: false,
        ..request.clone()
    };
    let control = RunControl::default();
    let reading = async {
        let mut running = asked.queries.start(request, control.clone()).await?;
        let mut cells: Cells = Vec::new();
        while let Some(batch) = running.batches.next().await {
            let batch = batch?;
            let row = |row: usize| {
                let column = |array: &ArrayRef| Cell::of(array, row).text(TimeStyle::Athena);
                batch.columns().iter().map(column).collect()
            };
            cells.extend((0..batch.num_rows()).map(row));
        }
        running.monitor.settle().await;
        Ok(cells)
    };
    match timeout(PATIENCE, reading).await {
        Ok(cells) => cells,
        Err(_) => {
            control.stop();
            Err(QueryError::new(
                QueryErrorKind::Busy,
                format!("counting took longer than {} s", PATIENCE.as_secs()),
            ))
        }
    }
}
