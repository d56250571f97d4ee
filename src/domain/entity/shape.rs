//! What a text looks like, where nothing else tells what it is.

use std::net::IpAddr;

use super::kind::EntityType;
use super::{Entity, arn, normal};

/// Prefixes of unique ids of IAM other than keys: users, roles, groups, policies and the like.
const UNIQUE: [&str; 8] = [
    "AIDA", "AROA", "AGPA", "ANPA", "AIPA", "ANVA", "APKA", "ASCA",
];

/// Kinds of resources whose ids are a word, a hyphen and hexadecimal digits.
const RESOURCES: [&str; 30] = [
    "acl", "ami", "cgw", "dopt", "eipalloc", "eipassoc", "eni", "fl", "i", "igw", "lt", "nat",
    "pcx", "pl", "r", "rni", "rslvr-in", "rtb", "rtbassoc", "sg", "sgr", "snap", "subnet", "tgw",
    "vgw", "vol", "vpc", "vpce", "vpn", "fs",
];

/// Whether the text is an access key id: `AKIA` or `ASIA`, then capital letters and digits.
pub(super) fn is_access_key(text: &str) -> bool {
    (text.starts_with("AKIA") || text.starts_with("ASIA")) && is_id(text)
}

/// Whether the text is the unique id of a user, role, group or the like.
pub(super) fn is_unique_id(text: &str) -> bool {
    UNIQUE.iter().any(|start| text.starts_with(start)) && is_id(text)
}

fn is_id(text: &str) -> bool {
    (16..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether the text is an id such as `i-0abc…`, `vpc-…` or `snap-…`.
pub(super) fn is_resource_id(text: &str) -> bool {
    let Some((kind, digits)) = text.rsplit_once('-') else {
        return false;
    };
    RESOURCES.contains(&kind)
        && matches!(digits.len(), 8..=17)
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The entities of one word that cannot well be anything else, the whole first.
pub(super) fn certain(word: &str) -> Vec<Entity> {
    let Some(first) = word.bytes().next() else {
        return Vec::new();
    };
    if matches!(first, b'a' | b'A') {
        if word.len() > 4
            && word
                .get(..4)
                .is_some_and(|w| w.eq_ignore_ascii_case("arn:"))
        {
            return arn::take_apart(word);
        }
        if is_access_key(word) {
            return vec![Entity::new(EntityType::AccessKey, word)];
        }
        let unique = unique_id(word);
        if !unique.is_empty() {
            return unique;
        }
    }
    if is_resource_id(word) {
        return vec![Entity::new(EntityType::Resource, word)];
    }
    if first.is_ascii_hexdigit() || first == b':' || first == b'[' {
        if let Some(network) = normal::cidr(word) {
            return vec![Entity::new(EntityType::Cidr, network)];
        }
        if is_address(word) {
            return normal::ip(word)
                .map(|value| Entity::new(EntityType::Ip, value))
                .into_iter()
                .collect();
        }
    }
    if let Some(place) = word.find("://") {
        let scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-');
        let before = word.get(..place).unwrap_or_default();
        let name = before.rsplit(|c| !scheme(c)).next().unwrap_or_default();
        let word = word.get(place - name.len()..).unwrap_or_default();
        if word.starts_with("s3://") {
            return Entity::parse(EntityType::Resource, word)
                .ok()
                .into_iter()
                .collect();
        }
        return url(word);
    }
    Vec::new()
}

/// An address as nobody writes it by chance: four numbers, or groups with at least two colons and
/// a digit.
fn is_address(word: &str) -> bool {
    let bare = word.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => true,
        Ok(IpAddr::V6(_)) => bare.len() > 4,
        Err(_) => false,
    }
}

/// A unique id, or a unique id with the name of a session.
pub(super) fn unique_id(text: &str) -> Vec<Entity> {
    let (id, session) = text.split_once(':').unwrap_or((text, ""));
    if !is_unique_id(id) {
        return Vec::new();
    }
    let mut found = Vec::with_capacity(3);
    if !session.is_empty() {
        found.push(Entity::new(EntityType::Session, text));
    }
    if is_resource_id(session) {
        found.push(Entity::new(EntityType::Resource, session));
    }
    found.push(Entity::new(EntityType::Principal, id));
    found
}

/// A URL and its host.
pub(super) fn url(text: &str) -> Vec<Entity> {
    let Some(url) = normal::url(text) else {
        return Vec::new();
    };
    let host = normal::host_of(&url).and_then(host);
    let mut found = vec![Entity::new(EntityType::Url, url)];
    found.extend(host);
    found
}

/// An address or a domain name of at least two labels.
pub(super) fn host(text: &str) -> Option<Entity> {
    if let Some(value) = normal::ip(text) {
        return Some(Entity::new(EntityType::Ip, value));
    }
    let name = normal::domain(text)?;
    name.contains('.')
        .then(|| Entity::new(EntityType::Domain, name))
}

/// What a bare value is that somebody typed.
pub(super) fn guess(text: &str) -> Option<Entity> {
    if let Some(whole) = certain(text).into_iter().next() {
        return Some(whole);
    }
    let parsed = |kind| Entity::parse(kind, text).ok();
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        return parsed(EntityType::Account);
    }
    let upper = text.to_ascii_uppercase();
    if is_access_key(&upper) {
        return Some(Entity::new(EntityType::AccessKey, upper));
    }
    if let Some(hash) = parsed(EntityType::Hash) {
        return Some(hash);
    }
    if looks_like_an_agent(text) {
        return Some(Entity::new(EntityType::UserAgent, text));
    }
    if text.contains(char::is_whitespace) || text.contains(['/', '@', ':']) {
        return None;
    }
    if let Some(host) = host(text) {
        return Some(host);
    }
    // A bare name of lower-case words is a bucket far more often than a user.
    let bucket = (3..=63).contains(&text.len())
        && text.contains('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    bucket.then(|| Entity::new(EntityType::Resource, text))
}

fn looks_like_an_agent(text: &str) -> bool {
    let product = text.split([' ', ';']).next().unwrap_or_default();
    let versioned = product.split_once('/').is_some_and(|(name, version)| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && version.starts_with(|c: char| c.is_ascii_digit())
    });
    versioned || text.starts_with("Mozilla/")
}
