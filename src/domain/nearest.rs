//! Which names a mistyped one may have meant.

/// How many names are offered at most.
const OFFERED: usize = 3;

/// The candidates nearest to `name`, nearest first, at most three; empty when none is near.
///
/// Near means: equal but for case, a part of one another, or at most a third of the letters away.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&wanted, &lower);
            // A part of a name is a better guess the more of it was typed.
            let part = wanted.chars().count() >= 3 && lower.contains(&wanted);
            (distance <= allowed || part).then_some((distance, candidate))
        })
        .collect();
    near.sort();
    near.dedup();
    near.into_iter()
        .take(OFFERED)
        .map(|(_, candidate)| candidate)
        .collect()
}

/// The hint that offers the nearest names: ``did you mean `a`, `b` or `c`?``
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let names: Vec<String> = nearest(name, candidates)
        .into_iter()
        .map(|candidate| format!("`{candidate}`"))
        .collect();
    match names.as_slice() {
        [] => None,
        [only] => Some(format!("did you mean {only}?")),
        [first @ .., last] => Some(format!("did you mean {} or {last}?", first.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLES: [&str; 4] = ["cloud_trail_mgmt", "vpc_flow", "route53", "s3_data"];

    #[test]
    fn a_typo_finds_its_name() {
        assert_eq!(nearest("vpc_flwo", TABLES), ["vpc_flow"]);
        assert_eq!(nearest("ROUTE53", TABLES), ["route53"]);
        assert_eq!(nearest("trail", TABLES), ["cloud_trail_mgmt"]);
    }

    #[test]
    fn a_foreign_word_finds_nothing() {
        assert!(nearest("kubernetes", TABLES).is_empty());
        assert_eq!(did_you_mean("kubernetes", TABLES), None);
    }

    #[test]
    fn the_hint_reads_as_a_sentence() {
        assert_eq!(
            did_you_mean("rout", ["route", "trout", "rou"]).unwrap(),
            "did you mean `rou`, `route` or `trout`?"
        );
    }

    proptest! {
        #[test]
        fn a_candidate_is_always_nearest_to_itself(name in "[a-z_]{1,12}") {
            prop_assert_eq!(nearest(&name, [name.as_str()]), vec![name.as_str()]);
        }
    }
}
