//! Capsules that somebody damaged or made to do harm.

use proptest::prelude::*;
use std::io::Cursor;
use std::sync::OnceLock;

use super::*;
use crate::adapters::case::capsule::verify;

fn report(bytes: &[u8]) -> Report {
    verify(&mut Cursor::new(bytes), None).unwrap()
}

/// The same bytes in every test: a capsule of a case with a little of everything.
fn capsule() -> Vec<u8> {
    static CAPSULE: OnceLock<Vec<u8>> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let cases = Cases::at(folder.path());
        capsule_of(&cases, &small_case(&cases))
    };
    CAPSULE.get_or_init(make).clone()
}

/// How many changes of single bytes are tried: every place once in the suite; `0` for every value
/// of every byte.
fn changes() -> Option<u64> {
    std::env::var("LAKEHOUND_BYTES")
        .ok()
        .map(|count| count.parse().unwrap())
}

/// A generator without a seed of its own.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// The suite changes one byte in so many; in full the environment says how many.
const SUITE_STEP: usize = 13;

#[test]
#[allow(
    clippy::disallowed_macros,
    reason = "how much was tried is told in docs/reliability.md"
)]
fn a_change_of_any_byte_is_found() {
    let whole = capsule();
    assert!(report(&whole).ok);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let places: Vec<(usize, Vec<u8>)> = match changes() {
        None => (0..whole.len())
            .step_by(SUITE_STEP)
            .map(|place| {
                (
                    place,
                    vec![u8::try_from(next(&mut random) % 255 + 1).unwrap()],
                )
            })
            .collect(),
        Some(0) => (0..whole.len())
            .map(|place| (place, (1..=255).collect()))
            .collect(),
        Some(count) => (0..count)
            .map(|_| {
                let place = usize::try_from(next(&mut random)).unwrap() % whole.len();
                (
                    place,
                    vec![u8::try_from(next(&mut random) % 255 + 1).unwrap()],
                )
            })
            .collect(),
    };
    let mut changed = whole.clone();
    let (mut tried, mut exact) = (0_u64, 0_u64);
    for (place, flips) in places {
        for flip in flips {
            changed[place] ^= flip;
            let report = report(&changed);
            assert!(!report.ok, "byte {place} changed by {flip:#x} goes unseen");
            let problem = &report.problems[0];
            assert!(
                problem.byte.is_some() || problem.entry.is_some(),
                "no place is named for byte {place}: {problem}"
            );
            exact += u64::from(problem.byte == Some(place as u64));
            tried += 1;
            changed[place] = whole[place];
        }
    }
    println!(
        "{tried} changes of single bytes in a capsule of {} bytes: all found, {exact} named to the byte",
        whole.len()
    );
}

#[test]
fn a_capsule_that_is_cut_or_continued_is_found() {
    let whole = capsule();
    for length in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let report = report(&whole[..length]);
        assert!(!report.ok, "cut to {length}");
        let byte = report.problems[0].byte.unwrap();
        assert!(
            byte <= length as u64,
            "cut to {length}: {:?}",
            report.problems
        );
    }
    for more in [&b"\0"[..], b"x", &[0; 512], &whole] {
        let longer = [&whole, more].concat();
        let report = report(&longer);
        assert_eq!(report.problems[0].byte, Some(whole.len() as u64));
    }
}

#[test]
fn what_is_no_capsule_is_told_as_that() {
    for bytes in [
        &b""[..],
        b"SHA256SUMS",
        b"<html>",
        &[0; 1024],
        &[0xff; 4096],
    ] {
        let report = report(bytes);
        assert!(!report.ok);
        assert_eq!(report.problems.len(), 1, "{report:?}");
    }
    assert!(
        report(&[b'x'; 2048]).problems[0]
            .problem
            .contains("no capsule")
    );
}

/// The members of a capsule, to be put together again in another way.
fn members(capsule: &[u8]) -> Vec<(String, Vec<u8>)> {
    use std::io::Read as _;
    let mut archive = tar::Archive::new(capsule);
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        })
        .collect()
}

/// Puts members together as a capsule does, with sums that are right.
fn pack(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let sums: String = members
        .iter()
        .skip(1)
        .map(|(name, bytes)| format!("{}  {name}\n", EntryHash::of(bytes)))
        .collect();
    pack_as(members, sums.as_bytes(), |_| {})
}

fn pack_as(
    members: &[(String, Vec<u8>)],
    sums: &[u8],
    change: impl Fn(&mut tar::Header),
) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut put = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_ustar();
        // As any program may write a name, past the checks of this crate.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(bytes.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        if name != "SHA256SUMS" {
            change(&mut header);
        }
        header.set_cksum();
        archive.append(&header, bytes).unwrap();
    };
    put("SHA256SUMS", sums);
    for (name, bytes) in members.iter().skip(1) {
        put(name, bytes);
    }
    archive.into_inner().unwrap()
}

/// A capsule is refused, and nothing of it is anywhere.
fn refused(capsule: &[u8]) -> String {
    let told = report(capsule);
    assert!(!told.ok, "{told:?}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.lhcase");
    fs::write(&path, capsule).unwrap();
    let cases = Cases::at(folder.path().join("cases"));
    let error = cases.import(&path).unwrap_err();
    assert!(matches!(error, CaseError::Capsule { .. }), "{error}");
    assert_eq!(names(&folder.path().join("cases")), Vec::<String>::new());
    assert_eq!(names(folder.path()), ["cases", "x.lhcase"]);
    told.problems[0].to_string()
}

#[test]
fn packing_again_is_no_change() {
    let whole = capsule();
    assert_eq!(pack(&members(&whole)), whole);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let whole = members(&capsule());
    for name in [
        "../evil.md",
        "/etc/evil.md",
        "playbooks/../../evil.md",
        "results/..\\evil.parquet",
        "results/",
        "capsule.json/x",
        "playbooks/0000000000000000000000000000000000000000000000000000000000000000.md",
    ] {
        let mut more = whole.clone();
        more.push((name.to_owned(), b"# evil\n".to_vec()));
        refused(&pack(&more));
    }
    // A name that fits its bytes but stands where it cannot, or twice.
    let text = b"# evil\n".to_vec();
    let name = format!("playbooks/{}.md", EntryHash::of(&text));
    for place in [1, 2, 3] {
        let mut more = whole.clone();
        more.insert(place, (name.clone(), text.clone()));
        refused(&pack(&more));
    }
    let mut twice = whole.clone();
    let last = twice.last().unwrap().clone();
    twice.push(last);
    refused(&pack(&twice));
    for missing in 1..4 {
        let mut fewer = whole.clone();
        fewer.remove(missing);
        refused(&pack(&fewer));
    }
}

#[test]
fn links_and_extensions_of_tar_are_refused() {
    let whole = members(&capsule());
    let sums = whole[0].1.clone();
    for kind in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Directory,
        tar::EntryType::GNUSparse,
        tar::EntryType::GNULongName,
        tar::EntryType::XHeader,
        tar::EntryType::Char,
    ] {
        let made = pack_as(&whole, &sums, |header| {
            header.set_entry_type(kind);
        });
        let problem = refused(&made);
        assert!(problem.contains("header"), "{problem}");
    }
    // Sizes that no file has.
    for size in [u64::MAX, 1 << 62, 1 << 33, 8 << 30] {
        let made = pack_as(&whole, &sums, |header| header.set_size(size));
        refused(&made);
    }
}

/// Whoever can make sums can make a capsule whose sums are right: the chain finds it.
#[test]
fn a_changed_journal_with_right_sums_is_found() {
    let whole = members(&capsule());
    let journal = String::from_utf8(whole[3].1.clone()).unwrap();
    let lines: Vec<&str> = journal.lines().collect();
    let with = |lines: Vec<String>| {
        let mut changed = whole.clone();
        changed[3].1 = lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            .into();
        refused(&pack(&changed))
    };
    let own = |range: &[usize]| range.iter().map(|line| lines[*line].to_owned()).collect();
    assert!(
        with(own(&[0, 1, 3, 4])).contains("entry 3"),
        "one taken out"
    );
    assert!(
        with(own(&[0, 2, 1, 3, 4])).contains("entry 2"),
        "two swapped"
    );
    assert!(
        with(own(&[1, 2, 3, 4])).contains("entry 1"),
        "without its beginning"
    );
    assert!(
        with(own(&[0, 1, 2, 3, 4, 4])).contains("entry 6"),
        "one twice"
    );
    let problem = with(own(&[0, 1, 2, 3]));
    assert!(
        problem.contains("capsule.json"),
        "the end cut off: {problem}"
    );
    assert!(with(Vec::new()).contains("no entries"));
    let renamed = lines
        .iter()
        .map(|line| line.replace("192.0.2.7", "192.0.2.8"));
    assert!(with(renamed.collect()).contains("entry 5"));
    let mut spaced: Vec<String> = own(&[0, 1, 2, 3, 4]);
    spaced[1].push(' ');
    assert!(with(spaced).contains("entry 2"));
}

/// A pin whose row is not what its hash says, in a chain that fits.
#[test]
fn a_pin_that_lies_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let id = small_case(&cases);
    let What::Pinned(mut lie) = pin("p2", "192.0.2.9") else {
        unreachable!()
    };
    lie.row.columns[0].value = "192.0.2.10".into();
    let mut case = cases.open(&id, author("eve")).unwrap();
    case.append(&[draft(9, What::Pinned(lie))]).unwrap();
    drop(case);
    let told = cases.verify(&id, None).unwrap();
    assert_eq!(told.problems[0].entry, Some(6), "{told:?}");
    assert!(told.problems[0].problem.contains("p2"), "{told:?}");
    assert!(refused(&capsule_of(&cases, &id)).contains("entry 6"));
}

#[test]
fn results_without_rows_and_contents_that_lie_are_found() {
    let whole = members(&capsule());
    let rows = whole
        .iter()
        .position(|(name, _)| name.ends_with(".parquet"));
    let mut fewer = whole.clone();
    fewer.remove(rows.unwrap());
    refused(&pack(&fewer));
    let mut other = whole.clone();
    let text = String::from_utf8(other[2].1.clone()).unwrap();
    other[2].1 = text.replace("Leaked key", "Nothing here").into();
    assert!(refused(&pack(&other)).contains("capsule.json"));
    let mut later = whole;
    later[2].1 = text.replace("\"format\": 1", "\"format\": 2").into();
    assert!(refused(&pack(&later)).contains("later version"));
}

/// Two cases whose folders would have one name are still two.
#[test]
fn another_case_never_gets_into_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path().join("cases"));
    let (id, other) = (small_case(&cases), small_case(&cases));
    let capsule = folder.path().join("x.lhcase");
    fs::write(&capsule, capsule_of(&cases, &other)).unwrap();
    let place = folder.path().join("cases");
    fs::remove_dir_all(place.join(&other)).unwrap();
    fs::rename(place.join(&id), place.join(&other)).unwrap();
    let error = cases.import(&capsule).unwrap_err();
    assert!(error.to_string().contains("another case"), "{error}");
    assert!(!cases.verify(&other, None).unwrap().ok);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..4_096)) {
        prop_assert!(!report(&bytes).ok);
    }

    /// Pieces of a capsule cut out, repeated and moved.
    #[test]
    fn no_rearrangement_passes(cuts in proptest::collection::vec((0..64_usize, 0..64_usize), 1..6)) {
        let whole = capsule();
        let block = |number: usize| {
            let start = (number * 512) % whole.len();
            &whole[start..(start + 512).min(whole.len())]
        };
        let mut made = whole.clone();
        for (from, to) in cuts {
            let piece = block(from).to_vec();
            let start = (to * 512) % made.len();
            made[start..(start + piece.len()).min(whole.len())]
                .copy_from_slice(&piece[..piece.len().min(whole.len() - start)]);
        }
        prop_assert_eq!(report(&made).ok, made == whole);
    }
}
