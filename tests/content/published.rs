//! A folder of rules as SigmaHQ publishes them: every file is read, and each rule can be used or says
//! why not. The folder here is made up, in the published layout and with every feature of the format;
//! `LAKEHOUND_SIGMA=/path/to/sigma` reads a real one instead, and prints what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::Utc;
use lakehound::adapters::matching::{Book, Matcher, Place};
use lakehound::app::{LoadedRules, RuleFiles};
use lakehound::sql::sigma::{Columns, statements};

use crate::lake::Lake;
use crate::matching::objects;

const FOLDERS: [&str; 9] = [
    "rules/cloud/aws/cloudtrail",
    "rules/cloud/azure/activity_logs",
    "rules/linux/auditd/execve",
    "rules/network/dns",
    "rules/windows/process_creation",
    "rules-threat-hunting/cloud/aws",
    "rules-emerging-threats/2026/Malware",
    "deprecated/cloud",
    "unsupported/cloud",
];

const TRAIL: &str = "{product: aws, service: cloudtrail}";

/// Logs of others, and what is said of them.
const FOREIGN: &[(&str, &str)] = &[
    (
        "{product: windows, category: process_creation}",
        "product windows, category process_creation",
    ),
    ("{product: windows, service: security}", "service security"),
    ("{product: linux, service: auditd}", "product linux"),
    ("{category: proxy}", "category proxy"),
    ("{product: azure, service: activitylogs}", "product azure"),
    ("{product: zeek, service: dns}", "product zeek"),
    ("{product: okta, service: okta}", "product okta"),
    ("{product: macos, category: file_event}", "product macos"),
    ("{category: antivirus}", "category antivirus"),
];

/// What a detection may hold; each can be used.
const USABLE: &[&str] = &[
    "s: {eventName: StopLogging}\n  condition: s",
    "s: {eventName: [StopLogging, DeleteTrail]}\n  condition: s",
    "s:\n    - eventName: StopLogging\n    - {errorCode: AccessDenied, userAgent|contains: x}\n  condition: s",
    "s: [keyword, 'with*wildcard', 'a\\*b']\n  condition: s",
    "s: {eventName|contains|all: [a, b]}\n  condition: s",
    "s: {eventName|startswith: a, userAgent|endswith: [b, c]}\n  condition: s",
    "s: {eventName|cased: a, userAgent|neq: b, errorCode|exists: false}\n  condition: s",
    "s: {userAgent|re: '^a.*b$'}\n  condition: s",
    "s: {userAgent|re|i|m|s: 'a|b{2,3}'}\n  condition: s",
    "s: {sourceIPAddress|cidr: ['10.0.0.0/8', '2001:db8::/32']}\n  condition: s",
    "s: {requestParameters.n|gt: 1, requestParameters.m|lte: 2.5}\n  condition: s",
    "s: {userAgent|base64offset|contains: x y, requestParameters.x|wide|base64: abc}\n  condition: s",
    "s: {requestParameters.x|utf16|base64offset|contains: abc, requestParameters.y|utf16be|base64: a}\n  condition: s",
    "s: {userAgent|windash|contains: ' -enc'}\n  condition: s",
    "s: {userIdentity.arn|fieldref: requestParameters.arn, userIdentity.userName|fieldref|startswith: requestParameters.name}\n  condition: s",
    "s: {errorCode: null, errorMessage: '', requestParameters.on: true, requestParameters.n: 5}\n  condition: s",
    "a_1: {eventName: a}\n  a_2: {eventName: b}\n  b: {eventName: c}\n  condition: 1 of a_* and not b",
    "a_1: {eventName: a}\n  a_2: {errorCode: b}\n  condition: all of a_*",
    "a: {eventName: a}\n  b: {errorCode: b}\n  condition: all of them or any of a*",
    "a: {eventName: a}\n  b: {errorCode: b}\n  c: {userAgent: c}\n  condition: (a or b) and not (c and not b)",
    "a: {eventName: a}\n  b: {errorCode: b}\n  condition: [a, b]",
    "a: {eventName: a}\n  timeframe: 5m\n  condition: a",
    "a: {eventName: a}\n  timeframe: 5m\n  condition: a | count() > 10",
    "a: {eventName: a}\n  condition: a | count() by userIdentity.arn > 20",
    "a: {eventName: a}\n  timeframe: 1h\n  condition: a | count() by userIdentity.arn >= 10",
    "a: {eventName: a}\n  timeframe: 1d\n  condition: a | count(eventName) by userIdentity.arn, sourceIPAddress < 10",
    "a: {eventName: a}\n  b: {eventName: b}\n  c: {eventName: c}\n  timeframe: 30s\n  condition: a | near b and c",
    "a: {requestParameters.list.of.members|contains: x, requestParameters|contains: '\"a\":\"b\"'}\n  condition: a",
    "a: {userAgent|expand: '%agents%'}\n  condition: a",
    "a: {'|re': 'x.y'}\n  condition: a",
    "a: {eventTime|hour|gte: 22, eventTime|day: [1, 2], requestParameters.when|year|neq: 2026}\n  condition: a",
];

/// What cannot be used, and why.
const UNUSABLE: &[(&str, &str)] = &[
    (
        "s: {eventName|fuzzy: a}\n  condition: s",
        "modifier `fuzzy`",
    ),
    ("s: {eventTime|hour: x}\n  condition: s", "no whole number"),
    (
        "s: {userAgent|re: '(?<!a)b'}\n  condition: s",
        "no regular expression",
    ),
    (
        "s: {sourceIPAddress|cidr: 10.0.0.0/99}\n  condition: s",
        "no network",
    ),
    (
        "s: {userAgent|expand: '%nowhere%'}\n  condition: s",
        "`%nowhere%` has no value",
    ),
    (
        "s: {eventName: a}\n  condition: s | count() < 5",
        "no `timeframe`",
    ),
    (
        "s: {eventName: a}\n  timeframe: 5m\n  condition: s | sum(bytes) > 5",
        "the sum of a field",
    ),
    (
        "s: {eventName: a}\n  timeframe: 5m\n  condition: s | near not s",
        "is not `near`",
    ),
    ("s: {eventName: a}\n  condition: t", "names the search `t`"),
    ("s: {eventName: a}", "no `condition`"),
    (
        "s: {eventName: a}\n  condition: s and",
        "the condition ends",
    ),
];

/// Correlations and filters over the rules `first` and `second`, and those that cannot be used.
const MORE: &[(&str, Option<&str>)] = &[
    (
        "correlation:\n  type: event_count\n  rules: [first]\n  group-by: [userIdentity.arn]\n  timespan: 5m\n  condition: {gte: 10}",
        None,
    ),
    (
        "correlation:\n  type: value_count\n  rules: [first, second]\n  group-by: [sourceIPAddress]\n  timespan: 1h\n  condition: {gt: 3, lte: 9, field: eventName}",
        None,
    ),
    (
        "correlation:\n  type: temporal\n  rules: [first, second]\n  timespan: 1d",
        None,
    ),
    (
        "correlation:\n  type: temporal_ordered\n  rules: [first, second]\n  group-by: [who]\n  aliases:\n    who: {first: userIdentity.arn, second: requestParameters.arn}\n  timespan: 1d",
        None,
    ),
    (
        "correlation:\n  type: value_sum\n  rules: [first]\n  timespan: 1d\n  condition: {gte: 10, field: x}",
        Some("type `value_sum`"),
    ),
    (
        "correlation:\n  type: event_count\n  rules: [nowhere]\n  timespan: 1d\n  condition: {gte: 10}",
        Some("`nowhere` is not here"),
    ),
    (
        "logsource: {product: aws}\nfilter:\n  rules: [first]\n  own: {userIdentity.arn|endswith: x}\n  condition: not own",
        None,
    ),
    (
        "logsource: {product: aws}\nfilter:\n  rules: any\n  own: {userAgent: x}\n  condition: not own",
        None,
    ),
    (
        "logsource: {product: aws}\nfilter:\n  rules: [nowhere]\n  own: {userAgent: x}\n  condition: not own",
        Some("no rule that is here"),
    ),
];

/// Writes a folder in the published layout; gives how many rules of it can be used, and the reasons
/// of the others, each as often as it is to be given.
fn made_up(folder: &Path) -> (usize, Vec<&'static str>) {
    let (mut used, mut why, mut count) = (0, Vec::new(), 0);
    let mut write = |text: &str| {
        let place = folder.join(FOLDERS[count % FOLDERS.len()]);
        std::fs::create_dir_all(&place).unwrap();
        count += 1;
        let head = format!(
            "title: Rule {count}\nid: 00000000-0000-4000-8000-{count:012}\nstatus: test\nauthor: nobody\ndate: 2026-01-01\nlevel: low\ntags: [attack.t1000]\nfalsepositives:\n    - Unknown\n"
        );
        std::fs::write(
            place.join(format!("rule_{count}.yml")),
            format!("{head}{text}\n"),
        )
        .unwrap();
    };
    for name in ["first", "second"] {
        write(&format!(
            "name: {name}\nlogsource: {TRAIL}\ndetection:\n  s: {{eventName: {name}}}\n  condition: s"
        ));
        used += 1;
    }
    for detection in USABLE {
        write(&format!("logsource: {TRAIL}\ndetection:\n  {detection}"));
        used += 1;
    }
    for (detection, reason) in UNUSABLE {
        write(&format!("logsource: {TRAIL}\ndetection:\n  {detection}"));
        why.push(*reason);
    }
    for (logs, reason) in FOREIGN {
        for detection in [
            "s: {a: b}\n  condition: s",
            "s: {a: b}\n  timeframe: 5m\n  condition: s | count() by c > 5",
        ] {
            write(&format!("logsource: {logs}\ndetection:\n  {detection}"));
            why.push(*reason);
        }
    }
    for (text, reason) in MORE {
        write(text);
        match reason {
            None => used += 1,
            Some(reason) => why.push(*reason),
        }
    }
    std::fs::write(
        folder.join("placeholders.toml"),
        "agents = [\"one\", \"t*o\"]\n",
    )
    .unwrap();
    std::fs::write(folder.join("README.md"), "no rule").unwrap();
    (used, why)
}

/// The rules of a folder that can be used on the demo lake, and the reasons of the others. What can be
/// used of a real one is run as well; what the made-up one holds, other tests run.
fn judged(folder: &Path, runs: bool) -> (LoadedRules, Vec<(String, String)>) {
    let mut loaded = RuleFiles::new(vec![folder.to_owned()], PathBuf::new())
        .read()
        .unwrap();
    let lake = Lake::get();
    let (detects, unusable) = statements(&loaded.set, &lake.tables(), None, Columns::Flat);
    let mut why = loaded.faults.clone();
    for one in unusable {
        let file = loaded
            .files
            .iter()
            .find(|(_, about)| about.id == one.about.id);
        let file = file.unwrap_or_else(|| panic!("{} is in no file", one.about.id));
        why.push((file.0.clone(), one.why));
    }
    for detect in detects.iter().filter(|_| runs) {
        lake.run(&detect.sql, Vec::new())
            .unwrap_or_else(|error| panic!("{error:?}"));
    }
    let lost: BTreeSet<&String> = why.iter().map(|(file, _)| file).collect();
    loaded.files.retain(|(file, _)| !lost.contains(file));
    (loaded, why)
}

/// What the feed says of them: it judges an object of CloudTrail's.
fn told_by_the_feed(loaded: &LoadedRules) -> BTreeSet<String> {
    let book = Book {
        rules: loaded.set.clone(),
        ..Book::default()
    };
    let matcher = Matcher::new(book).unwrap();
    let mut objects = objects(&Lake::get().folder()).into_iter();
    let (path, object) = objects
        .find(|(_, object)| object.key.contains("CLOUD_TRAIL_MGMT"))
        .unwrap();
    matcher
        .read(&Place::Disk(path), &object, Utc::now())
        .unwrap();
    let notes = matcher.take_notes();
    notes.into_iter().map(|one| one.about.id).collect()
}

/// A reason without the names in it, so that many of a kind are one.
fn kind_of(why: &str) -> String {
    let quoted = why.split('`').enumerate();
    let parts: Vec<&str> = quoted
        .map(|(at, part)| if at % 2 == 1 { "…" } else { part })
        .collect();
    let text = parts.join("`");
    let text = match text.split_once(": ") {
        Some((line, rest)) if line.starts_with("line ") => rest.to_owned(),
        _ => text,
    };
    match text.split_once('(') {
        Some((before, rest)) if before.contains("its logs") => {
            let product = rest.split([',', ')']).next().unwrap_or_default();
            format!("{before}({product})")
        }
        _ => text,
    }
}

#[test]
fn a_published_folder_is_read_whole() {
    let made = tempfile::tempdir().unwrap();
    let real = std::env::var_os("LAKEHOUND_SIGMA").map(PathBuf::from);
    let wanted = real.is_none().then(|| made_up(made.path()));
    let (loaded, why) = judged(real.as_deref().unwrap_or(made.path()), real.is_some());
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (_, reason) in &why {
        *kinds.entry(kind_of(reason)).or_default() += 1;
    }
    let mut kinds: Vec<(String, usize)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("{:>6}  can be used", loaded.files.len());
    for (kind, count) in &kinds {
        println!("{count:>6}  {kind}");
    }
    let told = told_by_the_feed(&loaded);
    assert!(why.iter().all(|(_, reason)| !reason.is_empty()));
    for (_, about) in &loaded.files {
        assert!(
            !told.contains(&about.id),
            "the feed cannot use `{}`",
            about.title
        );
    }
    if let Some((used, reasons)) = wanted {
        assert_eq!(loaded.files.len(), used, "{why:#?}");
        assert_eq!(why.len(), reasons.len(), "{why:#?}");
        for reason in reasons {
            let count = why.iter().filter(|(_, told)| told.contains(reason)).count();
            assert!(count > 0, "nothing says {reason:?}: {why:#?}");
        }
    }
}
