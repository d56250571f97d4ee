//! The relations that templates read. Each is a part of the lake's rows, of every table that has
//! such rows, under the same columns.

use super::columns::{COLUMNS, expression};
use super::naming::{Part, Piece, predicate};
use super::outline::{Holds, Leaf};
use super::{PivotTable, PivotTemplate, Window};
use crate::domain::entity::Entity;
use crate::sql::parameters::{Literal, quote_text};

/// A relation's name, what it holds, and how it is made.
#[derive(Debug, Clone, Copy)]
pub struct Relation {
    /// The name by which templates read it.
    pub name: &'static str,
    /// What its rows are.
    pub purpose: &'static str,
    rows: Rows,
    of: Of,
}

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Those that name the entity anywhere.
    Naming,
    /// Those in which the entity acts.
    By,
    /// Those that gave a credential out, whoever they name.
    Issuing,
}

/// Of which tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    All,
    Calls,
    Flows,
    Names,
    Findings,
}

/// Every relation.
pub const RELATIONS: &[Relation] = &[
    Relation {
        name: "events_naming",
        purpose: "every row of every table that names the entity in any of its texts",
        rows: Rows::Naming,
        of: Of::All,
    },
    Relation {
        name: "events_by",
        purpose: "the rows in which the entity acts: as user, role, session, key or source address",
        rows: Rows::By,
        of: Of::All,
    },
    Relation {
        name: "calls_naming",
        purpose: "the API calls that name the entity",
        rows: Rows::Naming,
        of: Of::Calls,
    },
    Relation {
        name: "flows_naming",
        purpose: "the network flows that name the entity",
        rows: Rows::Naming,
        of: Of::Flows,
    },
    Relation {
        name: "dns_naming",
        purpose: "the DNS queries that name the entity",
        rows: Rows::Naming,
        of: Of::Names,
    },
    Relation {
        name: "findings_naming",
        purpose: "the findings that name the entity",
        rows: Rows::Naming,
        of: Of::Findings,
    },
    Relation {
        name: "credentials_issued",
        purpose: "every call that gave a credential out, of anybody",
        rows: Rows::Issuing,
        of: Of::Calls,
    },
];

/// The names of the columns that every relation has, in order.
pub const COMMON_COLUMNS: [&str; 24] = [
    "time",
    "source",
    "class",
    "activity",
    "account",
    "region",
    "who",
    "access_key",
    "role",
    "address",
    "agent",
    "what",
    "resource",
    "object",
    "result",
    "error",
    "peer",
    "port",
    "bytes",
    "direction",
    "severity",
    "issued_key",
    "issued_role",
    "event_id",
];

/// A table's part of a relation, or why it has none.
pub(in crate::sql) fn part(
    relation: &Relation,
    template: &PivotTemplate,
    table: &PivotTable,
    leaves: &[Leaf],
    entity: &Entity,
    window: Window,
) -> Result<Piece, &'static str> {
    let has = |path: &str| leaves.iter().any(|leaf| leaf.path == path);
    let fits = match relation.of {
        Of::All => true,
        Of::Calls => has("api.operation"),
        Of::Flows => has("traffic.bytes") || has("connection_info.boundary"),
        Of::Names => has("query.hostname") && has("answers.rdata"),
        Of::Findings => has("finding_info.uid") || has("finding.uid"),
    };
    if !fits {
        return Err("it holds rows of another kind");
    }
    let time = Time::of(leaves).ok_or("it has no column that tells when an event was")?;
    let rows = match relation.rows {
        Rows::Naming => predicate(entity, leaves, table.source, Part::Row),
        Rows::By => predicate(entity, leaves, table.source, Part::Actor),
        Rows::Issuing => issuing(leaves),
    }
    .ok_or("none of its columns can name such an entity")?;

    let mut piece = Piece::default();
    piece.sql.push_str("  SELECT ");
    piece.sql.push_str(&time.column());
    piece.sql.push_str(" AS \"time\", ");
    piece.sql.push_str(&quote_text(&table.label));
    piece.sql.push_str(" AS source");
    for column in COLUMNS {
        let (name, ..) = column;
        if !template.may_read(name) {
            continue;
        }
        piece.sql.push_str(",\n    ");
        piece.sql.push_str(&expression(leaves, column));
        piece.sql.push_str(" AS ");
        piece.sql.push_str(&super::outline::identifier(name));
    }
    piece.sql.push_str("\n  FROM ");
    piece.sql.push_str(&table.name);
    piece.sql.push_str("\n  WHERE ");
    time.inside(window, &mut piece);
    piece.sql.push_str("\n    AND (");
    piece.sql.push_str(&rows.sql);
    piece.sql.push(')');
    piece.parameters.extend(rows.parameters);
    Ok(piece)
}

/// Rows of STS that gave a credential out.
fn issuing(leaves: &[Leaf]) -> Option<Piece> {
    let operation = leaves.iter().find(|leaf| leaf.path == "api.operation")?;
    let sql = format!(
        "{} IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot', \
         'GetFederationToken', 'GetSessionToken', 'CreateAccessKey')",
        operation.first()
    );
    Some(Piece {
        sql,
        parameters: Vec::new(),
    })
}

/// The columns that tell when an event was.
pub(in crate::sql) struct Time<'a> {
    time: &'a Leaf,
    /// The day of the path, by which version 1 is partitioned.
    day: Option<&'a Leaf>,
}

impl<'a> Time<'a> {
    pub(in crate::sql) fn of(leaves: &'a [Leaf]) -> Option<Self> {
        let column = |path: &str, holds: Holds| {
            leaves
                .iter()
                .find(|leaf| leaf.path == path && leaf.holds == holds)
        };
        if let Some(time) = column("time_dt", Holds::Time) {
            return Some(Self { time, day: None });
        }
        let time = column("time", Holds::Time).or_else(|| column("time", Holds::Whole))?;
        Some(Self {
            time,
            day: column("eventday", Holds::Text),
        })
    }

    pub(in crate::sql) fn column(&self) -> String {
        let time = self.time.first();
        match self.time.holds {
            Holds::Whole => format!("from_unixtime(CAST({time} AS double) / 1000)"),
            _ => time,
        }
    }

    pub(in crate::sql) fn inside(&self, window: Window, piece: &mut Piece) {
        let time = self.time.first();
        piece.sql.push_str(&format!("{time} >= ? AND {time} < ?"));
        let literal = |time: chrono::DateTime<chrono::Utc>| match self.time.holds {
            Holds::Whole => Literal::integer(time.timestamp_millis()),
            _ => Literal::timestamp(time),
        };
        let both = [literal(window.since), literal(window.until)];
        piece.parameters.extend(both.map(Literal::into_string));
        if let Some(day) = self.day {
            // Objects outside the layout have no day; they count as well.
            let day = day.first();
            piece
                .sql
                .push_str(&format!(" AND ({day} IS NULL OR {day} BETWEEN ? AND ?)"));
            let name = |time: chrono::DateTime<chrono::Utc>, days: i64| {
                let time = time
                    .checked_add_signed(chrono::Duration::days(days))
                    .unwrap_or(time);
                Literal::text(&time.format("%Y%m%d").to_string()).into_string()
            };
            piece.parameters.push(name(window.since, -1));
            piece.parameters.push(name(window.until, 1));
        }
    }
}
