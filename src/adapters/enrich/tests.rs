use std::fs;

use proptest::prelude::*;

use super::*;
use crate::domain::entity::EntityType;

fn entity(kind: EntityType, value: &str) -> Entity {
    Entity::parse(kind, value).unwrap()
}

fn facts(folder: &Path, entity: &Entity) -> Vec<Fact> {
    Enricher::of(folder.to_owned()).facts(entity)
}

fn told(folder: &Path, kind: EntityType, value: &str) -> Vec<String> {
    let facts = facts(folder, &entity(kind, value)).into_iter();
    facts
        .map(|fact| format!("{} | {} | {}", fact.source, fact.name, fact.text))
        .collect()
}

#[test]
fn lists_tell_their_other_columns() {
    let folder = tempfile::tempdir().unwrap();
    let list = "note,indicator,owner\n\
        exit node,198[.]51[.]100[.]7,\n\
        ours,10.0.0.0/8,network team\n\
        \"a, b\",Example.COM.,\n\
        ,,\n";
    fs::write(folder.path().join("seen.csv"), list).unwrap();
    fs::write(folder.path().join("bare.csv"), "10.1.2.3\n10.9.9.9\n").unwrap();
    fs::write(folder.path().join("readme.txt"), "10.1.2.3").unwrap();
    let told = |kind, value: &str| told(folder.path(), kind, value);
    assert_eq!(
        told(EntityType::Ip, "198.51.100.7"),
        ["seen.csv | note | exit node"]
    );
    assert_eq!(
        told(EntityType::Ip, "10.9.9.9"),
        [
            "bare.csv | listed | yes",
            "seen.csv | note | ours",
            "seen.csv | owner | network team"
        ]
    );
    assert_eq!(
        told(EntityType::Domain, "example.com"),
        ["seen.csv | note | a, b"]
    );
    assert_eq!(told(EntityType::Ip, "192.0.2.1"), [""; 0]);
    assert_eq!(
        facts(
            &folder.path().join("none"),
            &entity(EntityType::Ip, "10.1.2.3")
        ),
        []
    );
}

/// A database with one entry for all addresses that begin with a 0 bit.
fn database() -> Vec<u8> {
    fn text(out: &mut Vec<u8>, text: &str) {
        out.push(2 << 5 | u8::try_from(text.len()).unwrap());
        out.extend(text.as_bytes());
    }
    fn map(out: &mut Vec<u8>, entries: u8) {
        out.push(7 << 5 | entries);
    }
    fn number(out: &mut Vec<u8>, kind: u8, value: u8) {
        // Types beyond 7 are spelled in a byte of their own.
        match kind {
            0..=7 => out.extend([kind << 5 | 1, value]),
            _ => out.extend([1, kind - 7, value]),
        }
    }
    let mut data = Vec::new();
    map(&mut data, 2);
    text(&mut data, "country");
    map(&mut data, 2);
    text(&mut data, "geoname_id");
    number(&mut data, 6, 7);
    text(&mut data, "names");
    map(&mut data, 2);
    text(&mut data, "de");
    text(&mut data, "Irgendwo");
    text(&mut data, "en");
    text(&mut data, "Somewhere");
    text(&mut data, "number");
    number(&mut data, 6, 42);

    let mut file = Vec::new();
    // One node: its left record points behind the tree and the gap of 16, its right one nowhere.
    file.extend([0, 0, 1 + 16, 0, 0, 1]);
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    map(&mut file, 9);
    for (name, kind, value) in [
        ("binary_format_major_version", 5, 2),
        ("binary_format_minor_version", 5, 0),
        ("build_epoch", 9, 1),
        ("ip_version", 5, 4),
        ("node_count", 6, 1),
        ("record_size", 5, 24),
    ] {
        text(&mut file, name);
        number(&mut file, kind, value);
    }
    text(&mut file, "database_type");
    text(&mut file, "Test");
    text(&mut file, "description");
    map(&mut file, 0);
    text(&mut file, "languages");
    file.extend([0, 11 - 7]);
    file
}

#[test]
fn databases_tell_what_they_hold_of_an_address() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("places.mmdb"), database()).unwrap();
    let told = |kind, value: &str| told(folder.path(), kind, value);
    assert_eq!(
        told(EntityType::Ip, "10.1.2.3"),
        [
            "places.mmdb | network | 0.0.0.0/1",
            "places.mmdb | country | Somewhere",
            "places.mmdb | number | 42"
        ]
    );
    assert_eq!(told(EntityType::Ip, "198.51.100.7"), [""; 0]);
    assert_eq!(told(EntityType::Ip, "2001:db8::1"), [""; 0]);
    assert_eq!(told(EntityType::Domain, "example.com"), [""; 0]);
}

#[test]
fn a_database_is_read_again_when_its_file_has_changed_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("places.mmdb");
    let enricher = Enricher::of(folder.path().to_owned());
    let told = || {
        let facts = enricher.facts(&entity(EntityType::Ip, "10.1.2.3"));
        facts.into_iter().map(|fact| fact.text).collect::<Vec<_>>()
    };
    let here = ["0.0.0.0/1", "Somewhere", "42"];
    let bytes = database();
    fs::write(&file, &bytes).unwrap();
    assert_eq!(told(), here);
    // Other bytes under the same size and time are not looked at.
    let changed = fs::metadata(&file).unwrap().modified().unwrap();
    let write = |bytes: &[u8], at: std::time::SystemTime| {
        fs::write(&file, bytes).unwrap();
        let open = fs::OpenOptions::new().write(true).open(&file).unwrap();
        open.set_modified(at).unwrap();
    };
    write(&vec![0; bytes.len()], changed);
    assert_eq!(told(), here);
    let later = changed + std::time::Duration::from_secs(1);
    write(&vec![0; bytes.len()], later);
    assert_eq!(told().len(), 1, "it cannot be read");
    write(&bytes, changed);
    assert_eq!(told(), here);
    fs::remove_file(&file).unwrap();
    assert_eq!(told(), [""; 0]);
}

#[test]
fn a_file_that_cannot_be_read_says_so_and_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.mmdb"), b"no database").unwrap();
    fs::write(
        folder.path().join("b.csv"),
        b"value,note\n10.1.2.3,\xff\xfe\n",
    )
    .unwrap();
    fs::write(folder.path().join("c.csv"), "value,note\n10.1.2.3,here\n").unwrap();
    let told = told(folder.path(), EntityType::Ip, "10.1.2.3");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told[0].starts_with("a.mmdb | cannot be read | "),
        "{told:?}"
    );
    assert!(told[1].starts_with("b.csv | cannot be read | "), "{told:?}");
    assert_eq!(told[2], "c.csv | note | here");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..80),
        at in any::<prop::sample::Index>(),
        flip in 1u8..,
        whole in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        if whole {
            bytes = database();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        fs::write(folder.path().join("x.mmdb"), &bytes).unwrap();
        fs::write(folder.path().join("x.csv"), &bytes).unwrap();
        let facts = facts(folder.path(), &entity(EntityType::Ip, "10.1.2.3"));
        prop_assert!(facts.len() <= 2 * MOST_OF_A_FILE);
    }
}
