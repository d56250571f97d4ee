//! Values that occur, for one that does not: what differs only in the way it is written.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::domain::emptiness::NearValue;

/// How many values are offered at most.
const OFFERED: usize = 3;

/// Words that mean the same in logs, each group with the words that the schema uses for it.
const SAME: &[&[&str]] = &[
    &["failure", "failed", "fail", "error", "failures"],
    &["success", "succeeded", "successful", "ok", "succeed"],
    &["inbound", "ingress", "in", "incoming"],
    &["outbound", "egress", "out", "outgoing"],
    &[
        "allowed",
        "allow",
        "accept",
        "accepted",
        "permit",
        "permitted",
    ],
    &[
        "denied", "deny", "reject", "rejected", "block", "blocked", "drop", "dropped",
    ],
    &["informational", "info", "information"],
    &["medium", "moderate"],
    &["critical", "crit"],
    &["unknown", "none", "n/a", "-"],
];

/// The values most like a wanted one, the best first; empty where none is only another way of
/// writing it. `seen` are values with the rows that have them.
pub(super) fn nearest(wanted: &str, like: bool, seen: &[(String, u64)]) -> Vec<NearValue> {
    let mut near: Vec<(u8, u64, NearValue)> = seen
        .iter()
        .filter_map(|(value, rows)| {
            let (rank, differs) = difference(wanted, like, value)?;
            let near = NearValue {
                value: value.clone(),
                rows: *rows,
                differs,
            };
            Some((rank, *rows, near))
        })
        .collect();
    near.sort_by_key(|(rank, rows, _)| (*rank, std::cmp::Reverse(*rows)));
    let best = near.first().map_or(0, |near| near.0);
    let mut offered: Vec<NearValue> = Vec::new();
    for (rank, _, value) in near {
        // What is the same but for its writing needs no guesses beside it.
        if offered.len() == OFFERED || best < GUESS && rank >= GUESS {
            break;
        }
        offered.push(value);
    }
    offered
}

/// Ranks from here on are guesses.
const GUESS: u8 = 10;

/// How a value that occurs differs from the wanted one, where it may be what was meant.
fn difference(wanted: &str, like: bool, seen: &str) -> Option<(u8, &'static str)> {
    if wanted == seen {
        return None;
    }
    let core = wanted.trim_matches(['%', '*', '_']);
    if like || core != wanted {
        let written = core.to_lowercase();
        let fits = !written.is_empty() && seen.to_lowercase().contains(&written);
        if fits && !like && core != wanted {
            return Some((4, "a pattern needs LIKE"));
        }
        if fits && like {
            return Some((0, "another case"));
        }
        if like {
            return None;
        }
    }
    if wanted.eq_ignore_ascii_case(seen) || wanted.to_lowercase() == seen.to_lowercase() {
        return Some((0, "another case"));
    }
    if wanted.trim() == seen.trim() {
        return Some((0, "blanks around it"));
    }
    if wanted.trim_end_matches('.') == seen.trim_end_matches('.') {
        return Some((0, "a dot at its end"));
    }
    let (plain, other) = (plain(wanted), plain(seen));
    if plain == other {
        return Some((1, "written plainly"));
    }
    if is_number(&plain) && is_number(&other) {
        let zeros = plain.trim_start_matches('0') == other.trim_start_matches('0');
        if zeros {
            return Some((1, "leading zeros"));
        }
    }
    if let (Ok(a), Ok(b)) = (plain.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        return (a == b || a.to_canonical() == b.to_canonical()).then_some((1, "the same address"));
    }
    let (digits, others) = (digits(wanted), digits(seen));
    let is_day = digits.len() >= 8 && others.len() >= 8 && is_dated(wanted) && is_dated(seen);
    if is_day && (digits.starts_with(&others) || others.starts_with(&digits)) {
        return Some((2, "another format"));
    }
    if same_meaning(&plain, &other) {
        return Some((3, "the word for it here"));
    }
    if is_part(&plain, &other) {
        return Some((5, "the whole of it"));
    }
    if is_part(&other, &plain) {
        return Some((6, "a part of it"));
    }
    is_typo(&plain, &other).then_some((GUESS, "a letter or two away"))
}

/// Without what is around a value when it is copied from somewhere: quotes, blanks, brackets of a
/// defanged address, a dot at the end; in lower case.
fn plain(value: &str) -> String {
    let value = value
        .replace("[.]", ".")
        .replace("(.)", ".")
        .replace("[:]", ":")
        .replace("[@]", "@");
    let value = value.trim_matches(|c: char| c.is_whitespace() || "'\"`<>".contains(c));
    let value = value.trim_end_matches(['.', ',', ';']).to_lowercase();
    match value.strip_prefix("hxxp") {
        Some(rest) => format!("http{rest}"),
        None => value,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether a text may be a day: it begins with a year of this age and has nothing but digits and
/// what stands between the parts of a time.
fn is_dated(text: &str) -> bool {
    text.starts_with("20")
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '-' | '/' | ':' | ' ' | 'T' | 'Z' | '.'))
}

fn same_meaning(wanted: &str, seen: &str) -> bool {
    SAME.iter()
        .any(|group| group.contains(&wanted) && group.contains(&seen))
}

/// Whether a text stands in a longer one between marks that part names: the user of an ARN, the
/// host of a domain, the call of a service.
fn is_part(part: &str, whole: &str) -> bool {
    if part.chars().count() < 3 || is_number(part) || part.parse::<IpAddr>().is_ok() {
        // An address with its port, a network's address: those are whole.
        let between = |c: char| matches!(c, '/' | ':' | ',' | ' ');
        return part.parse::<IpAddr>().is_ok() && whole.split(between).any(|one| one == part);
    }
    let is_mark = |c: char| matches!(c, '/' | ':' | '.' | '@' | ',' | ' ' | '\\');
    whole.match_indices(part).any(|(at, _)| {
        let before = whole.get(..at).and_then(|text| text.chars().next_back());
        let after = whole
            .get(at + part.len()..)
            .and_then(|text| text.chars().next());
        before.is_none_or(is_mark) && after.is_none_or(is_mark)
    })
}

/// Whether two words are a slip of the finger apart. Identifiers, which are like one another by
/// nature, are not.
fn is_typo(wanted: &str, seen: &str) -> bool {
    let is_word = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        letters >= 4 && !text.chars().any(|c| c.is_ascii_digit())
    };
    if !is_word(wanted) || !is_word(seen) {
        return false;
    }
    let longest = wanted.chars().count().max(seen.chars().count());
    let apart = strsim::damerau_levenshtein(wanted, seen);
    // Names that have many parts differ in one of them without meaning the same.
    let parts = |text: &str| text.split(['/', ':', '.', '-', '_']).count();
    apart <= (longest / 5).clamp(1, 2) && parts(wanted) == parts(seen) && parts(wanted) <= 2
}

/// The values to look at from many: the texts among which a near one may be.
pub(super) fn words_for(wanted: &str) -> Vec<String> {
    let core = plain(wanted.trim_matches(['%', '*', '_']));
    let mut words: BTreeSet<String> = BTreeSet::new();
    for group in SAME {
        if group.contains(&core.as_str()) {
            words.extend(group.iter().map(|word| (*word).to_owned()));
        }
    }
    words.insert(core);
    words.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first(wanted: &str, seen: &[&str]) -> Option<String> {
        let seen: Vec<(String, u64)> = seen.iter().map(|value| ((*value).to_owned(), 1)).collect();
        let near = nearest(wanted, false, &seen);
        near.first()
            .map(|near| format!("{} ({})", near.value, near.differs))
    }

    #[test]
    fn what_was_meant_is_found() {
        for (wanted, seen, found) in [
            ("failed", "Failure", "Failure (the word for it here)"),
            ("ingress", "Inbound", "Inbound (the word for it here)"),
            ("success", "Success", "Success (another case)"),
            ("192.0.2.7.", "192.0.2.7", "192.0.2.7 (a dot at its end)"),
            (
                "example.com",
                "example.com.",
                "example.com. (a dot at its end)",
            ),
            (
                "192[.]0[.]2[.]7",
                "192.0.2.7",
                "192.0.2.7 (written plainly)",
            ),
            (
                "2001:DB8:0:0::1",
                "2001:db8::1",
                "2001:db8::1 (the same address)",
            ),
            ("12", "000000000012", "000000000012 (leading zeros)"),
            ("2026-01-02", "20260102", "20260102 (another format)"),
            (
                "alice",
                "arn:aws:iam::1:user/alice",
                "arn:aws:iam::1:user/alice (the whole of it)",
            ),
            ("arn:aws:iam::1:user/alice", "alice", "alice (a part of it)"),
            ("192.0.2.7:443", "192.0.2.7", "192.0.2.7 (a part of it)"),
            (
                "ConsoleLogon",
                "ConsoleLogin",
                "ConsoleLogin (a letter or two away)",
            ),
            (
                "%Login%",
                "ConsoleLogin",
                "ConsoleLogin (a pattern needs LIKE)",
            ),
            (" GetObject", "GetObject", "GetObject (blanks around it)"),
        ] {
            assert_eq!(
                first(wanted, &["zzz", seen]).as_deref(),
                Some(found),
                "{wanted}"
            );
        }
    }

    #[test]
    fn another_value_is_not_what_was_meant() {
        for (wanted, seen) in [
            ("10.0.0.1", "10.0.0.2"),
            ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF"),
            ("111122223333", "111122223334"),
            ("GetObject", "PutObject"),
            ("Success", "Failure"),
            ("mallory", "alice"),
            ("7", "17"),
            ("443", "arn:443"),
        ] {
            assert_eq!(first(wanted, &[seen]), None, "{wanted} {seen}");
        }
    }

    proptest! {
        #[test]
        fn any_values_are_borne_and_none_is_near_itself(wanted in ".{0,20}", seen in ".{0,20}") {
            let seen = [(seen, 1), (wanted.clone(), 1)];
            for near in nearest(&wanted, false, &seen) {
                prop_assert_ne!(near.value, wanted.clone());
            }
            prop_assert!(!words_for(&wanted).is_empty());
        }

        #[test]
        fn a_value_in_another_case_is_found(value in "[A-Z][a-z]{3,12}[A-Z][a-z]{2,6}") {
            let near = nearest(&value.to_lowercase(), false, &[(value.clone(), 3)]);
            prop_assert_eq!(near.first().map(|near| near.value.clone()), Some(value));
        }
    }
}
