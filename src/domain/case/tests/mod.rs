//! Cases: entries and their hashes, histories and their merges, states, evidence.

mod evidence;
mod merges;
mod states;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use super::*;

/// A time, so many milliseconds into an incident.
fn at(milliseconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap() + TimeDelta::milliseconds(milliseconds)
}

fn author(analyst: &str) -> Author {
    Author {
        analyst: analyst.to_owned(),
        tool: "lakehound 0.0.0".to_owned(),
    }
}

fn key(name: &str) -> Key {
    Key(name.to_owned())
}

fn draft(milliseconds: i64, what: What) -> Draft {
    Draft {
        at: at(milliseconds),
        what,
    }
}

/// A case that is opened and nothing else.
fn opened() -> History {
    let mut history = History::new();
    write(
        &mut history,
        "ana",
        0,
        What::Opened {
            name: "Leaked key".to_owned(),
            nonce: "00".to_owned(),
        },
    );
    history
}

fn write(history: &mut History, analyst: &str, milliseconds: i64, what: What) -> EntryHash {
    let written = history
        .write(&[draft(milliseconds, what)], &author(analyst))
        .unwrap();
    let hash = written[0].hash();
    for sealed in written {
        assert!(history.add(sealed).unwrap());
    }
    hash
}

fn named(name: &str) -> What {
    What::Renamed {
        name: name.to_owned(),
    }
}

#[test]
fn an_entry_is_one_line_whose_bytes_give_its_hash() {
    let history = opened();
    let entry = &history.entries()[0];
    let text = r#"{"format":1,"parents":[],"at":"2026-11-20T12:00:00.000Z","analyst":"ana","tool":"lakehound 0.0.0","what":{"kind":"opened","name":"Leaked key","nonce":"00"}}"#;
    assert_eq!(entry.text(), text);
    assert_eq!(entry.hash(), EntryHash::of(text.as_bytes()));
    assert_eq!(Sealed::read(text.to_owned()).unwrap(), *entry);
    assert_eq!(
        Sealed::read_as(text.to_owned(), entry.hash()).unwrap(),
        *entry
    );
    let changed = text.replace("Leaked", "leaked");
    let error = Sealed::read_as(changed, entry.hash()).unwrap_err();
    assert!(matches!(error, Unfit::Changed { .. }), "{error}");
}

#[test]
fn hashes_have_one_spelling() {
    let hash = EntryHash::of(b"");
    let text = hash.to_string();
    assert_eq!(
        text,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(text.parse::<EntryHash>().unwrap(), hash);
    assert_eq!(hash.short(), "e3b0c44298fc1c14");
    for wrong in [
        "",
        "e3b0",
        &text.to_uppercase(),
        &format!("+{}", &text[1..]),
        &"é".repeat(32),
    ] {
        assert!(wrong.parse::<EntryHash>().is_err(), "{wrong}");
    }
}

#[test]
fn what_does_not_follow_is_refused_and_changes_nothing() {
    let mut history = opened();
    let mut other = opened();
    write(&mut other, "ben", 1, named("one"));
    write(&mut other, "ben", 2, named("two"));
    let (one, two) = (other.entries()[1].clone(), other.entries()[2].clone());
    assert_eq!(
        history.add(two.clone()).unwrap_err(),
        Unfit::Missing(one.hash())
    );
    let second = Sealed::write(
        &draft(
            3,
            What::Opened {
                name: "another".to_owned(),
                nonce: "01".to_owned(),
            },
        ),
        &author("ben"),
        history.heads().collect(),
    )
    .unwrap();
    assert_eq!(history.add(second).unwrap_err(), Unfit::Beginning);
    let loose = Sealed::write(&draft(3, named("x")), &author("ben"), Vec::new()).unwrap();
    assert_eq!(history.add(loose.clone()).unwrap_err(), Unfit::Beginning);
    assert_eq!(History::new().add(loose).unwrap_err(), Unfit::Beginning);
    assert_eq!(history.entries().len(), 1);
    assert!(history.add(one.clone()).unwrap());
    assert!(!history.add(one).unwrap(), "once is enough");
    assert!(history.add(two).unwrap());
}

#[test]
fn another_case_is_not_merged() {
    let mut history = opened();
    let mut other = History::new();
    write(
        &mut other,
        "ana",
        0,
        What::Opened {
            name: "Leaked key".to_owned(),
            nonce: "01".to_owned(),
        },
    );
    let error = history.merge(&other).unwrap_err();
    assert!(matches!(error, Unfit::AnotherCase { .. }), "{error}");
    assert_eq!(history.entries().len(), 1);
}

#[test]
fn an_entry_of_a_later_version_keeps_its_bytes_and_is_told() {
    let mut history = opened();
    let first = history.id().unwrap();
    let later = format!(
        r#"{{"format":1,"parents":["{first}"],"at":"2026-11-20T12:00:01.000Z","analyst":"zoe","tool":"lakehound 9","mood":"calm","what":{{"kind":"contained","role":"x","deep":[1.50,{{}}]}}}}"#
    );
    history.add(Sealed::read(later.clone()).unwrap()).unwrap();
    write(&mut history, "ana", 2_000, named("still here"));
    assert_eq!(history.entries()[1].text(), later);
    let mut copy = opened();
    copy.merge(&history).unwrap();
    assert_eq!(copy.entries()[1].text(), later);
    let state = CaseState::of(&copy);
    assert_eq!(state.name, "still here");
    assert_eq!(
        state.not_understood,
        [(EntryHash::of(later.as_bytes()), "contained".to_owned())]
    );
    let beyond = later.replace(r#""format":1,"parents":["#, r#""format":2,"before":["#);
    assert_eq!(Sealed::read(beyond).unwrap_err(), Unfit::Later(2));
}

#[test]
fn entries_with_parents_out_of_order_are_refused() {
    let (a, b) = (EntryHash::of(b"a"), EntryHash::of(b"b"));
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    let text = |parents: String| {
        format!(
            r#"{{"format":1,"parents":[{parents}],"at":"2026-11-20T12:00:01.000Z","analyst":"z","tool":"t","what":{{"kind":"reopened"}}}}"#
        )
    };
    assert!(Sealed::read(text(format!(r#""{low}","{high}""#))).is_ok());
    for parents in [
        format!(r#""{high}","{low}""#),
        format!(r#""{low}","{low}""#),
    ] {
        assert_eq!(Sealed::read(text(parents)).unwrap_err(), Unfit::Parents);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in ".{0,200}") {
        let _ = Sealed::read(text.clone());
        let _ = text.parse::<EntryHash>();
    }

    /// A changed byte of an entry is never read as the entry.
    #[test]
    fn a_changed_byte_is_seen(place in 0_usize..150, flip in 1_u8..=255) {
        let history = opened();
        let entry = &history.entries()[0];
        let mut bytes = entry.text().as_bytes().to_vec();
        bytes[place] ^= flip;
        if let Ok(text) = String::from_utf8(bytes) {
            proptest::prop_assert!(Sealed::read_as(text, entry.hash()).is_err());
        }
    }
}
