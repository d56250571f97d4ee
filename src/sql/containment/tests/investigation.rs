//! Forty statements of an investigation, in the order in which an analyst writes them, over the
//! demo lake. What an earlier result proves to hold is answered from it, and is what a run gives.

#![allow(
    clippy::disallowed_macros,
    reason = "the test tells which steps were answered"
)]

use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use super::super::Freshness;
use super::desk::Desk;
use crate::demo::{DemoOptions, Scenario, write_lake};

/// The statements: `{key}`, `{ip}` … stand for what the analyst has found by then.
const STEPS: [&str; 40] = [
    // A finding, and what the address in it did.
    "SELECT time_dt, severity, finding_info.title, finding_info.uid, status FROM sh_findings WHERE time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' ORDER BY time_dt DESC",
    "SELECT severity, count(*) AS findings FROM sh_findings WHERE time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' GROUP BY severity ORDER BY findings DESC, severity",
    "SELECT time_dt, accountid, region, actor.user.uid AS principal, actor.user.credential_uid AS access_key, actor.session.issuer, src_endpoint.ip AS address, api.service.name AS service, api.operation, status, api.response.error AS error, http_request.user_agent FROM cloud_trail_mgmt WHERE time_dt BETWEEN TIMESTAMP '{from}' AND TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}' ORDER BY time_dt LIMIT 5000",
    "SELECT api.service.name AS service, api.operation, count(*) AS calls, count_if(status = 'Failure') AS failed, min(time_dt) AS first_seen, max(time_dt) AS last_seen FROM cloud_trail_mgmt WHERE time_dt BETWEEN TIMESTAMP '{from}' AND TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}' GROUP BY 1, 2 ORDER BY calls DESC, 1, 2",
    "SELECT actor.user.credential_uid, actor.user.uid, count(*) AS calls FROM cloud_trail_mgmt WHERE time_dt BETWEEN TIMESTAMP '{from}' AND TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
    "SELECT DISTINCT http_request.user_agent FROM cloud_trail_mgmt WHERE time_dt BETWEEN TIMESTAMP '{from}' AND TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}'",
    "SELECT time_dt, api.operation, api.response.error FROM cloud_trail_mgmt WHERE src_endpoint.ip = '{ip}' AND status = 'Failure' AND time_dt BETWEEN TIMESTAMP '{from}' AND TIMESTAMP '{to}' ORDER BY time_dt",
    "SELECT time_dt, api.operation FROM cloud_trail_mgmt WHERE src_endpoint.ip = '{ip}' AND time_dt BETWEEN TIMESTAMP '{middle}' AND TIMESTAMP '{to}' AND api.operation LIKE 'Create%'",
    // The request was not kept.
    "SELECT time_dt, api.operation, api.request.data FROM cloud_trail_mgmt WHERE src_endpoint.ip = '{ip}' AND time_dt BETWEEN TIMESTAMP '{from}' AND TIMESTAMP '{to}' AND api.service.name = 'iam.amazonaws.com'",
    // The key: everything, to be asked again and again.
    "SELECT * FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}'",
    "SELECT date_trunc('hour', time_dt) AS hour, count(*) AS calls FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' GROUP BY 1 ORDER BY 1",
    "SELECT src_endpoint.ip, count(*) AS calls, min(time_dt), max(time_dt) FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' GROUP BY src_endpoint.ip ORDER BY calls DESC, 1",
    "SELECT time_dt, api.operation, api.request.data FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}' ORDER BY time_dt",
    "SELECT time_dt, api.operation, api.response.error, api.response.message FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND api.response.error IS NOT NULL AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}'",
    "SELECT api.operation, count(*) FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND time_dt >= TIMESTAMP '{middle}' AND time_dt < TIMESTAMP '{to}' AND api.operation IN ('AssumeRole', 'GetCallerIdentity', 'CreateAccessKey') GROUP BY api.operation",
    "SELECT region, accountid, count(*) AS calls FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' GROUP BY region, accountid HAVING count(*) > 1 ORDER BY calls DESC, region, accountid",
    "SELECT time_dt, resources FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND api.operation = 'AssumeRole'",
    "SELECT time_dt, r.uid FROM cloud_trail_mgmt CROSS JOIN UNNEST(resources) AS t(r) WHERE actor.user.credential_uid = '{key}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}'",
    // The session that came of it.
    "SELECT time_dt, actor.user.uid, actor.user.credential_uid, actor.session.issuer, src_endpoint.ip, api.service.name, api.operation, api.request.data, status, region FROM cloud_trail_mgmt WHERE actor.user.credential_uid IN ('{key}', '{session}') AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}'",
    "SELECT api.operation, status, count(*) AS calls FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{session}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' GROUP BY api.operation, status ORDER BY calls DESC, 1, 2",
    "SELECT time_dt, api.operation, api.request.data FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{session}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND api.service.name = 's3.amazonaws.com' ORDER BY time_dt",
    "SELECT DISTINCT actor.session.issuer, actor.user.uid FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{session}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}'",
    "SELECT count(*) FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{session}' AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND src_endpoint.ip <> '{ip}'",
    // What it read in S3.
    "SELECT time_dt, actor.user.uid, actor.user.credential_uid, src_endpoint.ip, api.operation, api.request.data, resources, status, eventday FROM s3_data WHERE eventday BETWEEN '{first_day}' AND '{last_day}' AND src_endpoint.ip = '{ip}'",
    "SELECT api.operation, count(*) AS calls FROM s3_data WHERE eventday BETWEEN '{first_day}' AND '{last_day}' AND src_endpoint.ip = '{ip}' GROUP BY 1 ORDER BY calls DESC, 1",
    "SELECT time_dt, api.request.data FROM s3_data WHERE eventday BETWEEN '{first_day}' AND '{last_day}' AND src_endpoint.ip = '{ip}' AND api.operation = 'GetObject' AND api.request.data LIKE '%{bucket}%' ORDER BY time_dt",
    "SELECT count(*) AS objects, min(time_dt) AS first_seen, max(time_dt) AS last_seen FROM s3_data WHERE eventday BETWEEN '{first_day}' AND '{last_day}' AND src_endpoint.ip = '{ip}' AND api.operation = 'GetObject' AND status = 'Success'",
    "SELECT eventday, count(*) FROM s3_data WHERE eventday = '{last_day}' AND src_endpoint.ip = '{ip}' GROUP BY eventday",
    "SELECT actor.user.uid, count(*) FROM s3_data WHERE eventday BETWEEN '{first_day}' AND '{last_day}' AND api.request.data LIKE '%{bucket}%' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
    "SELECT sum(TRY_CAST(element_at(unmapped, 'additionalEventData.bytesTransferredOut') AS double)) FROM s3_data WHERE eventday BETWEEN '{first_day}' AND '{last_day}' AND src_endpoint.ip = '{ip}'",
    // The address in the network.
    "SELECT time_dt, src_endpoint.ip AS source, dst_endpoint.ip AS destination, dst_endpoint.port, traffic.bytes, traffic.packets, region FROM vpc_flow WHERE time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND (src_endpoint.ip = '{ip}' OR dst_endpoint.ip = '{ip}')",
    "SELECT dst_endpoint.ip, dst_endpoint.port, sum(traffic.bytes) AS bytes, count(*) AS flows FROM vpc_flow WHERE time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}' GROUP BY 1, 2 ORDER BY bytes DESC, 1, 2 LIMIT 20",
    "SELECT src_endpoint.ip, sum(traffic.bytes) AS bytes FROM vpc_flow WHERE time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND dst_endpoint.ip = '{ip}' GROUP BY 1 ORDER BY bytes DESC, 1",
    "SELECT date_trunc('hour', time_dt) AS hour, sum(traffic.bytes) AS bytes FROM vpc_flow WHERE time_dt >= TIMESTAMP '{middle}' AND time_dt < TIMESTAMP '{to}' AND (dst_endpoint.ip = '{ip}' OR src_endpoint.ip = '{ip}') GROUP BY 1 ORDER BY 1",
    "SELECT query.hostname, count(*) AS queries FROM route53 WHERE time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50",
    // Whether it goes on: this must be asked of the lake.
    "SELECT count(*) FROM cloud_trail_mgmt WHERE actor.user.credential_uid = '{key}' AND time_dt > current_timestamp - INTERVAL '2' DAY",
    // For the report.
    "SELECT time_dt, api.service.name, api.operation, src_endpoint.ip, status FROM cloud_trail_mgmt WHERE actor.user.credential_uid IN ('{key}', '{session}') AND time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}' ORDER BY time_dt, 2, 3",
    "SELECT min(time_dt) AS first_seen, max(time_dt) AS last_seen, count(*) AS calls FROM cloud_trail_mgmt WHERE time_dt BETWEEN TIMESTAMP '{from}' AND TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}'",
    "SELECT api.response.error, count(*) AS denied FROM cloud_trail_mgmt WHERE time_dt BETWEEN TIMESTAMP '{from}' AND TIMESTAMP '{to}' AND src_endpoint.ip = '{ip}' AND api.response.error IN ('AccessDenied', 'Client.UnauthorizedOperation') GROUP BY 1",
    "SELECT finding_info.title, time_dt FROM sh_findings WHERE time_dt >= TIMESTAMP '{from}' AND time_dt < TIMESTAMP '{to}' AND severity IN ('High', 'Critical') ORDER BY time_dt, 1",
];

fn part<'a>(scenario: &'a Scenario, role: &str) -> &'a str {
    let mut entities = scenario.entities.iter();
    let found = entities.find(|entity| entity.role == role);
    found.map_or_else(|| panic!("nobody is the {role}"), |entity| &entity.value)
}

fn filled(step: &str, scenario: &Scenario) -> String {
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    let day = |time: DateTime<Utc>| time.format("%Y%m%d").to_string();
    let (from, to) = (scenario.from, scenario.until);
    [
        ("{from}", time(from)),
        ("{middle}", time(from + (to - from) / 2)),
        ("{to}", time(to)),
        ("{first_day}", day(from)),
        ("{last_day}", day(to - TimeDelta::seconds(1))),
        ("{ip}", part(scenario, "outside address").to_owned()),
        ("{key}", part(scenario, "leaked access key").to_owned()),
        ("{session}", part(scenario, "second session key").to_owned()),
        ("{bucket}", part(scenario, "bucket").to_owned()),
    ]
    .into_iter()
    .fold(step.to_owned(), |sql, (name, value)| {
        sql.replace(name, &value)
    })
}

/// Which of the steps are answered from what the ones before have kept. Each answer is what a run
/// gives.
fn answered_locally(lake: &Path, scenario: &Scenario, elsewhere: bool) -> Vec<usize> {
    let mut desk = Desk::over(Some(lake));
    desk.elsewhere = elsewhere;
    // The analyst works two days after the lake's last event; events come late by at most a day.
    let mut now = scenario.until + TimeDelta::days(2);
    let freshness = Freshness::Growing {
        late: TimeDelta::days(1),
    };
    let mut local = Vec::new();
    for (step, text) in STEPS.iter().enumerate() {
        let sql = filled(text, scenario);
        now += TimeDelta::minutes(2);
        let results = desk.kept.list().unwrap().results;
        let answers = results
            .iter()
            .rev()
            .find_map(|result| desk.answer_from(result, &sql, now, freshness));
        let Some(answer) = answers else {
            desk.keep(&sql, &sql, now, &[]);
            continue;
        };
        let step = step + 1;
        local.push(step);
        // What is answered elsewhere is answered here too, and the same: it is compared once.
        if elsewhere {
            continue;
        }
        let direct = desk.run(&sql, &[]).unwrap();
        let found = desk
            .run(&answer.sql, &[])
            .unwrap_or_else(|error| panic!("{}: {error}", answer.sql));
        assert_eq!(
            found.sorted(),
            direct.sorted(),
            "step {step}: {}",
            answer.sql
        );
    }
    local
}

/// The lake of both tests, and who is who in it.
static LAKE: LazyLock<(tempfile::TempDir, Scenario)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let mut options = DemoOptions::new(Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap());
    options.events = 3_000;
    let scenario = write_lake(&folder.path().join("lake"), &options, &mut |_| {}).unwrap();
    (folder, scenario)
});

fn count(elsewhere: bool) -> usize {
    let (folder, scenario) = &*LAKE;
    let local = answered_locally(&folder.path().join("lake"), scenario, elsewhere);
    println!(
        "elsewhere: {elsewhere}, local: {} of 40, {local:?}",
        local.len()
    );
    local.len()
}

#[test]
fn most_of_an_investigation_is_answered_from_what_was_kept() {
    assert_eq!(count(false), 28);
}

/// Where arrays, maps and rows come as print, and what two engines may work out differently is left
/// to the other, it is less.
#[test]
fn most_of_an_investigation_elsewhere_is_too() {
    assert_eq!(count(true), 23);
}
