//! From a request to a plan: translated, names looked up, planned, checked, started or estimated.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::TableProvider;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::sqlparser::ast::{Statement, Visit};
use tokio::runtime::Handle;

use super::asked::Asked;
use super::dialect::Translated;
use super::errors::explain;
use super::narrow::narrow_unnested;
use super::output::result_schema;
use super::scope::Scope;
use super::watch::Watch;
use super::{Inner, attached, dialect, estimate, fields, information, run, session};
use crate::domain::query::{QueryError, QueryErrorKind, QueryRequest, ScanEstimate};
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
    let estimate = estimate::estimate(&planned.plan);
    planned.watch.planned(estimate.files_known, estimate.files);
    if let Some(allowed) = request.max_bytes
        && estimate.bytes > allowed
    {
        return Err(too_large(estimate.bytes, allowed));
    }
    let batches = run::start(
        runtime,
        planned.plan,
        planned.state.task_ctx(),
        Arc::clone(&schema),
        Arc::clone(&planned.watch),
        Arc::clone(&inner.closing),
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
    Ok(ScanEstimate {
        notes: planned.watch.notes(),
        ..estimate::estimate(&planned.plan)
    })
}

fn too_large(bytes: u64, allowed: u64) -> QueryError {
    QueryError::new(
        QueryErrorKind::TooLarge,
        format!("the query would read {bytes} bytes, and {allowed} are allowed"),
    )
    .with_hint("narrow the time range or the columns, or allow more bytes")
}

async fn plan(inner: &Inner, request: &QueryRequest) -> Result<Planned, QueryError> {
    let translated = dialect::translate(&request.sql, &request.parameters)?;
    let mut asked = Asked::default();
    // The visitor never breaks off.
    let _ = translated.statement.visit(&mut asked);
    let watch = Arc::new(Watch::default());
    let mut attached: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
    for file in &request.attached {
        let table = attached::table(file, &inner.footers, &watch)?;
        attached.insert(file.name.to_lowercase(), table);
    }
    let snapshot = inner.snapshot();
    for problem in &snapshot.problems {
        watch.note(problem.clone());
    }
    let names = Arc::new(inner.names(&snapshot));
    asked.check(&names, &attached)?;
    let scope = |deep| {
        Arc::new(Scope {
            snapshot: Arc::clone(&snapshot),
            names: Arc::clone(&names),
            footers: Arc::clone(&inner.footers),
            columns: Arc::clone(&inner.columns),
            watch: Arc::clone(&watch),
            threads: inner.options.threads.max(1),
            deep,
            path: asked.path,
            attached: attached.clone(),
            made: Mutex::new(HashMap::new()),
        })
    };
    let template = inner.template()?;
    let mut seen = scope(asked.everything);
    let mut state = session::for_query(template, &seen);
    let mut logical = logical_plan(&state, &translated, &seen).await;
    if logical.is_err() && !asked.everything {
        // The column may be in a file that the quick look left out.
        seen = scope(true);
        state = session::for_query(template, &seen);
        logical = logical_plan(&state, &translated, &seen).await;
    }
    let explained = |error| {
        let schemas = || {
            let tables = asked.tables().filter_map(|parts| seen.find(&parts));
            tables.map(|table| table.schema()).collect()
        };
        fields::offer(translated.locate(explain(&error)), &translated, schemas)
    };
    let logical = logical.map_err(explained)?;
    if is_correlated(&logical) {
        // Fields that are read early lose their names where a subquery becomes a join.
        let options = state.config_mut().options_mut();
        options.optimizer.enable_leaf_expression_pushdown = false;
    }
    let plan = state
        .create_physical_plan(&logical)
        .await
        .and_then(narrow_unnested)
        .map_err(|error| translated.refuse_subquery(explained(error)))?;
    Ok(Planned {
        columns: translated.columns(&plan.schema()),
        state,
        plan,
        watch,
    })
}

/// The plan of a statement: the planner's own, but for DESCRIBE, which shows types as Athena does.
async fn logical_plan(
    state: &SessionState,
    translated: &Translated,
    scope: &Scope,
) -> Result<LogicalPlan, DataFusionError> {
    if let Statement::ExplainTable { table_name, .. } = &translated.statement {
        let idents = table_name.0.iter().filter_map(|part| part.as_ident());
        let parts: Vec<&str> = idents.map(|ident| ident.value.as_str()).collect();
        if let Some(table) = scope.find(&parts) {
            return information::describe(table.as_ref());
        }
    }
    state.statement_to_plan(translated.plannable()).await
}

/// Whether a subquery reads columns of the query around it.
fn is_correlated(plan: &LogicalPlan) -> bool {
    let mut correlated = false;
    let looked = plan.apply_with_subqueries(|node| {
        correlated |= node.contains_outer_reference();
        Ok(if correlated {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    });
    correlated || looked.is_err()
}
