//! From a request to a plan: translated, names looked up, planned, checked, started or estimated.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::TableProvider;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::sqlparser::ast::{Statement, Visit};
use tokio::runtime::Handle;

use super::asked::Asked;
use super::columns_of::ColumnsOf;
use super::dialect::Translated;
use super::errors::explain;
use super::estimate::Reader;
use super::footer::FooterCache;
use super::lake::remote::RemoteLake;
use super::lake::{NamedTable, Names, Snapshot, TableKey};
use super::narrow::narrow_unnested;
use super::output::result_schema;
use super::scope::Scope;
use super::scout::Scout;
use super::watch::Watch;
use super::{
    FOOTER_BYTES, Inner, LakeHome, attached, dialect, estimate, fields, information, run, session,
};
use crate::domain::lake::ObjectVersion;
use crate::domain::query::{QueryError, QueryErrorKind, QueryRequest, Route, ScanEstimate};
use crate::domain::rows::Column;
use crate::domain::size::Size;
use crate::ports::{RunControl, RunningQuery};

/// Bytes of attached objects that are fetched without asking the person who waits for them.
const UNASKED: u64 = 64 << 20;

/// A statement with everything that it needs to run.
struct Planned {
    state: SessionState,
    plan: Arc<dyn ExecutionPlan>,
    columns: Vec<Column>,
    watch: Arc<Watch>,
    footers: Arc<FooterCache>,
}

impl Planned {
    /// The plan has what it needs of the footers; what is read again is looked for on disk.
    fn let_go(&self) {
        self.footers.limit(FOOTER_BYTES);
    }
}

/// Plans a request and starts it.
pub(super) async fn start(
    inner: &Inner,
    runtime: &Handle,
    request: QueryRequest,
    control: &RunControl,
) -> Result<RunningQuery, QueryError> {
    let planned = plan(inner, &request, Some(control)).await?;
    let schema = result_schema(&planned.plan.schema());
    let estimate = estimate::estimate(&planned.plan, &planned.watch.ends(), Reader::Here);
    planned.let_go();
    planned.watch.planned(estimate.files_known, estimate.files);
    if let Some(allowed) = request.max_bytes
        && estimate.bytes > allowed
    {
        return Err(too_large(estimate.bytes, allowed));
    }
    let objects = planned.watch.objects();
    if let Some(first) = objects.first()
        && estimate.bytes > UNASKED
        && request.attended
        && !request.confirmed
    {
        return Err(much(first, estimate.bytes));
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
    let planned = plan(inner, &request, None).await?;
    // Over a lake on AWS, who asks for the service's answer asks what the service would scan.
    let reader = match request.route {
        Route::Service => Reader::Service,
        Route::Direct => Reader::Here,
    };
    Ok(ScanEstimate {
        notes: planned.watch.notes(),
        ..estimate::estimate(&planned.plan, &planned.watch.ends(), reader)
    })
}

/// What is asked before much of an attached object comes over the network.
fn much(object: &ObjectVersion, bytes: u64) -> QueryError {
    let question = format!(
        "{} of {} come over the network: read them all the same?",
        Size(bytes),
        object.location()
    );
    QueryError::new(QueryErrorKind::Unconfirmed, question)
        .with_hint("fewer columns are fewer bytes: its table can be asked for some")
}

fn too_large(bytes: u64, allowed: u64) -> QueryError {
    QueryError::new(
        QueryErrorKind::TooLarge,
        format!("the query would read {bytes} bytes, and {allowed} are allowed"),
    )
    .with_hint("narrow the time range or the columns, or allow more bytes")
}

/// What is asked, and of whom.
struct Question<'a> {
    inner: &'a Inner,
    translated: &'a Translated,
    asked: &'a Asked,
    attached: BTreeMap<String, Arc<dyn TableProvider>>,
    watch: Arc<Watch>,
    /// Bytes that it may read.
    allowed: Option<u64>,
    /// Whether rows come as they stand in the file.
    in_order: bool,
}

/// The files that a statement is planned over.
struct View {
    snapshot: Arc<Snapshot>,
    names: Arc<Names>,
    footers: Arc<FooterCache>,
    columns: Arc<ColumnsOf>,
    remote: Option<Arc<RemoteLake>>,
    /// The moment of `now()`; the present one if `None`.
    at: Option<DateTime<Utc>>,
}

/// A statement whose names are found.
struct Named {
    scope: Arc<Scope>,
    state: SessionState,
    plan: LogicalPlan,
}

async fn plan(
    inner: &Inner,
    request: &QueryRequest,
    control: Option<&RunControl>,
) -> Result<Planned, QueryError> {
    let translated = dialect::translate(&request.sql, &request.parameters)?;
    let mut asked = Asked::default();
    // The visitor never breaks off.
    let _ = translated.statement.visit(&mut asked);
    let watch = Arc::new(Watch::of(control.is_some()));
    if let Some(control) = control {
        watch.traffic.tell(control.clone());
    }
    let mut attached: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
    for file in &request.attached {
        let table = attached::table(file, inner, &watch).await?;
        attached.insert(file.name.to_lowercase(), table);
    }
    let question = Question {
        inner,
        translated: &translated,
        asked: &asked,
        attached,
        watch: Arc::clone(&watch),
        allowed: request.max_bytes,
        in_order: request.in_order,
    };
    let view = match &inner.lake {
        LakeHome::S3(lake) => question.look(lake).await?,
        LakeHome::Folder(_) | LakeHome::Nowhere => question.list()?,
    };
    let named = question.named(&view, None).await?;
    let plan = question.physical(&named).await.and_then(|plan| {
        narrow_unnested(plan).map_err(|error| question.explained(&named.scope, &error))
    });
    let plan = plan.map_err(|error| translated.refuse_subquery(error))?;
    Ok(Planned {
        columns: translated.columns(&plan.schema()),
        state: named.state,
        plan,
        watch,
        footers: view.footers,
    })
}

impl Question<'_> {
    /// Lists the lake's folder.
    fn list(&self) -> Result<View, QueryError> {
        let inner = self.inner;
        let snapshot = inner.snapshot();
        for problem in &snapshot.problems {
            self.watch.note(problem.clone());
        }
        let names = Arc::new(inner.names(&snapshot));
        self.asked.check(&names, &self.attached)?;
        Ok(View {
            snapshot,
            names,
            footers: Arc::clone(&inner.footers),
            columns: Arc::clone(&inner.columns),
            remote: None,
            at: None,
        })
    }

    /// Finds the objects of S3 that the statement may need ([`Scout`]).
    async fn look(&self, lake: &Arc<RemoteLake>) -> Result<View, QueryError> {
        let footers = Arc::new(FooterCache::above(&self.inner.footers));
        let scout = Arc::new(Scout::new(lake, &footers, &self.watch, self.allowed));
        let names_now = || {
            let last_parts = self.asked.tables();
            Arc::new(lake.names(last_parts.filter_map(|parts| parts.last().copied())))
        };
        let mut names = names_now();
        if let Err(unknown) = self.asked.check(&names, &self.attached) {
            // A custom source is named by nothing but its prefix.
            let looked = lake.find_custom(&self.watch.traffic).await;
            if looked.is_err() {
                return Err(unknown);
            }
            names = names_now();
            self.asked.check(&names, &self.attached)?;
        }
        let tables: Vec<&NamedTable> = self
            .asked
            .tables()
            .filter_map(|parts| names.find(&parts))
            .collect();
        for table in &tables {
            let documented = matches!(table.key, TableKey::Native(_, _));
            if !documented || self.asked.described {
                scout.sample(table).await?;
            }
        }
        let view = |at| View {
            snapshot: Arc::new(scout.snapshot()),
            names: Arc::clone(&names),
            footers: Arc::clone(&footers),
            // What was found is found for this statement alone.
            columns: Arc::default(),
            remote: Some(Arc::clone(lake)),
            at,
        };
        let named = match self.named(&view(None), Some(&scout)).await {
            Ok(named) => named,
            Err(error) => {
                // The column may be one that objects add to the documented ones.
                let mut more = false;
                for table in &tables {
                    more |= scout.sample(table).await?;
                }
                if !more {
                    return Err(error);
                }
                self.named(&view(None), Some(&scout)).await?
            }
        };
        self.physical(&named)
            .await
            .map_err(|error| self.translated.refuse_subquery(error))?;
        let props = named.state.execution_props();
        Ok(view(props.query_execution_start_time))
    }

    /// Finds the names of the statement among a view's tables.
    async fn named(&self, view: &View, scout: Option<&Arc<Scout>>) -> Result<Named, QueryError> {
        let scope = |deep| {
            Arc::new(Scope {
                snapshot: Arc::clone(&view.snapshot),
                names: Arc::clone(&view.names),
                footers: Arc::clone(&view.footers),
                columns: Arc::clone(&view.columns),
                remote: view.remote.clone(),
                scout: scout.cloned(),
                watch: Arc::clone(&self.watch),
                threads: self.inner.options.threads.max(1),
                deep,
                path: self.asked.path,
                attached: self.attached.clone(),
                made: Mutex::new(HashMap::new()),
            })
        };
        let template = self.inner.template()?;
        let for_query = |scope: &Arc<Scope>| {
            let mut state = session::for_query(template, scope);
            if let Some(at) = view.at {
                state.execution_props_mut().query_execution_start_time = Some(at);
            }
            if self.in_order {
                // One after the other: rows that are read side by side come as they are done.
                let options = state.config_mut().options_mut();
                options.execution.target_partitions = 1;
            }
            state
        };
        let mut seen = scope(self.asked.everything);
        let mut state = for_query(&seen);
        let mut logical = logical_plan(&state, self.translated, &seen).await;
        if logical.is_err() && !self.asked.everything {
            // The column may be in a file that the quick look left out.
            seen = scope(true);
            state = for_query(&seen);
            logical = logical_plan(&state, self.translated, &seen).await;
        }
        let plan = logical.map_err(|error| self.explained(&seen, &error))?;
        if is_correlated(&plan) {
            // Fields that are read early lose their names where a subquery becomes a join.
            let options = state.config_mut().options_mut();
            options.optimizer.enable_leaf_expression_pushdown = false;
        }
        Ok(Named {
            scope: seen,
            state,
            plan,
        })
    }

    /// Plans the scans: lists and prunes what they read.
    async fn physical(&self, named: &Named) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        let plan = named.state.create_physical_plan(&named.plan).await;
        plan.map_err(|error| self.explained(&named.scope, &error))
    }

    fn explained(&self, scope: &Scope, error: &DataFusionError) -> QueryError {
        let schemas = || {
            let tables = self.asked.tables().filter_map(|parts| scope.find(&parts));
            tables.map(|table| table.schema()).collect()
        };
        let error = self.translated.locate(explain(error));
        fields::offer(error, self.translated, schemas)
    }
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
