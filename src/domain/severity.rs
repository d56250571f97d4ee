//! The severities of OCSF: their names, ids and order.

/// The names with their ids, the least severe first. What a product's own scale says ("Other") and
/// what nobody knows stand before what is known.
const SEVERITIES: [(&str, i64); 8] = [
    ("Other", 99),
    ("Unknown", 0),
    ("Informational", 1),
    ("Low", 2),
    ("Medium", 3),
    ("High", 4),
    ("Critical", 5),
    ("Fatal", 6),
];

/// The id of a severity by its name, in any case.
pub fn id(name: &str) -> Option<i64> {
    find(name).map(|(_, id)| id)
}

/// The name of a severity by its id.
pub fn name(id: i64) -> Option<&'static str> {
    SEVERITIES
        .into_iter()
        .find_map(|(name, known)| (known == id).then_some(name))
}

/// The place of a severity in their order, the least severe first.
pub fn rank(name: &str) -> Option<u8> {
    find(name).map(|(rank, _)| rank)
}

/// The ids of the severities from a place in their order on.
pub fn at_least(rank: u8) -> impl Iterator<Item = i64> {
    let ranked = (0u8..).zip(SEVERITIES);
    ranked
        .filter(move |(place, _)| *place >= rank)
        .map(|(_, (_, id))| id)
}

fn find(name: &str) -> Option<(u8, i64)> {
    let ranked = (0u8..).zip(SEVERITIES);
    ranked
        .filter(|(_, (known, _))| known.eq_ignore_ascii_case(name))
        .map(|(rank, (_, id))| (rank, id))
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ordered_by_what_they_mean() {
        let ranks = [
            "unknown",
            "Informational",
            "LOW",
            "Medium",
            "High",
            "Critical",
            "Fatal",
        ]
        .map(|name| rank(name).unwrap());
        assert!(ranks.is_sorted_by(|one, other| one < other));
        assert_eq!(
            (id("High"), id("Critical"), id("Other")),
            (Some(4), Some(5), Some(99))
        );
        assert_eq!((rank("Severe"), id("")), (None, None));
        assert_eq!((name(5), name(7)), (Some("Critical"), None));
    }
}
