//! The tables of a lake as pivots ask them.

use std::collections::BTreeMap;

use super::lake::in_a_statement;
use crate::domain::lake::{SourceVersion, recognise};
use crate::ports::TableInfo;
use crate::sql::pivot::PivotTable;

/// The tables that a pivot asks: each that has rows, once. In a folder the Regions of a source are
/// one table; on AWS they are as many as the catalogue lists.
pub fn pivot_tables(tables: &[TableInfo], on_aws: bool) -> Vec<PivotTable> {
    let mut found: BTreeMap<String, PivotTable> = BTreeMap::new();
    for table in tables.iter().filter(|table| table.files != Some(0)) {
        if !on_aws && says_again(table, tables) {
            continue;
        }
        let (name, label) = match on_aws {
            true => on_athena(table),
            false => in_a_folder(table),
        };
        // A table that is linked into a second database is the same table.
        let key = match on_aws {
            true => table.name.table.clone(),
            false => name.clone(),
        };
        found.entry(key).or_insert_with(|| PivotTable {
            name,
            label,
            source: table.source,
            columns: table
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.type_text.clone()))
                .collect(),
        });
    }
    let mut tables: Vec<PivotTable> = found.into_values().collect();
    tables.sort_by(|a, b| a.label.cmp(&b.label));
    tables
}

/// Whether a plain folder's table has only rows that another table has, too.
fn says_again(table: &TableInfo, tables: &[TableInfo]) -> bool {
    if !is_plain(table) {
        return false;
    }
    if is_recognised(table) {
        // The engine puts such files into the table of their source as well.
        return true;
    }
    // Files in the opened folder itself make a table each and one together.
    let plain = || {
        tables
            .iter()
            .filter(|other| is_plain(other) && !is_recognised(other))
    };
    let bytes_of = |table: &TableInfo| table.bytes.unwrap_or_default();
    let singles = || plain().filter(|other| other.files == Some(1));
    let is_together = |other: &TableInfo| {
        other.name != table.name
            && other.files == Some(singles().count() as u64)
            && bytes_of(other) == singles().map(bytes_of).sum::<u64>()
    };
    let only_one = |other: &TableInfo| {
        other.files == Some(1)
            && bytes_of(other) == bytes_of(table)
            && other.columns == table.columns
            && other.name < table.name
    };
    table.files == Some(1) && plain().any(|other| is_together(other) || only_one(other))
}

fn is_plain(table: &TableInfo) -> bool {
    table.source.is_none() && table.alias.is_none()
}

fn is_recognised(table: &TableInfo) -> bool {
    let columns = table.columns.iter().filter(|column| !column.partition);
    recognise(columns.map(|column| column.name.as_str())).is_some()
}

fn on_athena(table: &TableInfo) -> (String, String) {
    let label = table.alias.clone();
    (
        in_a_statement(&table.name),
        label.unwrap_or_else(|| table.name.table.clone()),
    )
}

/// The embedded engine's short names, which span all Regions.
fn in_a_folder(table: &TableInfo) -> (String, String) {
    if let (Some(source), Some(version)) = (table.source, table.version) {
        let versioned = format!("{}_{}", source.alias(), version.suffix());
        let label = match version {
            SourceVersion::V2 => source.alias().to_owned(),
            SourceVersion::V1 => versioned.clone(),
        };
        return (versioned, label);
    }
    let label = table.alias.clone();
    (
        in_a_statement(&table.name),
        label.unwrap_or_else(|| table.name.table.clone()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lake::{Source, TableName};

    fn table(region: &str, version: SourceVersion, files: u64) -> TableInfo {
        TableInfo {
            name: TableName::documented(region, Source::VpcFlow, version),
            alias: Some("vpc_flow".to_owned()),
            source: Some(Source::VpcFlow),
            version: Some(version),
            columns: Vec::new(),
            location: None,
            files: Some(files),
            bytes: Some(files),
        }
    }

    fn plain(name: &str, files: u64, bytes: u64, columns: &[&str]) -> TableInfo {
        let column = |name: &&str| crate::ports::ColumnInfo {
            name: (*name).to_owned(),
            type_text: "string".to_owned(),
            partition: false,
        };
        TableInfo {
            name: TableName {
                database: "default".to_owned(),
                table: name.to_owned(),
            },
            alias: None,
            source: None,
            version: None,
            columns: columns.iter().map(column).collect(),
            location: None,
            files: Some(files),
            bytes: Some(bytes),
        }
    }

    #[test]
    fn rows_of_a_plain_folder_are_asked_once() {
        let names = |tables: &[TableInfo]| -> Vec<String> {
            let tables = pivot_tables(tables, false);
            tables.into_iter().map(|table| table.label).collect()
        };
        // Flows in a plain folder are in the table of flows as well.
        let schema = crate::domain::lake::documented_schema(Source::VpcFlow, SourceVersion::V2);
        let schema = schema.unwrap();
        let columns: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let mut flows = table("us-east-1", SourceVersion::V2, 1);
        flows.columns = plain("flows", 1, 9, &columns).columns;
        assert_eq!(
            names(&[plain("flows", 1, 9, &columns), flows]),
            ["vpc_flow"]
        );
        // Files of a stranger, alone and together.
        let (one, two) = (plain("a", 1, 5, &["x"]), plain("b", 1, 6, &["y"]));
        assert_eq!(
            names(&[one.clone(), two.clone(), plain("all", 2, 11, &["x", "y"])]),
            ["all"]
        );
        assert_eq!(names(&[one.clone(), plain("lake", 1, 5, &["x"])]), ["a"]);
        // Two folders of one file each.
        assert_eq!(names(&[one, two]), ["a", "b"]);
    }

    #[test]
    fn regions_are_one_table_in_a_folder_and_many_on_aws() {
        let tables = [
            table("us-east-1", SourceVersion::V2, 3),
            table("eu-west-1", SourceVersion::V2, 1),
            table("eu-west-1", SourceVersion::V1, 1),
            table("ap-south-1", SourceVersion::V2, 0),
        ];
        let names = |on_aws| -> Vec<String> {
            pivot_tables(&tables, on_aws)
                .into_iter()
                .map(|table| table.name)
                .collect()
        };
        assert_eq!(names(false), ["vpc_flow_2_0", "vpc_flow_1_0"]);
        assert_eq!(names(true).len(), 3);
        assert!(names(true)[0].contains("eu_west_1"), "{:?}", names(true));
    }
}
