//! Reads only the needed fields of the records in an unnested list.
//!
//! DataFusion pushes the fields that a query names into the Parquet scan, but not through UNNEST:
//! `UNNEST(observables) AS t(o)` with nothing but `o.value` used would read every leaf of
//! `observables`. Where all that stands above the UNNEST names fields of the record, the scan is
//! asked for a list of narrower records, of which the Parquet reader decodes no other leaves.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::functions::core::getfield::GetFieldFunc;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::unnest::UnnestExec;

/// The plan with the lists of its scans made narrow where that changes nothing but the reading.
pub(super) fn narrow_unnested(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        Ok(match narrowed(&node)? {
            Some(narrow) => Transformed::yes(narrow),
            None => Transformed::no(node),
        })
    })
    .data()
}

/// A projection over an UNNEST of a scan, perhaps with a filter between, narrowed.
fn narrowed(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(projection) = node.downcast_ref::<ProjectionExec>() else {
        return Ok(None);
    };
    let mut exprs: Vec<Arc<dyn PhysicalExpr>> = projection
        .expr()
        .iter()
        .map(|projected| Arc::clone(&projected.expr))
        .collect();
    let below = projection.input();
    if let Some(unnest) = below.downcast_ref::<UnnestExec>() {
        let narrow = narrow_unnest(unnest, &exprs)?;
        return narrow.map(|narrow| over(node, narrow)).transpose();
    }
    let Some(filter) = below.downcast_ref::<FilterExec>() else {
        return Ok(None);
    };
    let Some(unnest) = filter.input().downcast_ref::<UnnestExec>() else {
        return Ok(None);
    };
    if filter.projection().is_some() {
        return Ok(None);
    }
    exprs.push(Arc::clone(filter.predicate()));
    let Some(narrow) = narrow_unnest(unnest, &exprs)? else {
        return Ok(None);
    };
    over(node, over(below, narrow)?).map(Some)
}

/// The same operator over another input.
fn over(
    node: &Arc<dyn ExecutionPlan>,
    input: Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Arc::clone(node).replace_children(vec![input], options)
}

fn narrow_unnest(
    unnest: &UnnestExec,
    exprs: &[Arc<dyn PhysicalExpr>],
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let scan = unnest.input();
    let (before, after) = (scan.schema(), unnest.schema());
    if !scan.is::<DataSourceExec>()
        || !unnest.struct_column_indices().is_empty()
        || before.fields().len() != after.fields().len()
    {
        return Ok(None);
    }
    let mut scanned: Vec<FieldRef> = before.fields().to_vec();
    let mut unnested: Vec<FieldRef> = after.fields().to_vec();
    let mut changed = false;
    for list in unnest.list_column_indices() {
        let at = list.index_in_input_schema;
        let (DataType::List(item), DataType::Struct(fields)) =
            (before.field(at).data_type(), after.field(at).data_type())
        else {
            continue;
        };
        let Some(needed) = needed_fields(exprs, at) else {
            continue;
        };
        let kept: Vec<FieldRef> = fields
            .iter()
            .filter(|field| needed.contains(field.name()))
            .cloned()
            .collect();
        if list.depth != 1 || kept.is_empty() || kept.len() == fields.len() {
            continue;
        }
        let record = DataType::Struct(kept.into());
        let item = Field::new(item.name(), record.clone(), item.is_nullable());
        scanned[at] = retyped(before.field(at), DataType::List(Arc::new(item)));
        unnested[at] = retyped(after.field(at), record);
        changed = true;
    }
    if !changed {
        return Ok(None);
    }
    let projection = scanned.iter().enumerate().map(|(at, field)| {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(before.field(at).name(), at));
        let expr = if field.data_type() == before.field(at).data_type() {
            column
        } else {
            Arc::new(CastExpr::new(column, field.data_type().clone(), None))
        };
        ProjectionExpr::new(expr, field.name())
    });
    let projection = ProjectionExec::try_new(projection.collect::<Vec<_>>(), Arc::clone(scan))?;
    let Some(scan) = scan.try_swapping_with_projection(&projection)? else {
        return Ok(None);
    };
    let narrow = UnnestExec::new(
        scan,
        unnest.list_column_indices().to_vec(),
        Vec::new(),
        Arc::new(Schema::new(unnested)),
        unnest.options().clone(),
    )?;
    Ok(Some(Arc::new(narrow)))
}

fn retyped(field: &Field, data_type: DataType) -> FieldRef {
    Arc::new(field.clone().with_data_type(data_type))
}

/// The fields of a column that expressions name; `None` where one of them needs the whole.
fn needed_fields(exprs: &[Arc<dyn PhysicalExpr>], column: usize) -> Option<BTreeSet<String>> {
    let mut needed = BTreeSet::new();
    let mut whole = false;
    for expr in exprs {
        // The visitor never fails.
        let _ = expr.apply(|node| {
            if let Some(field) = field_of(node, column) {
                needed.insert(field);
                return Ok(TreeNodeRecursion::Jump);
            }
            whole |= node
                .downcast_ref::<Column>()
                .is_some_and(|found| found.index() == column);
            Ok(TreeNodeRecursion::Continue)
        });
    }
    (!whole).then_some(needed)
}

/// The first field that a field access takes of a column.
fn field_of(expr: &Arc<dyn PhysicalExpr>, column: usize) -> Option<String> {
    let call = ScalarFunctionExpr::try_downcast_func::<GetFieldFunc>(expr.as_ref())?;
    let (base, fields) = call.args().split_first()?;
    if base.downcast_ref::<Column>()?.index() != column {
        return None;
    }
    let first = fields.first()?.downcast_ref::<Literal>()?;
    first.value().try_as_str().flatten().map(str::to_owned)
}
