//! Objects judged as they arrive: what is found in each of them by itself is what `detect` finds in
//! the whole lake.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::Utc;
use lakehound::adapters::matching::{Book, Matcher, Place};
use lakehound::domain::detection::{Cause, Contents, ObjectName};
use lakehound::sql::sigma::RuleSet;

use crate::detections::{begin, detect, places};
use crate::lake::Lake;

/// Every object below a folder, with its key.
pub(crate) fn objects(folder: &Path) -> Vec<(PathBuf, ObjectName)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "parquet") {
                let key = path.strip_prefix(folder).unwrap().display().to_string();
                let bucket = "local".to_owned();
                found.push((path, ObjectName { bucket, key }));
            }
        }
    }
    found.sort();
    found
}

/// What a matcher finds in every object of a lake.
pub(crate) fn contents(folder: &Path, matcher: &Matcher) -> Vec<Contents> {
    let now = Utc::now();
    objects(folder)
        .into_iter()
        .map(|(path, object)| matcher.read(&Place::Disk(path), &object, now).unwrap())
        .collect()
}

/// The places of the rows that each rule finds in a lake, which are those that it finds as the lake's
/// objects arrive.
pub(crate) fn found_both_ways(lake: &Lake, set: &RuleSet) -> BTreeMap<String, BTreeSet<usize>> {
    let found = places(&detect(lake, set));
    assert_eq!(
        fed(lake, set),
        found,
        "events that arrive match as a lake's do"
    );
    found
}

/// The places of the rows that each rule found, by their times.
fn fed(lake: &Lake, set: &RuleSet) -> BTreeMap<String, BTreeSet<usize>> {
    let book = Book {
        rules: set.clone(),
        findings: false,
        ..Book::default()
    };
    let matcher = Matcher::new(book).unwrap();
    let all = contents(&lake.folder(), &matcher);
    assert_eq!(matcher.take_notes(), vec![]);
    let mut places: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for detection in all.into_iter().flat_map(|contents| contents.detections) {
        let Cause::Rule(id) = detection.cause else {
            panic!("{detection:?}");
        };
        let place = (detection.time.unwrap() - begin()).num_seconds();
        let of_rule = places.entry(id).or_default();
        of_rule.insert(usize::try_from(place).unwrap());
    }
    places
}
