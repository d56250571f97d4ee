//! The documented tables as Arrow schemas: what a table of a source looks like even where a lake
//! has no object of it. Facts only: no reading of files, no engine.

mod athena;
mod notation;
mod v1;
mod v2;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::{Source, SourceVersion};

pub use athena::athena_type;

/// The columns that objects of a source hold, with documented names, types and order; `None`
/// where Security Lake never had the source in this version.
///
/// The columns that come from the path are not among them: see [`partition_columns`]. Times named
/// `…_dt` are milliseconds in UTC; `time` is epoch milliseconds as a 64-bit integer.
pub fn documented_schema(source: Source, version: SourceVersion) -> Option<SchemaRef> {
    let columns = match version {
        SourceVersion::V1 => v1::columns(source)?,
        SourceVersion::V2 => v2::columns(source),
    };
    Some(Arc::new(Schema::new(columns)))
}

/// The text columns that no object holds, because its path does: `accountid`, `region`,
/// `asl_version` (the `1.0` or `2.0` of the path) and `eventday` (`YYYYMMDD`).
///
/// The tables of version 2 are documented without `eventday` and those of version 1 without
/// `asl_version`; both answer to all four here, because the path always tells.
pub fn partition_columns() -> [Field; 4] {
    ["accountid", "region", "asl_version", "eventday"]
        .map(|name| Field::new(name, DataType::Utf8, true))
}

#[cfg(test)]
mod tests;
