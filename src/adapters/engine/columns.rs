//! Fits the expressions of a query to each file's own columns.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::nested_struct::{
    requires_nested_struct_cast, validate_data_type_compatibility,
};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column};
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};

/// DataFusion's own adapter (missing columns and fields are NULL, others are cast by name), to
/// which a column that has nothing in common with the table's type is a missing one: a file of
/// foreign make then gives NULL there instead of failing the query.
#[derive(Debug)]
pub(super) struct FitColumns;

impl PhysicalExprAdapterFactory for FitColumns {
    fn create(
        &self,
        logical_file_schema: SchemaRef,
        physical_file_schema: SchemaRef,
    ) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let misfits = misfits(&physical_file_schema, &logical_file_schema);
        let physical = if misfits.is_empty() {
            physical_file_schema
        } else {
            hide(&physical_file_schema, &misfits)
        };
        let fit = DefaultPhysicalExprAdapterFactory.create(logical_file_schema, physical)?;
        Ok(Arc::new(Fit(fit)))
    }
}

/// The default adapter's work with a cast of a cast of a nested column made one: only then does the
/// Parquet reader see which leaves the outer one needs.
#[derive(Debug)]
struct Fit(Arc<dyn PhysicalExprAdapter>);

impl PhysicalExprAdapter for Fit {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        self.0.rewrite(expr)?.transform_up(collapse).data()
    }
}

fn collapse(expr: Arc<dyn PhysicalExpr>) -> Result<Transformed<Arc<dyn PhysicalExpr>>> {
    let inner = expr.downcast_ref::<CastExpr>().and_then(|outer| {
        let inner = outer.expr().downcast_ref::<CastExpr>()?;
        let nested = requires_nested_struct_cast(inner.cast_type(), outer.cast_type());
        (nested && inner.expr().is::<Column>()).then(|| Arc::clone(inner.expr()))
    });
    match inner {
        Some(column) => expr.with_new_children(vec![column]).map(Transformed::yes),
        None => Ok(Transformed::no(expr)),
    }
}

/// The columns of a file that cannot be read as the table's columns of the same name.
pub(super) fn misfits(file: &Schema, table: &Schema) -> Vec<String> {
    file.fields()
        .iter()
        .filter(|field| {
            table.field_with_name(field.name()).is_ok_and(|wanted| {
                let (found, wanted) = (field.data_type(), wanted.data_type());
                found != wanted
                    && validate_data_type_compatibility(field.name(), found, wanted).is_err()
            })
        })
        .map(|field| field.name().clone())
        .collect()
}

/// The same columns at the same places, the misfits under names that no query can ask for.
fn hide(file: &Schema, misfits: &[String]) -> SchemaRef {
    let fields: Vec<Arc<Field>> = file
        .fields()
        .iter()
        .map(|field| {
            if misfits.contains(field.name()) {
                let hidden = format!("\0{}", field.name());
                Arc::new(field.as_ref().clone().with_name(hidden))
            } else {
                Arc::clone(field)
            }
        })
        .collect();
    Arc::new(Schema::new(fields))
}
