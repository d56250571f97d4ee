//! From a request to a plan: translated, names looked up, planned, checked, started or estimated.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use datafusion::datasource::TableProvider;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;

use datafusion::sql::sqlparser::ast::Visit;
use tokio::runtime::Handle;

use super::asked::Asked;
use super::dialect::{self, Translated};
use super::errors::explain;
use super::output::result_schema;
use super::scope::Scope;
use super::watch::Watch;
use super::{Inner, run, session};
use crate::domain::query::{QueryError, QueryRequest, ScanEstimate};
use crate::domain::rows::Column;
use crate::ports::RunningQuery;

/// A statement with everything that it needs to run.
struct Planned {
    state: SessionState,
    plan: Arc<dyn ExecutionPlan>,
    columns: Vec<Column>,
    watch: Arc<Watch>,
}

/// Plans a request and starts it.
pub(super) async fn start(
    inner: &Inner,
    runtime: &Handle,
    request: QueryRequest,
) -> Result<RunningQuery, QueryError> {
    let planned = plan(inner, &request).await?;
    let schema = result_schema(&planned.plan.schema());
    let batches = run::start(
        runtime,
        planned.plan,
        planned.state.task_ctx(),
        Arc::clone(&schema),
        Arc::clone(&planned.watch),
    );
    Ok(RunningQuery {
        columns: planned.columns,
        schema,
        batches,
        monitor: planned.watch,
    })
}

/// Plans a request and says what it would read.
pub(super) async fn estimate(
    inner: &Inner,
    request: QueryRequest,
) -> Result<ScanEstimate, QueryError> {
    let planned = plan(inner, &request).await?;
    let _ = planned;
    Ok(ScanEstimate::default())
}

async fn plan(inner: &Inner, request: &QueryRequest) -> Result<Planned, QueryError> {
    let translated = dialect::translate(&request.sql, &request.parameters)?;
    let mut asked = Asked::default();
    let _ = translated.statement.visit(&mut asked);
    let watch = Arc::new(Watch::default());
    let attached: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
    let snapshot = inner.snapshot();
    let names = Arc::new(inner.names(&snapshot));
    let scope = |deep| {
        Arc::new(Scope {
            snapshot: Arc::clone(&snapshot),
            names: Arc::clone(&names),
            footers: Arc::clone(&inner.footers),
            columns: Arc::clone(&inner.columns),
            watch: Arc::clone(&watch),
            threads: inner.options.threads.max(1),
            deep,
            attached: attached.clone(),
            made: Mutex::new(HashMap::new()),
        })
    };
    let template = inner.template()?;
    asked.check(&names, &attached)?;
    let mut state = session::for_query(template, &scope(asked.everything));
    let mut logical = plan_logical(&state, &translated).await;
    if logical.is_err() && !asked.everything {
        state = session::for_query(template, &scope(true));
        logical = plan_logical(&state, &translated).await;
    }
    let logical = logical?;
    let plan = state
        .create_physical_plan(&logical)
        .await
        .map_err(|error| explain(&error))?;
    Ok(Planned {
        state,
        columns: translated.columns(&plan.schema()),
        plan,
        watch,
    })
}

async fn plan_logical(
    state: &SessionState,
    translated: &Translated,
) -> Result<LogicalPlan, QueryError> {
    state
        .statement_to_plan(translated.plannable())
        .await
        .map_err(|error| explain(&error))
}
