//! Source version 1 (OCSF 1.0.0-rc.2): the columns of its six sources.
//!
//! Objects of CloudTrail hold one of three classes with differing columns; the table is their
//! union by name.

use arrow::datatypes::{DataType, Field};

use super::notation::{fields, kind};
use crate::domain::lake::Source;

/// The columns of a source, without those that come from the path; `None` where version 1 never
/// had the source.
pub(super) fn columns(source: Source) -> Option<Vec<Field>> {
    match source {
        Source::CloudTrailMgmt | Source::LambdaExecution | Source::S3Data => Some(cloud_trail()),
        Source::Route53 => Some(route53()),
        Source::ShFindings => Some(findings()),
        Source::VpcFlow => Some(vpc_flow()),
        Source::EksAudit | Source::Waf => None,
    }
}

fn cloud_trail() -> Vec<Field> {
    fields![
        metadata: {
            product: { version, name, vendor_name, feature: { name } },
            uid, profiles: [text], version,
        },
        time: long,
        cloud: { region, provider },
        api: {
            response: { error, message },
            operation, version,
            service: { name },
            request: { uid },
        },
        resources: [{ uid, account_uid, type }],
        dst_endpoint: { svc_name },
        actor: {
            user: { type, name, uid, uuid, account_uid, credential_uid },
            session: { created_time: long, mfa: bool, issuer },
            invoked_by,
            idp: { name },
        },
        http_request: { user_agent },
        src_endpoint: { uid, ip, domain },
        class_name, class_uid: int,
        category_name, category_uid: int,
        severity_id: int, severity,
        user: { uid, uuid, name },
        activity_name, activity_id: int,
        type_uid: int, type_name,
        status_id: int, status,
        mfa: bool,
        unmapped: map,
    ]
}

fn route53() -> Vec<Field> {
    fields![
        metadata: {
            product: { version, name, feature: { name }, vendor_name },
            profiles: [text], version,
        },
        cloud: { account_uid, region, provider },
        src_endpoint: { vpc_uid, ip, port: int, instance_uid },
        time: long,
        query: { hostname, type, class },
        answers: [{ type, rdata, class }],
        connection_info: { protocol_name, direction, direction_id: int },
        dst_endpoint: { instance_uid, interface_uid },
        severity_id: int, severity,
        class_name, class_uid: int,
        category_name, category_uid: int,
        rcode_id: int, rcode,
        activity_id: int, activity_name,
        type_name, type_uid: int,
        disposition, disposition_id: int,
        unmapped: map,
    ]
}

fn findings() -> Vec<Field> {
    fields![
        metadata: {
            product: { version, feature: { uid, name }, uid, vendor_name, name },
            profiles: [text], version,
        },
        time: long,
        confidence: int,
        cloud: { account_uid, region, provider },
        resources: [{ type, uid, cloud_partition, region, labels: [text], details, criticality }],
        finding: {
            created_time: long,
            uid, desc, title,
            modified_time: long, first_seen_time: long, last_seen_time: long,
            related_events: [{ product_uid, uid }],
            types: [text],
            remediation: { desc, kb_articles: [text] },
            src_url,
        },
        compliance: { status, requirements: [text], status_detail },
        malware: [{ name, path, classification_ids: [int], classifications: [text] }],
        process: {
            name, pid: int,
            file: { path, type_id: int, name },
            parent_process: { pid: int },
            created_time: long, terminated_time: long,
        },
        vulnerabilities: [{
            cve: {
                cvss: { base_score: float, vector_string, version },
                uid, created_time: long, modified_time: long,
            },
            references: [text],
            related_vulnerabilities: [text],
            vendor_name,
            kb_articles: [text],
            packages: [{ architecture, name, epoch: int, release, version }],
        }],
        class_name, class_uid: int,
        category_name, category_uid: int,
        severity_id: int, severity,
        activity_name, activity_id: int,
        type_uid: int, type_name,
        state_id: int, state,
        unmapped: map,
    ]
}

fn flow_endpoint() -> DataType {
    kind!({
        port: int, svc_name, ip, intermediate_ips: [text],
        interface_uid, vpc_uid, instance_uid, subnet_uid,
    })
}

fn vpc_flow() -> Vec<Field> {
    fields![
        metadata: {
            product: { version, name, feature: { name }, vendor_name },
            profiles: [text], version,
        },
        cloud: { account_uid, region, zone, provider },
        src_endpoint: (flow_endpoint),
        dst_endpoint: (flow_endpoint),
        connection_info: {
            protocol_num: int, tcp_flags: int, protocol_ver,
            boundary_id: int, boundary, direction_id: int, direction,
        },
        traffic: { packets: long, bytes: long },
        time: long,
        start_time: long,
        end_time: long,
        status_code,
        severity_id: int, severity,
        class_name, class_uid: int,
        category_name, category_uid: int,
        activity_name, activity_id: int,
        disposition, disposition_id: int,
        type_uid: int, type_name,
        unmapped: map,
    ]
}
