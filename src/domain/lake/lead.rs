//! What of an event a person looks at first, by its source: when, what, who, from where. Everything
//! else follows behind it, so that nothing is hidden.

use super::{ObjectKey, Source, SourceVersion};

/// The expressions that stand first when the events of a source of version 2 are shown.
fn first(source: Source) -> &'static str {
    match source {
        Source::CloudTrailMgmt | Source::LambdaExecution | Source::S3Data => {
            "time_dt, api.operation, COALESCE(actor.user.uid, actor.invoked_by) AS caller, \
             src_endpoint.ip AS address, api.response.error"
        }
        Source::EksAudit => {
            "time_dt, api.operation, actor.user.name AS caller, src_endpoint.ip AS address, \
             http_request.url.path"
        }
        Source::Route53 => "time_dt, query.hostname, src_endpoint.ip AS address, rcode",
        Source::ShFindings => "time_dt, severity, finding_info.title, finding_info.uid",
        Source::VpcFlow => {
            "time_dt, src_endpoint.ip AS from_address, dst_endpoint.ip AS to_address, \
             dst_endpoint.port AS to_port, traffic.bytes, action"
        }
        Source::Waf => {
            "time_dt, action, src_endpoint.ip AS address, http_request.http_method, \
             http_request.url.path"
        }
    }
}

/// The statement that shows all columns of an object's events, those first that say most. An object
/// of an unknown source or of version 1 is shown as it is.
pub fn object_statement(key: &ObjectKey, table: &str) -> String {
    match (key.source, key.version) {
        (Some(source), Some(SourceVersion::V2)) => {
            format!("SELECT {}, * FROM {table}", first(source))
        }
        _ => plain_statement(table),
    }
}

/// The statement that shows the columns as they stand in the file.
pub fn plain_statement(table: &str) -> String {
    format!("SELECT * FROM {table}")
}
