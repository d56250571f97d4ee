//! Source version 2 (OCSF 1.1.0): the columns of all eight sources, in the documented order.

use arrow::datatypes::{DataType, Field};

use super::notation::{fields, kind};
use crate::domain::lake::Source;

/// The columns of a source, without those that come from the path.
pub(super) fn columns(source: Source) -> Vec<Field> {
    match source {
        Source::CloudTrailMgmt | Source::LambdaExecution | Source::S3Data => cloud_trail(),
        Source::EksAudit => eks_audit(),
        Source::Route53 => route53(),
        Source::ShFindings => findings(),
        Source::VpcFlow => vpc_flow(),
        Source::Waf => waf(),
    }
}

fn observables() -> DataType {
    kind!([{ name, value, type, type_id: int }])
}

fn owner() -> DataType {
    kind!({ account: { uid } })
}

fn cloud_trail() -> Vec<Field> {
    fields![
        metadata: {
            product: { version, name, vendor_name, feature: { name } },
            event_code, uid, profiles: [text], version,
        },
        time: long,
        time_dt: time,
        cloud: { region, provider },
        api: {
            response: { error, message, data },
            operation, version,
            service: { name },
            request: { data, uid },
        },
        dst_endpoint: { svc_name },
        actor: {
            user: { type, name, uid_alt, uid, account: { uid }, credential_uid },
            session: { created_time_dt: time, is_mfa: bool, issuer },
            invoked_by,
            idp: { name },
        },
        http_request: { user_agent },
        src_endpoint: { uid, ip, domain },
        session: { uid, uid_alt, credential_uid, issuer },
        policy: { uid },
        resources: [{ uid, owner: (owner), type }],
        class_name, class_uid: int,
        category_name, category_uid: int,
        severity_id: int, severity,
        user: { uid_alt, uid, name },
        activity_name, activity_id: int,
        type_uid: long, type_name,
        status,
        is_mfa: bool,
        unmapped: map,
        observables: (observables),
    ]
}

fn containers() -> DataType {
    kind!([{ name, image: { name, path, uid } }])
}

fn eks_audit() -> Vec<Field> {
    fields![
        metadata: {
            log_level,
            product: { version, vendor_name, name, feature: { name } },
            profiles: [text], version,
        },
        api: {
            request: { uid, containers: (containers) },
            operation, version,
            response: { code: int, message, error, error_message, containers: (containers) },
            group: { name },
        },
        message,
        http_request: { url: { path }, user_agent },
        actor: {
            user: { name, uid, groups: [{ name }], type_id: int },
            session: { credential_uid, issuer, uid },
        },
        cloud: { account: { uid }, provider },
        src_endpoint: { ip, intermediate_ips: [text] },
        resources: [{ namespace, name, uid, version, type }],
        start_time_dt: time,
        time_dt: time,
        time: long,
        severity_id: int, severity,
        class_name, class_uid: int,
        category_name, category_uid: int,
        activity_name, activity_id: int,
        type_name, type_uid: long,
        unmapped: map,
        observables: (observables),
    ]
}

fn route53() -> Vec<Field> {
    fields![
        metadata: {
            product: { version, name, feature: { name }, vendor_name },
            profiles: [text], version,
        },
        cloud: { account: { uid }, region, provider },
        src_endpoint: { vpc_uid, ip, port: int, instance_uid },
        time: long,
        time_dt: time,
        query: { hostname, type, class },
        answers: [{ type, rdata, class }],
        connection_info: { protocol_name, direction, direction_id: int },
        dst_endpoint: { instance_uid, interface_uid },
        firewall_rule: { uid },
        severity_id: int, severity,
        class_name, class_uid: int,
        category_name, category_uid: int,
        activity_id: int, activity_name,
        type_uid: long, type_name,
        rcode_id: int, rcode,
        disposition,
        action, action_id: int,
        unmapped: map,
        observables: (observables),
    ]
}

fn advice() -> DataType {
    kind!({ desc, references: [text] })
}

fn vulnerabilities() -> DataType {
    kind!([{
        remediation: (advice),
        cve: {
            cvss: [{ base_score: score, vector_string, version }],
            uid,
            epss: { score },
            references: [text],
            created_time_dt: time, modified_time_dt: time,
        },
        references: [text],
        related_vulnerabilities: [text],
        vendor_name,
        affected_packages: [{
            architecture, epoch: int, path, fixed_in_version, name, package_manager, release,
            remediation: { desc },
            version,
        }],
        cwe: { uid },
        affected_code: [{
            end_line: int,
            file: { name, path, uid, type_id: int },
            start_line: int,
        }],
        is_fix_available: bool,
        is_exploit_available: bool,
    }])
}

fn evidence_process() -> DataType {
    kind!({
        created_time_dt: time,
        name, pid: int, uid,
        user: { name, uid },
        cmd_line,
        parent_process: { uid },
        file: { path, name, type_id: int, hashes: [{ value, algorithm_id: int, algorithm }] },
        euid: int,
    })
}

/// The documentation puts the API, the endpoints and the query of an evidence inside its actor.
fn evidences() -> DataType {
    kind!([{
        data,
        actor: {
            process: (evidence_process),
            api: { operation, response: { error, code: int }, service: { name } },
            src_endpoint: {
                ip,
                location: { country, city, coordinates: [degrees] },
                port: int,
            },
            connection_info: { protocol_name, direction_id: int, direction },
            dst_endpoint: {
                ip, port: int,
                location: { city, country, coordinates: [degrees] },
            },
            query: { hostname },
        },
    }])
}

fn findings() -> Vec<Field> {
    fields![
        metadata: {
            log_version,
            product: { feature: { uid, name }, uid, name, vendor_name, version },
            processed_time_dt: time,
            profiles: [text], version,
            extensions: [{ name, uid, version }],
        },
        time: long,
        time_dt: time,
        confidence_score: int,
        message,
        cloud: { account: { uid }, region, provider },
        resource: { type, uid, cloud_partition, region, labels: [text], data, criticality },
        finding_info: {
            created_time_dt: time,
            uid, desc, title,
            modified_time_dt: time, first_seen_time_dt: time, last_seen_time_dt: time,
            related_events: [{ product_uid, uid }],
            types: [text],
            src_url,
        },
        remediation: (advice),
        compliance: {
            standards: [text], requirements: [text],
            control, status, status_detail, status_code,
        },
        vulnerabilities: (vulnerabilities),
        resources: [{
            type, uid, cloud_partition, region, labels: [text], data, criticality,
            owner: (owner),
        }],
        evidences: (evidences),
        class_name, class_uid: int,
        category_name, category_uid: int,
        severity_id: int, severity,
        activity_name, activity_id: int,
        type_uid: long, type_name,
        status,
        unmapped: map,
        observables: (observables),
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
        cloud: { account: { uid }, region, zone, provider },
        src_endpoint: (flow_endpoint),
        dst_endpoint: (flow_endpoint),
        connection_info: {
            protocol_num: int, tcp_flags: int, protocol_ver,
            boundary_id: int, boundary, direction_id: int, direction,
        },
        traffic: { packets: long, bytes: long },
        time: long,
        time_dt: time,
        start_time_dt: time,
        end_time_dt: time,
        status_code,
        severity_id: int, severity,
        class_name, class_uid: int,
        category_name, category_uid: int,
        activity_name, activity_id: int,
        action, action_id: int,
        disposition,
        type_uid: long, type_name,
        unmapped: map,
        observables: (observables),
    ]
}

fn waf() -> Vec<Field> {
    fields![
        metadata: {
            product: { feature: { uid }, version, vendor_name, name },
            labels: [text], profiles: [text], version,
        },
        src_endpoint: { svc_name, uid, ip, location: { country } },
        http_request: {
            url: { path, hostname },
            version, http_method, uid, args,
            http_headers: [{ name, value }],
            user_agent,
            x_forwarded_for: [text],
            referrer,
        },
        firewall_rule: {
            uid, type, condition, match_location, match_details: [text], rate_limit: int,
        },
        http_status: int,
        time: long,
        time_dt: time,
        class_name, class_uid: int,
        category_name, category_uid: int,
        severity_id: int, severity,
        cloud: { provider },
        activity_name, activity_id: int,
        type_name, type_uid: long,
        action, action_id: int,
        disposition, disposition_id: int,
        unmapped: map,
        observables: (observables),
    ]
}
