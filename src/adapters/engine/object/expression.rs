//! Predicates and values of Athena's SQL over the columns of one row, planned once and evaluated on
//! batches.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Optimizer;
use datafusion::optimizer::simplify_expressions::SimplifyExpressions;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::utils::{conjunction, reassign_expr_columns, split_conjunction};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use futures::FutureExt as _;

use super::layout::FieldPath;
use crate::adapters::engine::dialect::{self, Translated};
use crate::adapters::engine::errors::explain;
use crate::adapters::engine::lake::FOLDER_DATABASE;
use crate::adapters::engine::lambdas::lambdas_apart;
use crate::adapters::engine::scope::CATALOG;
use crate::adapters::engine::session;
use crate::domain::query::{QueryError, QueryErrorKind};

/// The name that the one table of an expression has.
const TABLE: &str = "rows_of_an_object";

/// Memory for what expressions might need beside their arrays; they need none.
const MEMORY: usize = 64 << 20;

/// Plans expressions.
pub(crate) struct Expressions {
    template: SessionState,
}

/// SQL with the literals of its `?`.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) parameters: Vec<String>,
}

impl Sql {
    /// SQL without a `?`.
    pub(crate) fn plain(text: String) -> Self {
        Self {
            text,
            parameters: Vec::new(),
        }
    }
}

impl Expressions {
    /// A planner with the engine's dialect and functions.
    pub(crate) fn new() -> Result<Self, QueryError> {
        let template = session::template(MEMORY, 1, None).map_err(|error| explain(&error))?;
        Ok(Self { template })
    }

    /// Plans expressions over these columns, each for itself: one that cannot be planned says why,
    /// and stops no other.
    pub(crate) fn plan(
        &self,
        columns: &SchemaRef,
        all: &[Sql],
    ) -> Vec<Result<RowExpression, QueryError>> {
        // All at once is quicker by far, and almost always goes well.
        if let Ok(planned) = self.plan_together(columns, all) {
            return planned.into_iter().map(Ok).collect();
        }
        all.iter()
            .map(|one| {
                let mut planned = self.plan_together(columns, std::slice::from_ref(one))?;
                planned.pop().ok_or_else(unplanned)
            })
            .collect()
    }

    fn plan_together(
        &self,
        columns: &SchemaRef,
        all: &[Sql],
    ) -> Result<Vec<RowExpression>, QueryError> {
        let mut text = "SELECT ".to_owned();
        let mut parameters = Vec::new();
        for (at, one) in all.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            // A line of its own, so that a comment at its end comments nothing else away.
            text.push_str(&format!("{comma}(\n{}\n) AS x{at}", one.text));
            parameters.extend(one.parameters.iter().cloned());
        }
        text.push_str(&format!(" FROM {TABLE}"));
        let translated = dialect::translate(&text, &parameters)?;
        let state = self.state(columns).map_err(|error| explain(&error))?;
        let planned =
            planned(&state, &translated).map_err(|error| translated.locate(explain(&error)))?;
        match planned.len() == all.len() {
            true => Ok(planned),
            // Something in an expression ended it and began another.
            false => Err(unplanned()),
        }
    }

    fn state(&self, columns: &SchemaRef) -> Result<SessionState, DataFusionError> {
        let schema = MemorySchemaProvider::new();
        let table = EmptyTable::new(Arc::clone(columns));
        schema.register_table(TABLE.to_owned(), Arc::new(table))?;
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(FOLDER_DATABASE, Arc::new(schema))?;
        let list = MemoryCatalogProviderList::new();
        list.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let mut state = self.template.clone();
        state.mark_start_execution();
        state.register_catalog_list(Arc::new(list));
        Ok(state)
    }
}

fn unplanned() -> QueryError {
    QueryError::new(
        QueryErrorKind::Invalid,
        "it is not one expression about one row",
    )
    .with_hint("write a condition such as `severity_id >= 4`, without SELECT and without `;`")
}

fn planned(
    state: &SessionState,
    translated: &Translated,
) -> Result<Vec<RowExpression>, DataFusionError> {
    // Nothing is waited for: the one table is in memory.
    let plan = state
        .statement_to_plan(translated.plannable())
        .now_or_never()
        .unwrap_or_else(|| {
            Err(DataFusionError::Plan(
                "it asks for more than a row".to_owned(),
            ))
        })?;
    let analyzer = state.analyzer();
    let plan = analyzer.execute_and_check(plan, state.config_options(), |_, _| {})?;
    let simplify = Optimizer::with_rules(vec![Arc::new(SimplifyExpressions::new())]);
    let plan = simplify.optimize(plan, state, |_, _| {})?;
    let LogicalPlan::Projection(projection) = &plan else {
        return Err(DataFusionError::Plan("it is no expression".to_owned()));
    };
    let of_the_row = matches!(projection.input.as_ref(), LogicalPlan::TableScan(_));
    if !of_the_row {
        let told = "it asks about more than one row".to_owned();
        return Err(DataFusionError::Plan(told));
    }
    let schema = projection.input.schema();
    projection
        .expr
        .iter()
        .map(|expr| {
            let expr = state.create_physical_expr(expr.clone().unalias(), schema)?;
            Ok(RowExpression::of(lambdas_apart(expr)?.data))
        })
        .collect()
}

/// An expression over the columns of a row.
#[derive(Debug, Clone)]
pub(crate) struct RowExpression {
    expr: Arc<dyn PhysicalExpr>,
    needs: BTreeSet<FieldPath>,
}

impl RowExpression {
    fn of(expr: Arc<dyn PhysicalExpr>) -> Self {
        let mut needs = BTreeSet::new();
        collect(&expr, &mut needs);
        Self { expr, needs }
    }

    /// What it reads.
    pub(crate) fn needs(&self) -> &BTreeSet<FieldPath> {
        &self.needs
    }

    /// Of the parts that all have to be true, those that read only what is cheap; and whether these
    /// are all of them.
    pub(crate) fn cheap_part(&self, is_cheap: impl Fn(&FieldPath) -> bool) -> (Option<Self>, bool) {
        let parts: Vec<Self> = split_conjunction(&self.expr)
            .into_iter()
            .map(|part| Self::of(Arc::clone(part)))
            .collect();
        let count = parts.len();
        let cheap: Vec<Arc<dyn PhysicalExpr>> = parts
            .into_iter()
            .filter(|part| part.needs.iter().all(&is_cheap))
            .map(|part| part.expr)
            .collect();
        match cheap.len() {
            0 => (None, false),
            kept => (Some(Self::of(conjunction(cheap))), kept == count),
        }
    }

    /// The same for batches with these columns.
    pub(crate) fn bound(&self, schema: &Schema) -> Result<BoundExpression, String> {
        reassign_expr_columns(Arc::clone(&self.expr), schema)
            .map(BoundExpression)
            .map_err(|error| first_line(&error))
    }
}

/// An expression over the columns of batches.
#[derive(Debug, Clone)]
pub(crate) struct BoundExpression(Arc<dyn PhysicalExpr>);

impl BoundExpression {
    /// For which rows it is true. NULL is not true.
    pub(crate) fn test(&self, batch: &RecordBatch) -> Result<BooleanArray, String> {
        let values = self.values(batch)?;
        let truth = values
            .as_boolean_opt()
            .ok_or_else(|| "it is neither true nor false".to_owned())?;
        Ok(match truth.nulls() {
            Some(nulls) => BooleanArray::new(truth.values() & nulls.inner(), None),
            None => truth.clone(),
        })
    }

    /// Its value for each row.
    pub(crate) fn values(&self, batch: &RecordBatch) -> Result<ArrayRef, String> {
        let value = self.0.evaluate(batch).map_err(|error| first_line(&error))?;
        let values = value
            .into_array(batch.num_rows())
            .map_err(|error| first_line(&error))?;
        match values.data_type() {
            // Plans whose every part is NULL.
            DataType::Null => Ok(arrow::array::new_null_array(
                &DataType::Boolean,
                batch.num_rows(),
            )),
            _ => Ok(values),
        }
    }
}

fn first_line(error: &DataFusionError) -> String {
    let text = explain(error).message;
    text.lines().next().unwrap_or_default().to_owned()
}

fn collect(expr: &Arc<dyn PhysicalExpr>, found: &mut BTreeSet<FieldPath>) {
    match path_of(expr) {
        Some(path) => {
            found.insert(path);
        }
        None => {
            for child in expr.children() {
                collect(child, found);
            }
        }
    }
}

/// The field that an expression is, if it is nothing but that.
fn path_of(expr: &Arc<dyn PhysicalExpr>) -> Option<FieldPath> {
    if let Some(column) = expr.downcast_ref::<Column>() {
        return Some(vec![column.name().to_owned()]);
    }
    let call = expr.downcast_ref::<ScalarFunctionExpr>()?;
    if call.fun().name() != "get_field" {
        return None;
    }
    let (base, names) = call.args().split_first()?;
    let mut path = path_of(base)?;
    for name in names {
        let literal = name.downcast_ref::<Literal>()?;
        match literal.value() {
            ScalarValue::Utf8(Some(name))
            | ScalarValue::Utf8View(Some(name))
            | ScalarValue::LargeUtf8(Some(name)) => path.push(name.clone()),
            _ => return None,
        }
    }
    Some(path)
}
