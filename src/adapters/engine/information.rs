//! What tables look like, as rows: `DESCRIBE table` and `information_schema`, with types as Athena
//! writes them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Field;
use async_trait::async_trait;
use datafusion::catalog::SchemaProvider;
use datafusion::common::Result;
use datafusion::datasource::{MemTable, TableProvider, provider_as_source};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};

use super::scope::{CATALOG, Scope};
use crate::domain::lake::{athena_type, partition_columns};

/// The database that describes the others.
pub(super) const INFORMATION_SCHEMA: &str = "information_schema";

/// Its tables.
pub(super) const INFORMATION_TABLES: [&str; 3] = ["columns", "schemata", "tables"];

/// The plan of `DESCRIBE table`: a row for each column.
pub(super) fn describe(table: &dyn TableProvider) -> Result<LogicalPlan> {
    let schema = table.schema();
    let fields = || schema.fields().iter();
    let partitions = partition_columns();
    let is_partition = |field: &Field| partitions.iter().any(|known| known.name() == field.name());
    let batch = RecordBatch::try_from_iter([
        ("column", texts(fields().map(|field| field.name().clone()))),
        (
            "type",
            texts(fields().map(|field| athena_type(field.data_type()))),
        ),
        (
            "extra",
            texts(fields().map(|field| {
                let key = if is_partition(field) {
                    "partition key"
                } else {
                    ""
                };
                key.to_owned()
            })),
        ),
    ])?;
    LogicalPlanBuilder::scan("described", provider_as_source(memory(batch)?), None)?.build()
}

/// `information_schema` of one query.
#[derive(Debug)]
pub(super) struct InformationSchema(pub Arc<Scope>);

impl InformationSchema {
    fn columns(&self) -> Result<RecordBatch> {
        let mut rows: [Vec<String>; 4] = Default::default();
        let mut places = Vec::new();
        for named in self.0.names.listed() {
            let name = &named.name;
            let Some(table) = self.0.find(&[&name.database, &name.table]) else {
                continue;
            };
            for (place, field) in (1_i64..).zip(table.schema().fields()) {
                let [databases, tables, columns, types] = &mut rows;
                databases.push(name.database.clone());
                tables.push(name.table.clone());
                columns.push(field.name().clone());
                types.push(athena_type(field.data_type()));
                places.push(place);
            }
        }
        let [databases, tables, columns, types] = rows;
        let count = places.len();
        Ok(RecordBatch::try_from_iter([
            ("table_catalog", repeated(CATALOG, count)),
            ("table_schema", texts(databases.into_iter())),
            ("table_name", texts(tables.into_iter())),
            ("column_name", texts(columns.into_iter())),
            (
                "ordinal_position",
                Arc::new(Int64Array::from(places)) as ArrayRef,
            ),
            ("is_nullable", repeated("YES", count)),
            ("data_type", texts(types.into_iter())),
        ])?)
    }

    fn tables(&self) -> Result<RecordBatch> {
        let listed = || self.0.names.listed().iter();
        let count = listed().count();
        Ok(RecordBatch::try_from_iter([
            ("table_catalog", repeated(CATALOG, count)),
            (
                "table_schema",
                texts(listed().map(|named| named.name.database.clone())),
            ),
            (
                "table_name",
                texts(listed().map(|named| named.name.table.clone())),
            ),
            ("table_type", repeated("BASE TABLE", count)),
        ])?)
    }

    fn schemata(&self) -> Result<RecordBatch> {
        let mut names: Vec<&str> = self.0.names.databases().into_iter().collect();
        names.push(INFORMATION_SCHEMA);
        Ok(RecordBatch::try_from_iter([
            ("catalog_name", repeated(CATALOG, names.len())),
            ("schema_name", texts(names.into_iter().map(str::to_owned))),
        ])?)
    }
}

#[async_trait]
impl SchemaProvider for InformationSchema {
    fn table_names(&self) -> Vec<String> {
        INFORMATION_TABLES.map(str::to_owned).to_vec()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let batch = match name {
            "columns" => self.columns()?,
            "tables" => self.tables()?,
            "schemata" => self.schemata()?,
            _ => return Ok(None),
        };
        Ok(Some(memory(batch)?))
    }

    fn table_exist(&self, name: &str) -> bool {
        INFORMATION_TABLES.contains(&name)
    }
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}

fn repeated(value: &str, count: usize) -> ArrayRef {
    texts(std::iter::repeat_n(value.to_owned(), count))
}

fn memory(batch: RecordBatch) -> Result<Arc<dyn TableProvider>> {
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
    Ok(Arc::new(table))
}
