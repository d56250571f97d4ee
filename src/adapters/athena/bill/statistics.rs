//! What the sizes of the tables say of a scan: not more than all of them.

use crate::domain::estimate::{Effort, Span};
use crate::domain::lake::TableName;
use crate::domain::size::Size;
use crate::ports::Catalog;
use crate::sql::scans::Scans;

/// The name of the account's own catalogue in a table's name.
const OWN_CATALOG: &str = "awsdatacatalog";

/// What the catalogue tells of the tables of one statement.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    /// No run scans more.
    pub(super) bound: Option<Span>,
    /// Rows of the tables, where all of them tell.
    pub(super) rows: u64,
    /// A line for each table that tells.
    pub(super) basis: Vec<String>,
}

/// What the tables' statistics allow: a bound, where all of them are known, and a line for each
/// that is.
pub(super) async fn read(
    catalog: Option<&dyn Catalog>,
    scans: &Scans,
    database: Option<&str>,
    effort: Effort,
) -> Statistics {
    let mut told = Statistics::default();
    let Some(catalog) = catalog else {
        return told;
    };
    let mut bytes = scans.complete.then_some(0_u64);
    let mut rows = bytes;
    for (path, times) in &scans.tables {
        let name = table_name(path, database);
        let size = match &name {
            Some(name) => catalog.size(name, effort).await,
            None => None,
        };
        let (Some(name), Some(size)) = (name, size) else {
            (bytes, rows) = (None, None);
            continue;
        };
        let whole = Size(size.bytes);
        let often = match times {
            1 => String::new(),
            times => format!(", named {times} times"),
        };
        let (table, source) = (name.table, size.source);
        told.basis
            .push(format!("{table} holds {whole}{often}, by {source}"));
        let add = |sum: u64, one: u64| sum.saturating_add(one.saturating_mul(*times));
        bytes = bytes.map(|sum| add(sum, size.bytes));
        rows = rows.zip(size.rows).map(|(sum, one)| add(sum, one));
    }
    told.bound = bytes.map(Span::up_to);
    told.rows = rows.unwrap_or(0);
    told
}

/// A table by the parts of its name; `None` for one of another catalogue, and where the database is
/// not known.
fn table_name(path: &[String], database: Option<&str>) -> Option<TableName> {
    let named = |database: &str, table: &str| TableName {
        database: database.to_owned(),
        table: table.to_owned(),
    };
    match path {
        [table] => database.map(|database| named(&database.to_lowercase(), table)),
        [database, table] => Some(named(database, table)),
        [catalog, database, table] if catalog == OWN_CATALOG => Some(named(database, table)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_another_catalogue_is_not_this_ones() {
        let named = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
            table_name(&path, Some("Lake")).map(|name| name.to_string())
        };
        assert_eq!(named(&["t"]).as_deref(), Some("lake.t"));
        assert_eq!(named(&["db", "t"]).as_deref(), Some("db.t"));
        assert_eq!(
            named(&["awsdatacatalog", "db", "t"]).as_deref(),
            Some("db.t")
        );
        assert_eq!(named(&["s3tablescatalog/x", "db", "t"]), None);
        assert_eq!(table_name(&["t".to_owned()], None), None);
    }
}
