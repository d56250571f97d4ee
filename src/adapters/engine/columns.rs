//! Fits the expressions of a query to each file's own columns.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::nested_struct::validate_data_type_compatibility;
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
        DefaultPhysicalExprAdapterFactory.create(logical_file_schema, physical)
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
