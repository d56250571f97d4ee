//! The two statements that credential lineage is stitched from: the calls that gave credentials
//! out, and what was done with each key. Both are one GROUP BY over every table of calls, so that
//! what comes back grows with the credentials and not with the events.

use super::columns::{CommonColumn, From, ISSUED_KEY, expression};
use super::naming::Piece;
use super::outline::{Holds, Leaf, identifier, leaves};
use super::relations::Time;
use super::{LONGEST_STATEMENT, PivotError, PivotStatement, PivotTable, Window};
use crate::domain::entity::EntityType;
use crate::domain::query::{QueryId, QueryRequest};

use From::{Json, Path, Unmapped};

/// What the errors call the question.
const NAME: &str = "lineage";

/// The operations that give a credential out, and the sign-in at the console, which gives one out
/// without saying which.
const OPERATIONS: &str = "'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', \
    'AssumeRoot', 'GetFederationToken', 'GetSessionToken', 'CreateAccessKey', 'ConsoleLogin'";

/// Paths of the key with which a call was made.
const KEY: &[From] = &[
    Path("actor.user.credential_uid"),
    Path("actor.session.credential_uid"),
];

/// Paths of the principal that made a call.
const PRINCIPAL: &[From] = &[
    Path("actor.user.uuid"),
    Path("actor.user.uid"),
    Path("actor.user.name"),
    Path("actor.user.uid_alt"),
];

const PRINCIPAL_ACCOUNT: &[From] = &[
    Path("actor.user.account.uid"),
    Path("actor.user.account_uid"),
];

const ADDRESS: &[From] = &[Path("src_endpoint.ip"), Path("src_endpoint.domain")];

/// The columns before the time, named as in `domain::lineage::batches::ISSUED`.
const ISSUED: &[CommonColumn] = &[
    ("operation", "varchar", &[Path("api.operation")]),
    ("caller_key", "varchar", KEY),
    ("caller", "varchar", PRINCIPAL),
    ("caller_account", "varchar", PRINCIPAL_ACCOUNT),
    ("invoked_by", "varchar", &[Path("actor.invoked_by")]),
    ("issued_key", "varchar", ISSUED_KEY),
    (
        "issued_role",
        "varchar",
        &[
            Path("session.issuer"),
            Json("api.request.data", "$.roleArn"),
            Unmapped("requestParameters.roleArn"),
        ],
    ),
    (
        "session_arn",
        "varchar",
        &[
            Path("session.uid"),
            Json("api.response.data", "$.assumedRoleUser.arn"),
            Json("api.response.data", "$.federatedUser.arn"),
            Unmapped("responseElements.assumedRoleUser.arn"),
            Unmapped("responseElements.federatedUser.arn"),
        ],
    ),
    (
        "session_name",
        "varchar",
        &[
            Json("api.request.data", "$.roleSessionName"),
            Unmapped("requestParameters.roleSessionName"),
        ],
    ),
    (
        "issued_user",
        "varchar",
        &[
            Json("api.response.data", "$.accessKey.userName"),
            Json("api.request.data", "$.userName"),
            Unmapped("requestParameters.userName"),
        ],
    ),
    ("address", "varchar", ADDRESS),
];

/// The columns before the times and counts, named as in `domain::lineage::batches::USED`.
const USED: &[CommonColumn] = &[
    ("access_key", "varchar", KEY),
    ("principal", "varchar", PRINCIPAL),
    ("principal_account", "varchar", PRINCIPAL_ACCOUNT),
    ("role", "varchar", &[Path("actor.session.issuer")]),
    (
        "account",
        "varchar",
        &[
            Path("accountid"),
            Path("cloud.account.uid"),
            Path("cloud.account_uid"),
        ],
    ),
    ("service", "varchar", &[Path("api.service.name")]),
    ("address", "varchar", ADDRESS),
];

/// The statements that [`lineage`] writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageStatements {
    /// The calls that gave credentials out; read by `domain::lineage::batches::take_issued`.
    pub issued: PivotStatement,
    /// What was done with each credential; read by `domain::lineage::batches::take_used`.
    pub used: PivotStatement,
}

impl LineageStatements {
    /// The requests for both, under ids of their own. A kept result does not do for them, and
    /// nobody has to be asked about them yet.
    pub fn requests(self, ids: [QueryId; 2]) -> LineageRequests {
        let request = |id, statement: PivotStatement| QueryRequest {
            parameters: statement.parameters,
            fresh: true,
            ..QueryRequest::new(id, statement.sql)
        };
        let [issued, used] = ids;
        LineageRequests {
            issued: request(issued, self.issued),
            used: request(used, self.used),
        }
    }
}

/// The requests for the statements of [`lineage`].
#[derive(Debug, Clone, PartialEq)]
pub struct LineageRequests {
    /// The calls that gave credentials out.
    pub issued: QueryRequest,
    /// What was done with each credential.
    pub used: QueryRequest,
}

impl LineageRequests {
    /// The same with a change to both.
    #[must_use]
    pub fn with(mut self, change: impl Fn(&mut QueryRequest)) -> Self {
        change(&mut self.issued);
        change(&mut self.used);
        self
    }
}

/// Writes the statements on all credentials of a window over a lake's tables of API calls.
///
/// # Errors
///
/// No table has calls with the keys that made them; a statement grows too long.
pub fn lineage(tables: &[PivotTable], window: Window) -> Result<LineageStatements, PivotError> {
    let outlines: Vec<(&PivotTable, Vec<Leaf>)> = tables
        .iter()
        .map(|table| (table, leaves(&table.columns)))
        .collect();
    let issued = write(&outlines, &|leaves| {
        let mut piece = part(leaves, ISSUED, window)?;
        let operation = text_at(leaves, "api.operation")?.first();
        piece
            .1
            .sql
            .push_str(&format!(" AND {operation} IN ({OPERATIONS})"));
        if let Some(status) = text_at(leaves, "status") {
            let status = status.first();
            let passed = format!(" AND ({status} IS NULL OR {status} <> 'Failure')");
            piece.1.sql.push_str(&passed);
        }
        Some(piece)
    });
    let used = write(&outlines, &|leaves| {
        let (mut columns, mut from) = part(leaves, USED, window)?;
        let status = text_at(leaves, "status");
        let failed = status.map_or_else(
            || "0".to_owned(),
            |leaf| format!("CASE WHEN {} = 'Failure' THEN 1 ELSE 0 END", leaf.first()),
        );
        columns.push_str(&format!(
            ",\n    {failed} AS failed,\n    {} AS began",
            session_began(leaves)
        ));
        let key = expression(leaves, USED.first()?);
        from.sql.push_str(&format!(" AND {key} IS NOT NULL"));
        Some((columns, from))
    });
    let issued_body = body(ISSUED, "min(\"time\") AS first_time");
    let used_body = body(
        USED,
        "min(\"time\") AS first_time, max(\"time\") AS last_time, count(*) AS calls, \
         sum(failed) AS failures, min(began) AS session_began",
    );
    Ok(LineageStatements {
        issued: finish(issued, &issued_body)?,
        used: finish(used, &used_body)?,
    })
}

/// The tables' parts of a statement under way.
#[derive(Default)]
pub(super) struct Parts {
    selects: Vec<String>,
    parameters: Vec<String>,
    asked: Vec<String>,
    left_out: Vec<(String, &'static str)>,
}

/// What one table gives: its columns, and what stands from `WHERE` on.
pub(super) type Part = (String, Piece);

pub(super) fn write(
    tables: &[(&PivotTable, Vec<Leaf>)],
    part: &dyn Fn(&[Leaf]) -> Option<Part>,
) -> Parts {
    let mut parts = Parts::default();
    for (table, leaves) in tables {
        let is_of_calls = text_at(leaves, "api.operation").is_some()
            && ["actor.user.credential_uid", "actor.session.credential_uid"]
                .iter()
                .any(|path| text_at(leaves, path).is_some());
        let Some((columns, rest)) = part(leaves).filter(|_| is_of_calls) else {
            let why = "it has no calls with the keys that made them";
            parts.left_out.push((table.label.clone(), why));
            continue;
        };
        parts.selects.push(format!(
            "  SELECT {columns}\n  FROM {}\n  WHERE {}",
            table.name, rest.sql
        ));
        parts.parameters.extend(rest.parameters);
        parts.asked.push(table.label.clone());
    }
    parts
}

pub(super) fn part(leaves: &[Leaf], columns: &[CommonColumn], window: Window) -> Option<Part> {
    let time = Time::of(leaves)?;
    let mut written = format!("{} AS \"time\"", time.column());
    for column in columns {
        written.push_str(",\n    ");
        written.push_str(&expression(leaves, column));
        written.push_str(" AS ");
        written.push_str(&identifier(column.0));
    }
    let mut rest = Piece::default();
    time.inside(window, &mut rest);
    Some((written, rest))
}

/// The GROUP BY over the parts: the columns as they are, then what is counted.
fn body(columns: &[CommonColumn], counted: &str) -> String {
    let names: Vec<String> = columns.iter().map(|column| identifier(column.0)).collect();
    let places: Vec<String> = (1..=columns.len()).map(|place| place.to_string()).collect();
    format!(
        "SELECT {}, {counted}\nFROM calls\nGROUP BY {}",
        names.join(", "),
        places.join(", ")
    )
}

pub(super) fn finish(parts: Parts, body: &str) -> Result<PivotStatement, PivotError> {
    if parts.selects.is_empty() {
        return Err(PivotError::NoTable {
            template: NAME.to_owned(),
            kind: EntityType::AccessKey,
        });
    }
    let sql = format!(
        "WITH calls AS (\n{}\n)\n{body}",
        parts.selects.join("\nUNION ALL\n")
    );
    if sql.len() > LONGEST_STATEMENT {
        return Err(PivotError::TooLong {
            tables: parts.asked.len(),
            bytes: sql.len(),
        });
    }
    Ok(PivotStatement {
        sql,
        parameters: parts.parameters,
        asked: parts.asked,
        left_out: parts.left_out,
    })
}

/// When the session began with which a call was made.
fn session_began(leaves: &[Leaf]) -> String {
    let at = |path: &str, holds: Holds| {
        let leaf = leaves.iter().find(|leaf| leaf.path == path);
        leaf.filter(|leaf| leaf.holds == holds).map(Leaf::first)
    };
    if let Some(time) = at("actor.session.created_time_dt", Holds::Time) {
        return time;
    }
    match at("actor.session.created_time", Holds::Whole) {
        Some(time) => format!("from_unixtime(CAST({time} AS double) / 1000)"),
        None => "CAST(NULL AS timestamp)".to_owned(),
    }
}

fn text_at<'a>(leaves: &'a [Leaf], path: &str) -> Option<&'a Leaf> {
    leaves
        .iter()
        .find(|leaf| leaf.path == path && leaf.holds == Holds::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lineage::batches;

    fn table(columns: &[(&str, &str)]) -> PivotTable {
        let column = |(name, kind): &(&str, &str)| ((*name).to_owned(), (*kind).to_owned());
        PivotTable {
            name: "calls_2_0".to_owned(),
            label: "calls".to_owned(),
            source: None,
            columns: columns.iter().map(column).collect(),
        }
    }

    #[test]
    fn columns_stand_where_their_reader_looks() {
        let names = |columns: &[CommonColumn]| -> Vec<&str> {
            columns.iter().map(|column| column.0).collect()
        };
        assert_eq!(names(ISSUED), batches::ISSUED[..ISSUED.len()]);
        assert_eq!(names(USED), batches::USED[..USED.len()]);
    }

    #[test]
    fn a_table_gives_what_it_has_and_others_are_left_out() {
        let calls = table(&[
            ("time", "bigint"),
            (
                "api",
                "struct<operation:string,response:struct<data:string>>",
            ),
            (
                "actor",
                "struct<user:struct<uuid:string,credential_uid:string>,session:struct<created_time:bigint>>",
            ),
        ]);
        let flows = PivotTable {
            label: "flows".to_owned(),
            ..table(&[
                ("time_dt", "timestamp"),
                ("src_endpoint", "struct<ip:string>"),
            ])
        };
        let written = lineage(&[calls, flows.clone()], Window::EVER).unwrap();
        assert_eq!(written.issued.asked, ["calls"]);
        assert_eq!(written.used.left_out[0].0, "flows");
        assert!(
            written
                .issued
                .sql
                .contains("json_extract_scalar(api.response.data, '$.credentials.accessKeyId')"),
            "{}",
            written.issued.sql
        );
        assert_eq!(
            written.used.sql.matches('?').count(),
            written.used.parameters.len()
        );
        let error = lineage(&[flows], Window::EVER).unwrap_err();
        assert!(matches!(error, PivotError::NoTable { .. }), "{error}");
    }
}
