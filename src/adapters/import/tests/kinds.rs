//! Each kind of log: what its fields become, and that nothing of them is lost.

use super::*;

#[test]
fn a_management_event_fills_the_columns_and_leaves_the_rest_in_unmapped() {
    let desk = Desk::new();
    desk.log("log", event(3).to_string());
    desk.import();
    let row = &desk.rows(Source::CloudTrailMgmt)[0];
    assert_eq!(row["time_dt"], "2026-03-01T10:20:30.000Z");
    assert_eq!(row["time"], 1_772_360_430_000_i64);
    assert_eq!(row["api"]["operation"], "DescribeInstances");
    assert_eq!(row["api"]["service"]["name"], "ec2.amazonaws.com");
    let parameters = r#"{"instancesSet":{"items":[{"instanceId":"i-1"}]},"maxResults":3}"#;
    assert_eq!(row["api"]["request"]["data"], parameters);
    assert_eq!(row["api"]["response"], Value::Null);
    assert_eq!(
        row["actor"]["user"]["uid"],
        "arn:aws:sts::111122223333:assumed-role/Reader/session"
    );
    assert_eq!(row["actor"]["user"]["uid_alt"], "AROAEXAMPLE:session");
    assert_eq!(row["actor"]["user"]["credential_uid"], "ASIAEXAMPLE");
    assert_eq!(row["actor"]["user"]["name"], "Reader");
    assert_eq!(
        row["actor"]["session"]["issuer"],
        "arn:aws:iam::111122223333:role/Reader"
    );
    assert_eq!(row["actor"]["session"]["is_mfa"], true);
    assert_eq!(
        row["actor"]["session"]["created_time_dt"],
        "2026-03-01T09:00:00.000Z"
    );
    assert_eq!(row["src_endpoint"]["ip"], "198.51.100.7");
    assert_eq!(
        (&row["class_uid"], &row["status"]),
        (&json!(6003), &json!("Success"))
    );
    let unmapped = &row["unmapped"];
    for (path, value) in [
        ("recipientAccountId", "111122223333"),
        ("readOnly", "true"),
        ("tlsDetails.tlsVersion", "TLSv1.3"),
        ("requestParameters.maxResults", "3"),
        ("userIdentity.sessionContext.sourceIdentity", "somebody"),
        (
            "userIdentity.sessionContext.sessionIssuer.userName",
            "Reader",
        ),
    ] {
        assert_eq!(unmapped[path], value, "{path}: {unmapped}");
    }
}

#[test]
fn nothing_of_a_record_is_dropped() {
    let desk = Desk::new();
    let mut event = event(0);
    event["newMember"] =
        json!({"deep": {"list": [1, {"a": "needle-1"}], "text": "needle-2"}, "empty": {}});
    event["resources"] = json!([
        {"ARN": "needle-3", "accountId": "needle-4", "type": "needle-5", "other": "needle-6"},
        "needle-7"
    ]);
    event["userIdentity"]["onBehalfOf"] = json!({"userId": "needle-8"});
    event["userIdentity"]["sessionContext"]["webIdFederationData"] =
        json!({"federatedProvider": "needle-9", "attributes": {"a": "needle-10"}});
    event["responseElements"] = json!({"credentials": {"accessKeyId": "needle-11"}});
    event["additionalEventData"] = json!("needle-12");
    event["vpcEndpointId"] = json!("needle-13");
    event["apiVersion"] = json!("needle-14");
    event["errorCode"] = json!("needle-15");
    event["errorMessage"] = json!("needle-16");
    event["userIdentity"]["invokedBy"] = json!("needle-17");
    desk.log("log", event.to_string());
    assert_eq!(desk.import().written, 1);
    let row = &desk.rows(Source::CloudTrailMgmt)[0];
    let text = row.to_string();
    for number in 1..=17 {
        assert!(
            text.contains(&format!("needle-{number}")),
            "needle-{number} of {text}"
        );
    }
    assert_eq!(row["status"], "Failure");
    assert_eq!(row["unmapped"]["newMember.empty"], "{}");
    assert_eq!(row["session"]["credential_uid"], "needle-11");
}

#[test]
fn data_events_go_to_their_own_tables() {
    let desk = Desk::new();
    let data = |service: &str, name: &str| {
        let mut event = event(0);
        event["eventSource"] = json!(service);
        event["eventName"] = json!(name);
        event["managementEvent"] = json!(false);
        event["eventCategory"] = json!("Data");
        event["requestParameters"] = json!({"bucketName": "a-bucket", "key": "a/key"});
        event
    };
    let records = [
        data("s3.amazonaws.com", "GetObject"),
        data("lambda.amazonaws.com", "Invoke"),
        data("dynamodb.amazonaws.com", "GetItem"),
    ];
    desk.log("log", json!({"Records": records}).to_string());
    let imported = desk.import();
    let of = |source| imported.tables.get(&source).copied();
    assert_eq!(of(Source::S3Data), Some(1));
    assert_eq!(of(Source::LambdaExecution), Some(1));
    assert_eq!(
        of(Source::CloudTrailMgmt),
        Some(1),
        "data of other services stays in sight"
    );
    let row = &desk.rows(Source::S3Data)[0];
    assert_eq!(row["unmapped"]["requestParameters.bucketName"], "a-bucket");
    assert_eq!(row["metadata"]["product"]["feature"]["name"], "Data");
}

#[test]
fn a_sign_in_is_an_authentication() {
    let desk = Desk::new();
    let mut event = event(0);
    event["eventName"] = json!("ConsoleLogin");
    event["eventSource"] = json!("signin.amazonaws.com");
    event["userIdentity"] =
        json!({"type": "IAMUser", "userName": "ann", "arn": "arn:aws:iam::111122223333:user/ann"});
    event["responseElements"] = json!({"ConsoleLogin": "Failure"});
    event["additionalEventData"] = json!({"MFAUsed": "Yes"});
    desk.log("log", event.to_string());
    desk.import();
    let row = &desk.rows(Source::CloudTrailMgmt)[0];
    assert_eq!(
        (&row["class_uid"], &row["is_mfa"]),
        (&json!(3002), &json!(true))
    );
    assert_eq!(
        (&row["status"], &row["user"]["name"]),
        (&json!("Failure"), &json!("ann"))
    );
    assert_eq!(row["unmapped"]["additionalEventData.MFAUsed"], "Yes");
}

#[test]
fn flow_logs_of_the_default_format_take_what_is_missing_from_the_path() {
    let desk = Desk::new();
    let name =
        "AWSLogs/012345678901/vpcflowlogs/ap-south-1/2026/03/01/a_vpcflowlogs_ap-south-1_fl-1.log";
    desk.log(
        name,
        "2 012345678901 eni-1 10.0.0.5 203.0.113.9 40000 443 6 10 840 1772360430 1772360490 ACCEPT OK\n\
         2 012345678901 eni-1 - - - - - - - 1772360430 1772360490 - NODATA\n",
    );
    assert_eq!(desk.import().written, 2);
    let rows = desk.rows(Source::VpcFlow);
    assert!(
        desk.objects()[0].contains("region=ap-south-1/accountId=012345678901/eventDay=20260301/")
    );
    let row = &rows[0];
    assert_eq!(
        (&row["src_endpoint"]["port"], &row["dst_endpoint"]["port"]),
        (&json!(40000), &json!(443))
    );
    assert_eq!(
        (&row["traffic"]["packets"], &row["traffic"]["bytes"]),
        (&json!(10), &json!(840))
    );
    assert_eq!(
        (&row["action"], &row["disposition"]),
        (&json!("Allowed"), &json!("Allowed"))
    );
    assert_eq!(
        row["src_endpoint"]["interface_uid"], "eni-1",
        "the private end wrote it"
    );
    assert_eq!(
        row["connection_info"]["direction"], "Unknown",
        "nothing says it"
    );
    assert_eq!(row["end_time_dt"], "2026-03-01T10:21:30.000Z");
    assert_eq!(
        (&rows[1]["status_code"], &rows[1]["traffic"]),
        (&json!("NODATA"), &Value::Null)
    );
}

#[test]
fn a_header_names_the_fields_of_a_flow_log() {
    let desk = Desk::new();
    desk.log(
        "flow.log.gz",
        gzip(
            b"account-id region vpc-id instance-id interface-id srcaddr dstaddr pkt-srcaddr dstport protocol \
              start end action flow-direction traffic-path tcp-flags reject-reason\n\
              111122223333 eu-west-1 vpc-1 i-1 eni-9 203.0.113.9 10.0.0.5 198.51.100.1 22 6 \
              1772360430 1772360431 REJECT ingress - 2 BPA\n",
        ),
    );
    assert_eq!(desk.import().written, 1);
    let row = &desk.rows(Source::VpcFlow)[0];
    assert_eq!(row["dst_endpoint"]["instance_uid"], "i-1");
    assert_eq!(row["connection_info"]["direction"], "Inbound");
    assert_eq!(
        (&row["action"], &row["connection_info"]["tcp_flags"]),
        (&json!("Denied"), &json!(2))
    );
    assert_eq!(row["unmapped"]["pkt_srcaddr"], "198.51.100.1");
    assert_eq!(row["unmapped"]["reject_reason"], "BPA");
}

#[test]
fn resolver_logs_keep_query_and_answers() {
    let desk = Desk::new();
    let record = json!({
        "version": "1.100000", "account_id": "012345678901", "region": "us-west-2", "vpc_id": "vpc-1",
        "query_timestamp": "2026-03-01T10:20:30Z", "query_name": "a.example.", "query_type": "A",
        "query_class": "IN", "rcode": "NXDOMAIN", "srcaddr": "10.0.0.5", "srcport": "5353",
        "answers": [{"Rdata": "192.0.2.1", "Type": "A", "Class": "IN"}, {"Rdata": "b.example.", "Type": "CNAME", "Class": "IN"}],
        "transport": "UDP", "srcids": {"instance": "i-7", "resolver_endpoint": "rslvr-1"},
        "firewall_rule_action": "BLOCK", "firewall_rule_group_id": "rslvr-frg-1", "firewall_domain_list_id": "rslvr-fdl-1"
    });
    desk.log("dns.json", format!("{record}\n{record}\n"));
    assert_eq!(desk.import().written, 2);
    let row = &desk.rows(Source::Route53)[0];
    assert_eq!(row["query"]["hostname"], "a.example.");
    assert_eq!(
        (&row["rcode"], &row["rcode_id"]),
        (&json!("NXDomain"), &json!(3))
    );
    assert_eq!(row["answers"][0]["rdata"], "192.0.2.1");
    assert_eq!(row["answers"].as_array().unwrap().len(), 2);
    assert_eq!(
        (
            &row["src_endpoint"]["port"],
            &row["src_endpoint"]["instance_uid"]
        ),
        (&json!(5353), &json!("i-7"))
    );
    assert_eq!(
        (&row["action"], &row["disposition"]),
        (&json!("Denied"), &json!("Blocked"))
    );
    assert_eq!(row["unmapped"]["firewall_domain_list_id"], "rslvr-fdl-1");
}

#[test]
fn ocsf_records_go_to_the_table_of_their_class() {
    let desk = Desk::new();
    let finding = json!({
        "class_uid": 2004, "time": 1_772_360_430_000_i64, "severity_id": 4, "severity": "High",
        "cloud": {"account": {"uid": "012345678901"}, "region": "eu-west-1"},
        "metadata": {"product": {"name": "GuardDuty"}, "profiles": ["cloud"]},
        "finding_info": {"uid": "f-1", "title": "made up", "types": ["a", "b"], "created_time_dt": "2026-03-01T10:20:30.5Z"},
        "vulnerabilities": [{"cve": {"uid": "CVE-1", "cvss": [{"base_score": 9.8}, {"base_score": "7.55"}]}}],
        "unmapped": {"own": "value"}, "no_column": {"here": [1]}, "activity_id": "not a number"
    });
    let web = json!({"class_uid": 4002, "time_dt": "2026-03-01T10:20:30Z", "region": "eu-west-1", "accountid": "012345678901",
        "http_request": {"http_headers": [{"name": "Host", "value": "a"}]}});
    let stranger = json!({"class_uid": 1007, "time": 1_772_360_430_000_i64});
    desk.log("ocsf.json", format!("{finding}\n{web}\n{stranger}\n"));
    let imported = desk.import();
    assert_eq!(
        (imported.read, imported.written, imported.refused),
        (3, 2, 1)
    );
    let row = &desk.rows(Source::ShFindings)[0];
    assert_eq!(row["finding_info"]["types"], json!(["a", "b"]));
    assert_eq!(
        row["finding_info"]["created_time_dt"],
        "2026-03-01T10:20:30.500Z"
    );
    let scores = &row["vulnerabilities"][0]["cve"]["cvss"];
    assert_eq!(scores[0]["base_score"], 9.8);
    assert_eq!(
        scores[1],
        Value::Null,
        "a score that would be rounded is none"
    );
    let unmapped = &row["unmapped"];
    assert_eq!(unmapped["vulnerabilities[].cve.cvss[].base_score"], "7.55");
    assert_eq!(
        (&unmapped["own"], &unmapped["no_column.here"]),
        (&json!("value"), &json!("[1]"))
    );
    assert_eq!(
        (&unmapped["activity_id"], &row["activity_id"]),
        (&json!("not a number"), &Value::Null)
    );
    assert_eq!(desk.rows(Source::Waf)[0]["time"], 1_772_360_430_000_i64);
    assert!(
        desk.refused()[0]["reason"]
            .as_str()
            .unwrap()
            .contains("1007")
    );
}

#[test]
fn rows_of_a_lake_come_back_as_they_were() {
    let desk = Desk::new();
    desk.log("log", event(1).to_string());
    desk.import();
    let row = desk.rows(Source::CloudTrailMgmt).remove(0);
    let again = Desk::new();
    again.log("rows.ndjson", row.to_string());
    assert_eq!(again.import().written, 1);
    assert_eq!(again.rows(Source::CloudTrailMgmt), [row]);
}
