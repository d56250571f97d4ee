//! `lakehound tables`: the tables of a lake, or the columns of one.

use serde_json::json;

use super::context::Context;
use super::interrupt::run_until_interrupted;
use super::lake::{LakeArgs, open};
use super::listing::{self, ListFormat, grouped, print_json, size};
use super::stdout::Stdout;
use super::stop::{Stop, say};
use super::type_tree::type_tree;
use crate::ports::{ColumnInfo, TableInfo};
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound tables                       every table with its files and size
  lakehound tables vpc_flow              the columns of one table, nested ones as a tree
  lakehound tables vpc_flow --format json --lake ./evidence";

/// List the tables of a lake, or the columns of one table
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A table, by its short or its Glue name
    table: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    format: ListFormat,
    #[command(flatten)]
    pub(super) lake: LakeArgs,
}

pub(super) fn run(context: &Context, args: &Args, lake: &LakeArgs) -> Result<(), Stop> {
    let place = lake.place(context)?;
    run_until_interrupted(async {
        let catalog = open(context, &place).await?.catalog;
        match &args.table {
            Some(name) => {
                let table = catalog
                    .table(name)
                    .await
                    .map_err(|error| Stop::query(error, name))?;
                match args.format {
                    ListFormat::Table => print_columns(&table),
                    ListFormat::Json => print_json(&json_of(&table)),
                }
            }
            None => {
                let tables = catalog
                    .tables()
                    .await
                    .map_err(|error| Stop::query(error, ""))?;
                match args.format {
                    ListFormat::Table => print_tables(&tables),
                    ListFormat::Json => print_json(&tables.iter().map(json_of).collect::<Vec<_>>()),
                }
            }
        }
    })
}

fn print_tables(tables: &[TableInfo]) -> Result<(), Stop> {
    let count = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), grouped);
    let rows: Vec<[String; 5]> = tables
        .iter()
        .map(|table| {
            [
                table.alias.clone().unwrap_or_default(),
                count(table.files),
                table.bytes.map_or_else(|| "?".to_owned(), size),
                table.columns.len().to_string(),
                table.name.to_string(),
            ]
        })
        .collect();
    let mut out = Stdout::lock();
    listing::print(
        &mut out,
        ["SHORT NAME", "FILES", "SIZE", "COLUMNS", "TABLE"],
        [
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Left,
        ],
        &rows,
    )?;
    out.finish()?;
    if tables.iter().all(|table| table.files == Some(0)) {
        say("note: the folder holds no Parquet file; the documented tables are empty");
    }
    Ok(())
}

fn print_columns(table: &TableInfo) -> Result<(), Stop> {
    let rows: Vec<[String; 2]> = table.columns.iter().flat_map(column_rows).collect();
    let mut out = Stdout::lock();
    listing::print(&mut out, ["COLUMN", "TYPE"], [Align::Left; 2], &rows)?;
    out.finish()
}

fn column_rows(column: &ColumnInfo) -> Vec<[String; 2]> {
    let mut rows: Vec<[String; 2]> = type_tree(&column.name, &column.type_text)
        .into_iter()
        .map(|node| {
            [
                format!("{}{}", "  ".repeat(node.depth), node.name),
                node.kind,
            ]
        })
        .collect();
    if let Some([_, kind]) = rows.first_mut().filter(|_| column.partition) {
        kind.push_str(" (from the path)");
    }
    rows
}

fn json_of(table: &TableInfo) -> serde_json::Value {
    let columns: Vec<serde_json::Value> = table
        .columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name,
                "type": column.type_text,
                "partition": column.partition,
            })
        })
        .collect();
    json!({
        "database": table.name.database,
        "table": table.name.table,
        "alias": table.alias,
        "source": table.source.map(|source| source.key_name()),
        "version": table.version.map(|version| version.path_name()),
        "files": table.files,
        "bytes": table.bytes,
        "columns": columns,
    })
}
