use chrono::TimeDelta;
use proptest::prelude::*;

use super::file::Retention;
use super::*;

/// Everything that was told may go.
const NOTHING_IS_KEPT: Retention = Retention {
    age: TimeDelta::seconds(-1),
    bytes: u64::MAX,
};

fn document(identity: &str) -> Document {
    Document {
        identity: identity.to_owned(),
        json: format!("{{\"id\":\"{identity}\"}}"),
    }
}

fn numbers(kept: &[Kept]) -> Vec<i64> {
    kept.iter().map(|kept| kept.number).collect()
}

#[tokio::test]
async fn documents_are_there_once_and_told_until_somebody_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/documents.sqlite");
    let store = DocumentStore::open(&path).unwrap();
    let first = store.receive("webhook", vec![document("a"), document("b"), document("a")]);
    assert_eq!(first.await, Ok(2));
    let again = store.receive("webhook", vec![document("b"), document("c")]);
    assert_eq!(again.await, Ok(1));
    assert_eq!(store.receive("webhook", Vec::new()).await, Ok(0));
    drop(store);

    let store = DocumentStore::open(&path).unwrap();
    let untold = store.untold("webhook", 0, 2).await.unwrap();
    assert_eq!(untold[0].json, document("a").json);
    assert_eq!(untold.len(), 2);
    store.told(numbers(&untold)).await.unwrap();
    let rest = store.untold("webhook", 0, 9).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].json, document("c").json);
    assert_eq!(
        store.untold("webhook", rest[0].number, 9).await,
        Ok(Vec::new())
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// The texts of all documents, in the order in which they came.
fn texts(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut select = connection
        .prepare("SELECT body FROM document ORDER BY number")
        .unwrap();
    let texts = select.query_map([], |row| row.get(0)).unwrap();
    texts.map(Result::unwrap).collect()
}

fn received(file: &mut DocumentFile, identities: std::ops::Range<u32>) -> usize {
    let long = |number: u32| Document {
        identity: number.to_string(),
        json: format!("\"{}\"", "x".repeat(10_000)),
    };
    let documents = identities.map(long).collect();
    file.receive(&[("w".to_owned(), documents)]).unwrap()[0]
}

#[test]
fn what_was_told_goes_when_it_is_old_and_is_not_new_when_it_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d");
    let mut file = DocumentFile::open(&path).unwrap();
    received(&mut file, 0..3);
    file.told(&numbers(&file.untold("w", 0, 2).unwrap()))
        .unwrap();
    file.forget(RETENTION);
    assert!(texts(&path).iter().all(|text| !text.is_empty()), "new");
    // As if it had come long ago.
    let old = "UPDATE document SET received = '2026-01-01T00:00:00.000Z' WHERE number = 2";
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch(old).unwrap();
    drop(DocumentFile::open(&path).unwrap());
    let kept = |path: &Path| texts(path).iter().map(|text| !text.is_empty()).collect();
    let now: Vec<bool> = kept(&path);
    assert_eq!(now, [true, false, true]);
    // What nobody took stays however old it is.
    file.forget(NOTHING_IS_KEPT);
    let now: Vec<bool> = kept(&path);
    assert_eq!(now, [false, false, true]);
    assert_eq!(file.untold("w", 0, 9).unwrap().len(), 1);
    assert_eq!(received(&mut file, 0..4), 1);
}

#[test]
fn the_oldest_goes_sooner_where_the_file_grows_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d");
    let mut file = DocumentFile::open(&path).unwrap();
    let most = Retention {
        age: TimeDelta::days(60),
        bytes: 1_100_000,
    };
    for start in [0, 60, 120] {
        received(&mut file, start..start + 60);
        let untold = file.untold("w", 0, 60).unwrap();
        file.told(&numbers(&untold)).unwrap();
        file.forget(most);
    }
    let texts = texts(&path);
    assert!(texts[..60].iter().all(String::is_empty), "the oldest");
    assert!(
        texts[120..].iter().all(|text| !text.is_empty()),
        "the newest"
    );
    // What was in use is used again: the file does not grow on.
    assert!(std::fs::metadata(&path).unwrap().len() < 1_800_000);
    assert_eq!(received(&mut file, 0..180), 0);
}

#[tokio::test]
async fn what_cannot_be_written_is_said_to_everyone_who_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.sqlite");
    let store = DocumentStore::open(&path).unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("DROP TABLE document")
        .unwrap();
    let receive = |identity| store.receive("webhook", vec![document(identity)]);
    let (one, other) = tokio::join!(receive("a"), receive("b"));
    for answer in [one, other] {
        let error = answer.unwrap_err().to_string();
        assert!(
            error.contains("documents.sqlite cannot be written"),
            "{error}"
        );
    }
}

#[test]
fn foreign_files_and_later_layouts_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "no database, but long enough to be looked at as one").unwrap();
    let error = DocumentStore::open(&text).unwrap_err();
    assert!(matches!(error, DocumentsError::Foreign { .. }), "{error}");

    let foreign = folder.path().join("foreign");
    let other = rusqlite::Connection::open(&foreign).unwrap();
    other.execute_batch("CREATE TABLE t (a)").unwrap();
    let error = DocumentStore::open(&foreign).unwrap_err();
    assert!(matches!(error, DocumentsError::Foreign { .. }), "{error}");

    let later = folder.path().join("later");
    drop(DocumentStore::open(&later).unwrap());
    let other = rusqlite::Connection::open(&later).unwrap();
    other.pragma_update(None, "user_version", 9).unwrap();
    let error = DocumentStore::open(&later).unwrap_err();
    assert!(
        error.to_string().contains("later version (layout 9)"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// Whatever is received in whatever order, over reopenings and what is forgotten: each identity is there once, in the
    /// order of its first arrival, until it was told.
    #[test]
    fn each_identity_is_kept_once(steps in prop::collection::vec((0u8..5, prop::collection::vec(0u8..9, 0..4)), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d");
        let mut file = DocumentFile::open(&path).unwrap();
        let (mut expected, mut seen): (Vec<String>, Vec<u8>) = Default::default();
        for (step, ids) in steps {
            match step {
                0 => {
                    drop(file);
                    file = DocumentFile::open(&path).unwrap();
                }
                1 => {
                    let taken = file.untold("w", 0, 2).unwrap();
                    file.told(&numbers(&taken)).unwrap();
                    expected.drain(..taken.len());
                }
                2 => file.forget(NOTHING_IS_KEPT),
                _ => {
                    let documents = ids.iter().map(|id| document(&id.to_string())).collect();
                    let counts = file.receive(&[("w".to_owned(), documents)]).unwrap();
                    let before = seen.len();
                    for id in ids {
                        if !seen.contains(&id) {
                            seen.push(id);
                            expected.push(document(&id.to_string()).json);
                        }
                    }
                    prop_assert_eq!(counts, [seen.len() - before]);
                }
            }
        }
        let left: Vec<String> = file.untold("w", 0, 99).unwrap().into_iter().map(|kept| kept.json).collect();
        prop_assert_eq!(left, expected);
    }
}
