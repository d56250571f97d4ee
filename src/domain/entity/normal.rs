//! One spelling for each value: what the same thing is called when somebody else writes it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::kind::EntityType;
use super::{arn, shape};

/// Takes the guards of a defanged indicator away: `hxxp`, `hxxps`, `[.]`, `(.)`, `[:]`, `[://]`,
/// `[@]`.
pub fn refang(text: &str) -> String {
    let mut plain = text.to_owned();
    for (guarded, bare) in [
        ("[.]", "."),
        ("(.)", "."),
        ("[dot]", "."),
        ("[://]", "://"),
        ("[:]", ":"),
        ("[@]", "@"),
        ("[at]", "@"),
    ] {
        if plain.contains(guarded) {
            plain = plain.replace(guarded, bare);
        }
    }
    for (guarded, bare) in [("hxxps", "https"), ("hxxp", "http"), ("fxp", "ftp")] {
        let begins = plain
            .get(..guarded.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(guarded));
        if begins && plain[guarded.len()..].starts_with("://") {
            plain.replace_range(..guarded.len(), bare);
            break;
        }
    }
    plain
}

/// The normal form of a value of a type; `None` where it does not fit. Space around it is gone.
pub(super) fn normal(kind: EntityType, text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match kind {
        EntityType::Ip => ip(text),
        EntityType::Cidr => cidr(text),
        EntityType::Account => account(text),
        EntityType::AccessKey => access_key(text),
        EntityType::Domain => domain(text),
        EntityType::Url => url(text),
        EntityType::Hash => hash(text),
        EntityType::Principal | EntityType::Role | EntityType::Session => {
            Some(principal(text).into_owned())
        }
        EntityType::Resource => Some(resource(text)),
        EntityType::Finding => Some(arn::normal(text).unwrap_or_else(|| text.to_owned())),
        EntityType::UserAgent
        | EntityType::Process
        | EntityType::Container
        | EntityType::Kubernetes => Some(text.to_owned()),
    }
}

/// The address in the form of RFC 5952, or dotted. Logs that write leading zeros keep them: nobody
/// can tell which address was meant, and this is the text to search for.
pub(super) fn ip(text: &str) -> Option<String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.split('%').next().unwrap_or(bare);
    if let Ok(address) = address.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    let parts: Vec<&str> = address.split('.').collect();
    let fits = |part: &&str| {
        (1..=3).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u16>().is_ok_and(|number| number < 256)
    };
    (parts.len() == 4 && parts.iter().all(fits)).then(|| address.to_owned())
}

/// The network's first address and the length of its prefix.
pub(super) fn cidr(text: &str) -> Option<String> {
    let (address, length) = text.split_once('/')?;
    if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let length: u32 = length.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(address) if length <= 32 => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            let first = Ipv4Addr::from(u32::from(address) & mask);
            Some(format!("{first}/{length}"))
        }
        IpAddr::V6(address) if length <= 128 => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            let first = Ipv6Addr::from(u128::from(address) & mask);
            Some(format!("{first}/{length}"))
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

/// The two spellings of an address that logs use: the normal one, and an IPv6 address's eight
/// groups in full. Of an IPv4 address both are the same.
pub fn network_spelled(address: &str) -> [String; 2] {
    let full = match address.parse::<Ipv6Addr>() {
        Ok(address) => {
            let groups = address.segments().map(|group| format!("{group:04x}"));
            groups.join(":")
        }
        Err(_) => address.to_owned(),
    };
    [address.to_owned(), full]
}

/// Twelve digits; leading zeros that a spreadsheet ate come back.
fn account(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let fits = (1..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| format!("{digits:0>12}"))
}

/// Key ids are capital letters and digits; what is called a key in the logs and is spelled
/// otherwise stays as it is.
fn access_key(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    if shape::is_access_key(&upper) {
        return Some(upper);
    }
    let fits = (4..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'=' | b'+' | b'/'));
    fits.then(|| text.to_owned())
}

/// Lower case, without the dot of the root.
pub(super) fn domain(text: &str) -> Option<String> {
    let name = text.trim_end_matches('.').to_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '*'))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|b| b.is_ascii_digit());
    (name.len() <= 253 && !is_number && name.split('.').all(label)).then_some(name)
}

/// Scheme and host in lower case; the rest as it is, because there case counts.
pub(super) fn url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let fits = (2..=16).contains(&scheme.len())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'));
    if !fits || rest.is_empty() || rest.contains(char::is_whitespace) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    Some(format!(
        "{}://{}{path}",
        scheme.to_ascii_lowercase(),
        host.to_lowercase()
    ))
}

/// The host of a URL, without user and port.
pub(super) fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split(']').next();
    }
    host.split(':').next().filter(|host| !host.is_empty())
}

fn hash(text: &str) -> Option<String> {
    let fits = matches!(text.len(), 32 | 40 | 64 | 96 | 128)
        && text.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase())
}

/// An ARN with its fixed parts in lower case, a unique id in capitals; names keep their case.
fn principal(text: &str) -> Cow<'_, str> {
    if let Some(arn) = arn::normal(text) {
        return Cow::Owned(arn);
    }
    let (id, session) = text.split_once(':').unwrap_or((text, ""));
    let upper = id.to_ascii_uppercase();
    if shape::is_unique_id(&upper) && upper != id {
        return Cow::Owned(match session {
            "" => upper,
            session => format!("{upper}:{session}"),
        });
    }
    Cow::Borrowed(text)
}

/// Buckets by their bare name, objects by their ARN, everything of EC2 by its id.
fn resource(text: &str) -> String {
    if let Some(place) = text.strip_prefix("s3://") {
        let place = place.trim_end_matches('/');
        return match place.split_once('/') {
            Some(_) => format!("arn:aws:s3:::{place}"),
            None => place.to_owned(),
        };
    }
    if let Some(whole) = arn::take_apart(text).into_iter().next() {
        return whole.value;
    }
    let lower = text.to_ascii_lowercase();
    match shape::is_resource_id(&lower) {
        true => lower,
        false => text.to_owned(),
    }
}
