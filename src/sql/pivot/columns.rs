//! The columns that all rows of a pivot have, whatever table they come from: for each the places
//! that it is taken from, in the order of preference. A table gives what it has.

use super::outline::{Holds, Leaf};

/// A place that a column can come from.
pub(in crate::sql) enum From {
    /// The value of a path; of an array's elements the first.
    Path(&'static str),
    /// A member of a JSON text: the text's path and the member's JSON path.
    Json(&'static str, &'static str),
    /// A value of the map `unmapped`, by its key.
    Unmapped(&'static str),
    /// Paths joined with a text between.
    Joined(&'static [&'static str], &'static str),
}

use From::{Joined, Json, Path, Unmapped};

/// A common column: name, SQL type, places.
pub(in crate::sql) type CommonColumn = (&'static str, &'static str, &'static [From]);

/// The key of the credential that a call gave out.
pub(super) const ISSUED_KEY: &[From] = &[
    Path("session.credential_uid"),
    Json("api.response.data", "$.credentials.accessKeyId"),
    Json("api.response.data", "$.accessKey.accessKeyId"),
    Unmapped("responseElements.credentials.accessKeyId"),
    Unmapped("responseElements.accessKey.accessKeyId"),
];

/// The columns after `time` and `source`.
pub(in crate::sql) const COLUMNS: &[CommonColumn] = &[
    ("class", "varchar", &[Path("class_name")]),
    ("activity", "varchar", &[Path("activity_name")]),
    (
        "account",
        "varchar",
        &[
            Path("accountid"),
            Path("cloud.account.uid"),
            Path("cloud.account_uid"),
            Path("actor.user.account.uid"),
        ],
    ),
    ("region", "varchar", &[Path("region"), Path("cloud.region")]),
    (
        "who",
        "varchar",
        &[
            Path("actor.user.uuid"),
            Path("actor.user.uid"),
            Path("actor.user.name"),
            Path("actor.user.uid_alt"),
            Path("src_endpoint.instance_uid"),
        ],
    ),
    (
        "access_key",
        "varchar",
        &[
            Path("actor.user.credential_uid"),
            Path("actor.session.credential_uid"),
        ],
    ),
    ("role", "varchar", &[Path("actor.session.issuer")]),
    (
        "address",
        "varchar",
        &[
            Path("src_endpoint.ip"),
            Path("src_endpoint.domain"),
            Path("evidences.actor.src_endpoint.ip"),
            Path("evidences.src_endpoint.ip"),
        ],
    ),
    ("agent", "varchar", &[Path("http_request.user_agent")]),
    (
        "what",
        "varchar",
        &[
            Path("api.operation"),
            Path("query.hostname"),
            Path("finding_info.title"),
            Path("finding.title"),
            Joined(&["http_request.http_method", "http_request.url.path"], " "),
            Joined(&["dst_endpoint.ip", "dst_endpoint.port"], " port "),
            Path("message"),
        ],
    ),
    (
        "resource",
        "varchar",
        &[
            Path("resources.uid"),
            Path("resource.uid"),
            Path("resources.name"),
            Path("policy.uid"),
            Path("user.uid"),
            Path("user.name"),
            Path("dst_endpoint.instance_uid"),
            Path("answers.rdata"),
            Path("http_request.url.hostname"),
        ],
    ),
    (
        "object",
        "varchar",
        &[
            Json("api.request.data", "$.key"),
            Unmapped("requestParameters.key"),
        ],
    ),
    (
        "result",
        "varchar",
        &[
            Path("status"),
            Path("rcode"),
            Path("action"),
            Path("disposition"),
            Path("state"),
            Path("api.response.code"),
        ],
    ),
    (
        "error",
        "varchar",
        &[
            Path("api.response.error"),
            Path("api.response.error_message"),
        ],
    ),
    (
        "peer",
        "varchar",
        &[Path("dst_endpoint.ip"), Path("dst_endpoint.svc_name")],
    ),
    ("port", "bigint", &[Path("dst_endpoint.port")]),
    ("bytes", "bigint", &[Path("traffic.bytes")]),
    ("direction", "varchar", &[Path("connection_info.direction")]),
    ("severity", "varchar", &[Path("severity")]),
    ("issued_key", "varchar", ISSUED_KEY),
    (
        "issued_role",
        "varchar",
        &[
            Path("session.issuer"),
            Json("api.request.data", "$.roleArn"),
            Unmapped("requestParameters.roleArn"),
            Unmapped("resources[].ARN"),
        ],
    ),
    (
        "event_id",
        "varchar",
        &[
            Path("metadata.uid"),
            Path("finding_info.uid"),
            Path("finding.uid"),
            Path("http_request.uid"),
            Path("api.request.uid"),
        ],
    ),
];

/// The expression of a column over a table with these leaves.
pub(in crate::sql) fn expression(leaves: &[Leaf], (_, sql_type, places): &CommonColumn) -> String {
    let found: Vec<String> = places
        .iter()
        .filter_map(|place| of_place(leaves, place, sql_type))
        .collect();
    match found.as_slice() {
        [] => format!("CAST(NULL AS {sql_type})"),
        [one] => one.clone(),
        many => format!("coalesce({})", many.join(", ")),
    }
}

fn of_place(leaves: &[Leaf], place: &From, sql_type: &str) -> Option<String> {
    let at = |path: &str| leaves.iter().find(|leaf| leaf.path == path);
    match place {
        Path(path) => value(at(path)?, sql_type),
        Json(path, member) => {
            let text = at(path).filter(|leaf| leaf.holds == Holds::Text)?;
            Some(format!("json_extract_scalar({}, '{member}')", text.first()))
        }
        Unmapped(key) => {
            let map = at("unmapped").filter(|leaf| leaf.holds == Holds::Map)?;
            Some(format!("element_at({}, '{key}')", map.first()))
        }
        Joined(paths, between) => {
            let parts: Option<Vec<String>> = paths
                .iter()
                .map(|path| value(at(path)?, "varchar"))
                .collect();
            Some(format!(
                "concat({})",
                parts?.join(&format!(", '{between}', "))
            ))
        }
    }
}

fn value(leaf: &Leaf, sql_type: &str) -> Option<String> {
    match (leaf.holds, sql_type) {
        (Holds::Text, "varchar") => Some(leaf.first()),
        (Holds::Whole, _) => Some(format!("CAST({} AS {sql_type})", leaf.first())),
        _ => None,
    }
}
