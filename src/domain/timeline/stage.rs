//! The stage of an attack: the tactics of MITRE ATT&CK in their order, and stages of the analyst's
//! own.

use std::cmp::Ordering;

/// The tactics, in the order in which an attack goes through them.
const TACTICS: [&str; 14] = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

/// What stands before a stage of the analyst's own in a tag.
const OWN: &str = "stage:";

/// The tactic that a text names, in any case, its words apart by spaces, `-`, `_` or nothing.
pub(super) fn tactic(text: &str) -> Option<&'static str> {
    let bare = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect()
    };
    // No tactic is longer; nothing that is gets copied.
    if text.len() > 40 {
        return None;
    }
    let wanted = match bare(text).as_str() {
        "defenceevasion" => "defenseevasion".to_owned(),
        other => other.to_owned(),
    };
    TACTICS.into_iter().find(|known| bare(known) == wanted)
}

/// The stage that an item's tags name: `stage:containment` a stage of the analyst's own, and the
/// name of a tactic that tactic. The first tag that names one counts.
pub(super) fn of_tags(tags: &[String]) -> Option<String> {
    tags.iter().find_map(|tag| {
        let own = tag.strip_prefix(OWN).map(str::trim);
        match own {
            Some("") => None,
            Some(name) => Some(tactic(name).map_or_else(|| name.to_owned(), str::to_owned)),
            None => tactic(tag).map(str::to_owned),
        }
    })
}

/// The stage that a type of a finding names: Security Hub's `TTPs/Initial Access/…` and
/// `Effects/Data Exfiltration/…`, GuardDuty's `Discovery:S3/…` and `Recon:EC2/…`.
pub(super) fn of_finding_type(text: &str) -> Option<String> {
    let hub = ["TTPs/", "Effects/"];
    let in_hub = hub.iter().find_map(|name| text.strip_prefix(name));
    let (name, is_hub) = match in_hub {
        Some(rest) => (rest.split(['/', ':']).next()?, true),
        None => (text.split_once(':')?.0, false),
    };
    let name = match name {
        "Recon" => "reconnaissance",
        "Data Exfiltration" if is_hub => "exfiltration",
        name => name,
    };
    tactic(name).map(str::to_owned)
}

/// The order of stages: tactics as an attack goes through them, then others by name.
pub(super) fn order(one: &str, other: &str) -> Ordering {
    let place = |name: &str| {
        let place = TACTICS.iter().position(|tactic| *tactic == name);
        place.unwrap_or(TACTICS.len())
    };
    place(one).cmp(&place(other)).then_with(|| one.cmp(other))
}
