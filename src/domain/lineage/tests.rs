//! The stitching against a generator that knows the true forest, and the faults that rows can have.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::domain::entity::{Entity, EntityType};

fn time(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

fn issue<'a>(second: i64, caller_key: Option<&'a str>, key: &'a str) -> Issue<'a> {
    Issue {
        caller_key,
        key: Some(key),
        role: Some("arn:aws:iam::111122223333:role/path/deployer"),
        session_arn: Some("arn:aws:sts::111122223333:assumed-role/deployer/run-7"),
        session_name: Some("run-7"),
        ..Issue::new(time(second), "AssumeRole")
    }
}

fn used(key: &str, first: i64, calls: u64) -> Use<'_> {
    Use {
        key,
        principal: None,
        principal_account: None,
        role: None,
        account: Some("111122223333"),
        service: Some("s3.amazonaws.com"),
        address: Some("192.0.2.1"),
        first: time(first),
        last: time(first + 60),
        calls,
        failures: calls / 2,
        began: None,
    }
}

fn stitched(issues: &[Issue<'_>], uses: &[Use<'_>]) -> Forest {
    let mut stitcher = Stitcher::default();
    issues.iter().for_each(|issue| stitcher.issue(issue));
    uses.iter().for_each(|used| stitcher.used(used));
    stitcher.finish()
}

fn node<'a>(forest: &'a Forest, id: &str) -> &'a Node {
    forest.nodes().iter().find(|node| node.id == id).unwrap()
}

fn edges(forest: &Forest) -> BTreeSet<(String, String)> {
    let edge = |node: &Node| {
        let parent = forest.node(node.parent?)?;
        Some((parent.id.clone(), node.id.clone()))
    };
    forest.nodes().iter().filter_map(edge).collect()
}

#[test]
fn a_chain_is_counted_from_its_root_to_its_end() {
    let forest = stitched(
        &[
            issue(10, Some("AKIA1"), "ASIA1"),
            issue(20, Some("ASIA1"), "ASIA2"),
        ],
        &[
            used("ASIA2", 30, 5),
            used("AKIA1", 0, 3),
            used("ASIA1", 12, 2),
        ],
    );
    let root = node(&forest, "AKIA1");
    assert_eq!(
        (root.kind, root.below, root.calls_below),
        (Kind::LongTermKey, 2, 10)
    );
    assert!(root.notes.is_empty(), "{:?}", root.notes);
    let last = node(&forest, "ASIA2");
    assert_eq!(last.who(), "deployer / run-7");
    assert_eq!(last.account.as_deref(), Some("111122223333"));
    assert_eq!((last.calls, last.failures), (5, 2));
    let lines = forest.lines(None, &HashSet::new());
    let told: Vec<(&str, usize)> = lines
        .iter()
        .map(|line| (forest.nodes()[line.node].id.as_str(), line.depth))
        .collect();
    assert_eq!(told, [("AKIA1", 0), ("ASIA1", 1), ("ASIA2", 2)]);
    let folded = HashSet::from([lines[1].node]);
    assert_eq!(forest.lines(None, &folded).len(), 2);
}

#[test]
fn the_trails_of_two_accounts_tell_one_call() {
    // The account of the role does not learn the key of the caller.
    let there = Issue {
        caller: Some("AROAEXAMPLE:somebody"),
        caller_account: Some("999988887777"),
        ..issue(10, None, "ASIA1")
    };
    let forest = stitched(&[there, issue(10, Some("AKIA1"), "ASIA1")], &[]);
    assert_eq!(forest.roots().len(), 1);
    assert!(node(&forest, "ASIA1").notes.is_empty());
    let alone = stitched(&[there], &[]);
    let caller = node(&alone, "AROAEXAMPLE:somebody");
    assert_eq!((caller.kind, caller.children.len()), (Kind::Caller, 1));
}

#[test]
fn a_cycle_is_cut_and_named() {
    let forest = stitched(
        &[
            issue(10, Some("ASIA1"), "ASIA2"),
            issue(20, Some("ASIA2"), "ASIA3"),
            issue(30, Some("ASIA3"), "ASIA1"),
            issue(40, Some("ASIA4"), "ASIA4"),
        ],
        &[],
    );
    assert_eq!(forest.lines(None, &HashSet::new()).len(), 4);
    let cut = |by: &str| vec![Note::CycleCut { by: by.to_owned() }];
    assert_eq!(node(&forest, "ASIA1").notes, cut("ASIA3"));
    assert_eq!(node(&forest, "ASIA4").notes, cut("ASIA4"));
}

#[test]
fn what_is_missing_twice_or_too_early_is_said() {
    let forest = stitched(
        &[
            issue(100, Some("AKIA1"), "ASIA1"),
            issue(900, Some("AKIA2"), "ASIA1"),
            Issue {
                caller_key: None,
                ..issue(100, None, "ASIA2")
            },
        ],
        &[used("ASIA1", 40, 1), used("ASIA3", 0, 1)],
    );
    let again = Note::IssuedAgain {
        at: time(900),
        by: "AKIA2".to_owned(),
    };
    assert_eq!(
        node(&forest, "ASIA1").notes,
        [again, Note::UsedBefore { seconds: 60 }]
    );
    assert_eq!(node(&forest, "ASIA2").notes, [Note::IssuerUnknown]);
    assert_eq!(node(&forest, "ASIA3").notes, [Note::NotIssuedHere]);
    let told = node(&forest, "ASIA1").notes[0].to_string();
    assert!(
        told.starts_with("issued twice: also by AKIA2 at 2026-"),
        "{told}"
    );
}

#[test]
fn a_console_session_hangs_below_its_own_sign_in_only() {
    let user = "arn:aws:iam::111122223333:user/alice";
    let login = |second| Issue {
        caller: Some(user),
        ..Issue::new(time(second), "ConsoleLogin")
    };
    let session = |key, began| Use {
        principal: Some(user),
        began: Some(time(began)),
        ..used(key, began + 5, 4)
    };
    let forest = stitched(
        &[login(100)],
        &[session("ASIA1", 101), session("ASIA2", 300)],
    );
    assert_eq!(
        edges(&forest),
        BTreeSet::from([(user.to_owned(), "ASIA1".to_owned())])
    );
    assert_eq!(node(&forest, "ASIA2").notes, [Note::NotIssuedHere]);
    // Which of two it was, nobody can tell.
    let forest = stitched(&[login(100), login(103)], &[session("ASIA1", 101)]);
    assert!(edges(&forest).is_empty());
}

#[test]
fn entities_find_their_nodes() {
    let forest = stitched(
        &[
            issue(10, Some("AKIA1"), "ASIA1"),
            issue(20, Some("AKIA1"), "ASIA2"),
        ],
        &[
            Use {
                principal: Some("arn:aws:iam::111122223333:user/ci"),
                ..used("AKIA1", 0, 1)
            },
            used("ASIA2", 25, 1),
        ],
    );
    let found = |kind, value: &str| {
        let entity = Entity::parse(kind, value).unwrap();
        let found = forest.find(&entity);
        let ids = found.iter().map(|at| forest.nodes()[*at].id.clone());
        ids.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(found(EntityType::Session, "run-7"), ["ASIA1", "ASIA2"]);
    assert_eq!(found(EntityType::Role, "deployer"), ["ASIA1", "ASIA2"]);
    let without_path = "arn:aws:iam::111122223333:role/deployer";
    assert_eq!(found(EntityType::Role, without_path), ["ASIA1", "ASIA2"]);
    let elsewhere = "arn:aws:iam::999988887777:role/deployer";
    assert!(found(EntityType::Role, elsewhere).is_empty());
    assert_eq!(found(EntityType::Principal, "ci"), ["AKIA1"]);
    assert_eq!(found(EntityType::Ip, "192.0.2.1"), ["AKIA1", "ASIA2"]);
    let last = Entity::parse(EntityType::Session, "run-7").unwrap();
    assert_eq!(forest.around(&forest.find(&last)).len(), 3, "with the root");
}

#[test]
fn a_chain_as_long_as_a_table_is_no_deeper_for_the_stack() {
    let keys: Vec<String> = (0..20_000).map(|n| format!("ASIA{n}")).collect();
    let issues: Vec<Issue<'_>> = (1..keys.len())
        .map(|n| issue(n as i64, Some(&keys[n - 1]), &keys[n]))
        .collect();
    let forest = stitched(&issues, &[]);
    let lines = forest.lines(None, &HashSet::new());
    assert_eq!(lines.last().unwrap().depth, keys.len() - 1);
    assert_eq!(node(&forest, "ASIA0").below, keys.len() as u64 - 1);
}

/// A call as the generator makes it: whose key makes it (or none), how it is told.
#[derive(Debug, Clone)]
struct Step {
    parent: Option<prop::sample::Index>,
    is_told: bool,
    in_two_trails: bool,
    calls: u64,
}

fn step() -> impl Strategy<Value = Step> {
    (
        prop::option::weighted(0.8, any::<prop::sample::Index>()),
        prop::bool::weighted(0.85),
        any::<bool>(),
        0_u64..5,
    )
        .prop_map(|(parent, is_told, in_two_trails, calls)| Step {
            parent,
            is_told,
            in_two_trails,
            calls,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_true_edge_stands_and_no_other(
        steps in prop::collection::vec(step(), 1..60),
        order in any::<u64>(),
    ) {
        let keys: Vec<String> = (0..steps.len()).map(|n| format!("ASIA{n:04}")).collect();
        let mut truth = BTreeSet::new();
        let mut missing = BTreeSet::new();
        let mut calls = BTreeMap::new();
        let mut records: Vec<Result<Issue<'_>, Use<'_>>> = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            let second = n as i64 * 100;
            // Only what came before can give something out.
            let parent = step.parent.filter(|_| n > 0).map(|index| index.index(n));
            match parent.filter(|_| step.is_told) {
                Some(parent) => {
                    truth.insert((keys[parent].clone(), keys[n].clone()));
                    records.push(Ok(issue(second, Some(&keys[parent]), &keys[n])));
                    if step.in_two_trails {
                        records.push(Ok(Issue {
                            caller: Some("AROA:somebody"),
                            ..issue(second, None, &keys[n])
                        }));
                    }
                }
                None if step.calls > 0 => {
                    missing.insert(keys[n].clone());
                }
                None => {}
            }
            if step.calls > 0 {
                calls.insert(keys[n].clone(), step.calls);
                for at in 0..step.calls {
                    records.push(Err(used(&keys[n], second + 10 + at as i64, 1)));
                }
            }
        }
        // An order that has nothing to do with time.
        let mut shuffled: Vec<(u64, _)> = records
            .iter()
            .enumerate()
            .map(|(n, record)| ((n as u64 + 1).wrapping_mul(order | 1).rotate_left(17), record))
            .collect();
        shuffled.sort_by_key(|(place, _)| *place);
        let mut stitcher = Stitcher::default();
        for (_, record) in shuffled {
            match record {
                Ok(issue) => stitcher.issue(issue),
                Err(used) => stitcher.used(used),
            }
        }
        let forest = stitcher.finish();
        prop_assert_eq!(edges(&forest), truth);
        for node in forest.nodes() {
            prop_assert_eq!(node.calls, calls.get(&node.id).copied().unwrap_or(0));
            if missing.contains(&node.id) {
                prop_assert!(node.notes.contains(&Note::NotIssuedHere));
            }
        }
        let lines = forest.lines(None, &HashSet::new());
        prop_assert_eq!(lines.len(), forest.nodes().len());
        let total: u64 = forest.roots().iter().map(|at| forest.nodes()[*at].calls_below).sum();
        prop_assert_eq!(total, calls.values().sum::<u64>());
    }

    /// Whatever rows say, the walk ends and every node stands once.
    #[test]
    fn claims_of_anybody_make_a_forest(
        claims in prop::collection::vec((0_u8..12, 0_u8..12, 0_i64..50), 0..60),
    ) {
        let keys: Vec<String> = (0..12).map(|n| format!("ASIA{n}")).collect();
        let issues: Vec<Issue<'_>> = claims
            .iter()
            .map(|(by, key, at)| {
                issue(*at, Some(&keys[usize::from(*by)]), &keys[usize::from(*key)])
            })
            .collect();
        let forest = stitched(&issues, &[]);
        let lines = forest.lines(None, &HashSet::new());
        let places: HashSet<usize> = lines.iter().map(|line| line.node).collect();
        prop_assert_eq!(lines.len(), forest.nodes().len());
        prop_assert_eq!(places.len(), lines.len());
        for (by, key, _) in &claims {
            let told = node(&forest, &keys[usize::from(*key)]);
            let stands = edges(&forest)
                .contains(&(keys[usize::from(*by)].clone(), told.id.clone()));
            // An edge that is claimed stands or is named.
            prop_assert!(stands || !told.notes.is_empty());
        }
    }
}
