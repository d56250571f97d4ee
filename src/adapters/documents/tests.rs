use proptest::prelude::*;

use super::*;

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

    /// Whatever is received in whatever order, over reopenings: each identity is there once, in the
    /// order of its first arrival, until it was told.
    #[test]
    fn each_identity_is_kept_once(steps in prop::collection::vec((0u8..4, prop::collection::vec(0u8..9, 0..4)), 1..8)) {
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
