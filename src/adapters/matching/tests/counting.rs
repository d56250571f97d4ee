//! Correlations over starts of the program: a storm is told once, whatever is killed in its middle.

use super::*;
use crate::adapters::matching::counting::{Counting, mark};
use crate::adapters::matching::ledger::{Entry, Ledger, Line};
use crate::sql::sigma::Unusable;

fn read_of(text: &str) -> Arc<Read> {
    let book = Book {
        rules: rules(text),
        ..Book::default()
    };
    Arc::new(Read::of(book).0)
}

/// A start of the program that counts in a file.
struct Start {
    read: Arc<Read>,
    counting: Counting,
    notes: Vec<Unusable>,
}

impl Start {
    fn of(file: &Path) -> Self {
        let mut counting = Counting::default();
        counting.keep_in(file.to_owned());
        Self {
            read: read_of(RULES),
            counting,
            notes: Vec::new(),
        }
    }

    /// The rows of an object at which the correlation is told. Its rows are calls by one key at
    /// these seconds.
    fn told(&mut self, name: &str, seconds: &[i64]) -> Vec<u64> {
        self.told_by(1, name, seconds)
    }

    /// The same of the rule with a number.
    fn told_by(&mut self, rule: usize, name: &str, seconds: &[i64]) -> Vec<u64> {
        let hit = |(row, second): (u64, &i64)| Hit {
            group: 0,
            row,
            what: What::Meaning(rule),
            at_ms: Some(second * 1_000),
            keys: vec![Some("AKIA1".to_owned())],
        };
        let hits: Vec<Hit> = (0..).zip(seconds).map(hit).collect();
        let mark = mark(&object(name), "state");
        let now = DateTime::UNIX_EPOCH;
        let (told, fault) = self.counting.take(&self.read, mark, &hits, now);
        let rows = told.iter().map(|(hit, _)| hit.row).collect();
        self.notes.extend(fault);
        rows
    }
}

const NEVER: [u64; 0] = [];

#[test]
fn objects_are_counted_over_starts_and_one_that_is_read_again_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counted.sqlite");
    let start = || {
        let book = Book {
            rules: rules(RULES),
            ..Book::default()
        };
        let matcher = Matcher::new(book).unwrap();
        matcher.take_notes();
        matcher.count_in(file.clone());
        matcher
    };
    let told = |matcher: &Matcher, path: &Path| {
        let contents = judged(matcher, path).unwrap();
        assert_eq!(matcher.take_notes(), []);
        contents.detections.len()
    };
    let get = |second| call("GetObject", "AKIA1", second);
    let (_one, first) = of_calls(&[get(1), get(2)]);
    let (_other, second) = of_calls(&[get(3), get(4)]);
    // Nothing but the file is left of the first start.
    assert_eq!(told(&start(), &first), 0);
    let next = start();
    assert_eq!(told(&next, &second), 1);
    assert_eq!((told(&next, &second), told(&next, &first)), (1, 0));
}

/// Every way in which starts can cut a storm of four objects: after each it may be killed before
/// anybody had what was found, and after that as well. `LAKEHOUND_STORM_CUTS=256` tries all.
#[test]
fn a_storm_is_told_once_however_starts_cut_it() {
    let most = std::env::var("LAKEHOUND_STORM_CUTS").ok();
    let most: usize = most.and_then(|most| most.parse().ok()).unwrap_or(3);
    for cuts in (0..=255_u32).rev().step_by(256 / most.clamp(1, 256)) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("counted.sqlite");
        let mut start = Start::of(&file);
        let mut told = std::collections::BTreeSet::new();
        for at in 0..4 {
            let (again, anew) = (cuts >> (2 * at) & 1 == 1, cuts >> (2 * at + 1) & 1 == 1);
            for _ in 0..=u32::from(again) {
                let rows = start.told(&at.to_string(), &[at]);
                told.extend(rows.iter().map(|_| at));
                if again || anew {
                    start = Start::of(&file);
                }
            }
        }
        assert!(told.into_iter().eq([2]), "cut as {cuts:08b}");
        assert_eq!(start.notes, []);
    }
}

#[test]
fn two_that_count_in_one_file_count_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counted.sqlite");
    let (mut one, mut other) = (Start::of(&file), Start::of(&file));
    assert_eq!(one.told("a", &[1]), NEVER);
    assert_eq!(other.told("b", &[2]), NEVER);
    assert_eq!(one.told("c", &[9, 3]), [1], "in the order of their times");
    assert_eq!(other.told("d", &[4]), NEVER);
    let again = other.told("c", &[9, 3]);
    assert_eq!(again, [1], "each tells whoever listens to it");
    assert_eq!(one.told("e", &[5]), NEVER);
}

#[test]
fn what_a_changed_correlation_counted_is_not_the_new_one_s_and_comes_back_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut start = Start::of(&folder.path().join("counted.sqlite"));
    assert_eq!(start.told("a", &[1, 2]), NEVER);
    let before = std::mem::replace(&mut start.read, read_of(&RULES.replace("gte: 3", "gte: 2")));
    assert_eq!(start.told("b", &[3]), NEVER, "it begins anew");
    assert_eq!(start.told("c", &[4]), [0]);
    // The same again, as it is read from its file.
    drop(before);
    start.read = read_of(RULES);
    assert_eq!(start.told("d", &[5]), [0], "the first two are remembered");
}

#[test]
fn rules_are_known_again_by_what_they_say_and_not_by_their_numbers() {
    let rule = |name: &str| {
        format!(
            "title: {name}\nid: {name}\nlogsource: {{product: aws, service: cloudtrail}}\n\
             detection:\n  s: {{eventName: {name}}}\n  condition: s\n---\n"
        )
    };
    let both = "title: Both\nid: both\ncorrelation:\n  type: temporal\n  rules: [First, Second]\n  \
        group-by: [userIdentity.accessKeyId]\n  timespan: 10s\n";
    let text = format!("{}{}{both}", rule("First"), rule("Second"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counted.sqlite");
    let mut start = Start::of(&file);
    start.read = read_of(&text);
    assert_eq!(start.told_by(0, "a", &[1]), NEVER);
    assert_eq!(start.told_by(0, "b", &[2]), NEVER);
    let mut next = Start::of(&file);
    next.read = read_of(&format!("{}{text}", rule("Another")));
    assert_eq!(next.told_by(1, "c", &[3]), NEVER, "the same rule once more");
    assert_eq!(next.told_by(2, "d", &[4]), [0]);
}

#[test]
fn a_file_that_cannot_be_used_is_said_and_counting_goes_on_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counted.sqlite");
    let foreign = "something else, and long enough to be no database at all";
    std::fs::write(&file, foreign).unwrap();
    let mut start = Start::of(&file);
    assert_eq!(start.told("a", &[1]), NEVER);
    assert_eq!(start.told("b", &[2]), NEVER);
    assert_eq!(start.told("c", &[3]), [0]);
    assert_eq!(start.told("c", &[3]), [0]);
    let notes = &start.notes;
    // It is left alone for a while.
    assert!(
        notes.len() == 1 && notes[0].why.contains("in memory"),
        "{notes:?}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), foreign);
}

#[test]
fn the_file_is_bounded_by_age_and_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counted.sqlite");
    let at = |second| DateTime::from_timestamp(second, 0).unwrap();
    let mut ledger = Ledger::open(&file, at(0)).unwrap();
    let entry = |number: u8| Entry {
        object: [number; 16],
        correlation: [7; 16],
        until: at(i64::from(number)),
        matches: vec![Line {
            key: vec!["k".repeat(100)],
            at_ms: -1,
            what: "\u{0}\"".to_owned(),
        }],
        told: vec![(0, u64::from(number))],
    };
    let mut writing = ledger.begin().unwrap();
    for number in 1..=10 {
        writing.add(&entry(number)).unwrap();
    }
    writing.commit().unwrap();
    let kept = |ledger: &mut Ledger| {
        let mut kept = Vec::new();
        let writing = ledger.begin().unwrap();
        writing.after(0, |entry| kept.push(entry)).unwrap();
        kept
    };
    assert_eq!(kept(&mut ledger), (1..=10).map(entry).collect::<Vec<_>>());
    let mut again = Ledger::open(&file, at(4)).unwrap();
    assert_eq!(kept(&mut again), (4..=10).map(entry).collect::<Vec<_>>());
    again.forget_beyond(at(4), 500).unwrap();
    let left = kept(&mut again);
    assert!(
        left.len() < 5 && left.last() == Some(&entry(10)),
        "{}",
        left.len()
    );
}
