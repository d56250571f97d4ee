//! The statement that counts what a lake's API calls were like: who, what, from where, on what, by
//! the hour. Rows are judged against it.

use super::columns::{CommonColumn, From};
use super::lineage::{finish, part, write};
use super::outline::{Leaf, leaves};
use super::{PivotError, PivotStatement, PivotTable, Window};

use From::Path;

/// The columns before the count, beside the hour. Each has one meaning and no other: a row of a
/// result has the same value, or none.
const COLUMNS: [CommonColumn; 3] = [
    (
        "who",
        "varchar",
        &[Path("actor.user.uuid"), Path("actor.user.uid")],
    ),
    ("operation", "varchar", &[Path("api.operation")]),
    ("address", "varchar", &[Path("src_endpoint.ip")]),
];

const RESOURCE: CommonColumn = ("resource_type", "varchar", &[Path("resources.type")]);
const SERVICE: CommonColumn = ("service", "varchar", &[Path("api.service.name")]);

/// Writes the statement over a lake's tables of API calls. `by_service` takes the service that was
/// called for the kind of resource. The columns: `time` (the hour), `who`, `operation`, `address`,
/// `resource_type` or `service`, and the count.
///
/// # Errors
///
/// No table has calls; the statement grows too long.
pub fn history(
    tables: &[PivotTable],
    window: Window,
    by_service: bool,
) -> Result<PivotStatement, PivotError> {
    let [who, operation, address] = COLUMNS;
    let columns = [
        who,
        operation,
        address,
        if by_service { SERVICE } else { RESOURCE },
    ];
    let outlines: Vec<(&PivotTable, Vec<Leaf>)> = tables
        .iter()
        .map(|table| (table, leaves(&table.columns)))
        .collect();
    let parts = write(&outlines, &|leaves| part(leaves, &columns, window));
    let names: Vec<&str> = columns.iter().map(|column| column.0).collect();
    let body = format!(
        "SELECT date_trunc('hour', \"time\") AS \"time\", {}, count(*) AS events\nFROM calls\n\
         GROUP BY 1, 2, 3, 4, 5",
        names.join(", ")
    );
    finish(parts, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_calls_are_counted_by_the_hour() {
        let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
        let table = PivotTable {
            name: "calls_2_0".to_owned(),
            label: "calls".to_owned(),
            source: None,
            columns: vec![
                column("time_dt", "timestamp"),
                column(
                    "api",
                    "struct<operation:string,service:struct<name:string>>",
                ),
                column(
                    "actor",
                    "struct<user:struct<uid:string,credential_uid:string>>",
                ),
                column("resources", "array<struct<uid:string,type:string>>"),
            ],
        };
        let by = |by_service| {
            let tables = std::slice::from_ref(&table);
            history(tables, Window::EVER, by_service).unwrap().sql
        };
        assert!(by(false).contains("element_at(resources, 1).type AS resource_type"));
        assert!(
            by(true).contains("api.service.name AS service"),
            "{}",
            by(true)
        );
        assert!(by(true).contains("CAST(NULL AS varchar) AS address"));
    }
}
