//! What is known of an entity without asking anybody: what its value itself says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::arn::Arn;
use super::{Entity, EntityType};

/// One thing that is known of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Who says so: `the value`, or a list's or database's file.
    pub source: String,
    /// What it tells of, such as `country`.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// The source of what a value itself says.
pub const THE_VALUE: &str = "the value";

/// What the value of an entity says by itself, in the order in which it is shown.
pub fn of_value(entity: &Entity) -> Vec<Fact> {
    let value = entity.value.as_str();
    let mut facts = Facts::default();
    match entity.kind {
        EntityType::Ip => address(value, &mut facts),
        EntityType::Cidr => network(value, &mut facts),
        EntityType::AccessKey => facts.add("kind", key_kind(value)),
        EntityType::Hash => facts.add("kind", hash_kind(value)),
        EntityType::Domain => domain(value, &mut facts),
        EntityType::UserAgent => facts.add("product", value.split([' ', ';']).next()),
        _ => {}
    }
    unique_id(value, &mut facts);
    if let Some(arn) = Arn::parse(value) {
        facts.add("partition", Some(arn.partition));
        facts.add("service", Some(arn.service));
        facts.add("region", Some(arn.region));
        facts.add("account", Some(arn.account));
    }
    facts.0
}

#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, name: &str, text: Option<&str>) {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return;
        };
        self.0.push(Fact {
            source: THE_VALUE.to_owned(),
            name: name.to_owned(),
            text: text.to_owned(),
        });
    }
}

fn address(value: &str, facts: &mut Facts) {
    match value.parse() {
        Ok(IpAddr::V4(address)) => facts.add("reach", Some(reach_v4(address))),
        Ok(IpAddr::V6(address)) => {
            facts.add("reach", Some(reach_v6(address)));
            if let Some(inner) = address.to_ipv4_mapped() {
                facts.add("maps", Some(&inner.to_string()));
            }
        }
        Err(_) => {}
    }
}

fn network(value: &str, facts: &mut Facts) {
    let Some((first, length)) = value.split_once('/') else {
        return;
    };
    let (Ok(first), Ok(length)) = (first.parse::<IpAddr>(), length.parse::<u32>()) else {
        return;
    };
    let (bits, reach) = match first {
        IpAddr::V4(first) => (32u32, reach_v4(first)),
        IpAddr::V6(first) => (128, reach_v6(first)),
    };
    facts.add("reach", Some(&format!("its first address: {reach}")));
    let free = bits.saturating_sub(length);
    let size = match free {
        0..=63 => (1u64 << free).to_string(),
        _ => format!("2^{free}"),
    };
    facts.add("addresses", Some(&size));
}

fn reach_v4(address: Ipv4Addr) -> &'static str {
    let [first, second, ..] = address.octets();
    match address {
        _ if address.octets() == [169, 254, 169, 254] => "the metadata service of an instance",
        _ if address.is_private() => "private (RFC 1918)",
        _ if address.is_loopback() => "loopback",
        _ if address.is_link_local() => "link-local",
        _ if first == 100 && (64..128).contains(&second) => "shared between providers (RFC 6598)",
        _ if address.is_documentation() => "set aside for documentation (RFC 5737)",
        _ if first == 198 && (18..20).contains(&second) => "set aside for measurements (RFC 2544)",
        _ if address.is_multicast() => "multicast",
        _ if address.is_broadcast() || address.is_unspecified() || first == 0 => {
            "no host's address"
        }
        _ if first >= 240 => "reserved",
        _ => "public",
    }
}

fn reach_v6(address: Ipv6Addr) -> &'static str {
    let [first, second, ..] = address.segments();
    match address {
        _ if address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254) => {
            "the metadata service of an instance"
        }
        _ if address.is_loopback() => "loopback",
        _ if address.is_unspecified() => "no host's address",
        _ if address.to_ipv4_mapped().is_some() => "an address of version 4",
        _ if address.is_multicast() => "multicast",
        _ if first & 0xfe00 == 0xfc00 => "private (RFC 4193)",
        _ if first & 0xffc0 == 0xfe80 => "link-local",
        _ if first == 0x2001 && second == 0xdb8 => "set aside for documentation (RFC 3849)",
        _ => "public",
    }
}

/// The kinds of access keys, by how their ids begin.
fn key_kind(value: &str) -> Option<&'static str> {
    match value.get(..4)? {
        "AKIA" => Some("long-lived, of a user"),
        "ASIA" => Some("temporary, of a session"),
        _ => None,
    }
}

/// What IAM's unique ids name, by how they begin.
fn unique_id(value: &str, facts: &mut Facts) {
    let is_id = value.len() >= 16
        && value.split(':').next().is_some_and(|id| {
            id.len() >= 16
                && id
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        });
    let what = match value.get(..4).filter(|_| is_id) {
        Some("AIDA") => "a user",
        Some("AROA") => "a role",
        Some("AGPA") => "a group",
        Some("AIPA") => "an instance profile",
        Some("ANPA") => "a managed policy",
        Some("APKA") => "a public key",
        Some("ASCA") => "a certificate",
        Some("ABIA") => "a bearer token of STS",
        Some("ACCA") => "a credential of one service",
        _ => return,
    };
    facts.add("id of", Some(what));
}

fn hash_kind(value: &str) -> Option<&'static str> {
    match value.len() {
        32 => Some("MD5"),
        40 => Some("SHA-1"),
        56 => Some("SHA-224"),
        64 => Some("SHA-256"),
        96 => Some("SHA-384"),
        128 => Some("SHA-512"),
        _ => None,
    }
}

fn domain(value: &str, facts: &mut Facts) {
    let labels: Vec<&str> = value.split('.').collect();
    if labels.iter().any(|label| label.starts_with("xn--")) {
        facts.add(
            "written in",
            Some("letters beyond ASCII, which may look like others"),
        );
    }
    let longest = labels.iter().map(|label| label.len()).max().unwrap_or(0);
    if longest >= 40 {
        facts.add("longest label", Some(&format!("{longest} characters")));
    }
    let provider = [
        ("amazonaws.com", "a name of AWS"),
        ("amazonaws.com.cn", "a name of AWS in China"),
        ("aws.amazon.com", "a name of AWS"),
        ("awsapps.com", "a name of AWS"),
        ("cloudfront.net", "CloudFront, for whoever uses it"),
        ("on.aws", "a name of AWS, for whoever uses it"),
        ("in-addr.arpa", "a question for the name of an address"),
        ("ip6.arpa", "a question for the name of an address"),
    ]
    .into_iter()
    .find(|(zone, _)| {
        let before = value.strip_suffix(zone);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    });
    facts.add("zone", provider.map(|(_, told)| told));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(kind: EntityType, value: &str) -> Vec<String> {
        let entity = Entity::parse(kind, value).unwrap();
        let facts = of_value(&entity).into_iter();
        facts
            .map(|fact| format!("{}: {}", fact.name, fact.text))
            .collect()
    }

    #[test]
    fn addresses_tell_how_far_they_reach() {
        for (value, reach) in [
            ("10.1.2.3", "private (RFC 1918)"),
            ("169.254.169.254", "the metadata service of an instance"),
            ("169.254.1.1", "link-local"),
            ("100.64.0.1", "shared between providers (RFC 6598)"),
            ("198.51.100.7", "set aside for documentation (RFC 5737)"),
            ("8.8.8.8", "public"),
            ("fd00:ec2::254", "the metadata service of an instance"),
            ("fe80::1", "link-local"),
            ("2001:db8::1", "set aside for documentation (RFC 3849)"),
            ("2600::1", "public"),
        ] {
            assert_eq!(told(EntityType::Ip, value), [format!("reach: {reach}")]);
        }
        assert_eq!(
            told(EntityType::Cidr, "10.0.0.0/8"),
            [
                "reach: its first address: private (RFC 1918)",
                "addresses: 16777216"
            ]
        );
    }

    #[test]
    fn ids_and_arns_tell_what_they_name() {
        assert_eq!(
            told(EntityType::AccessKey, "ASIAIOSFODNN7EXAMPLE"),
            ["kind: temporary, of a session"]
        );
        assert_eq!(
            told(EntityType::Session, "AROAEXAMPLEEXAMPLEID:nightly"),
            ["id of: a role"]
        );
        assert_eq!(
            told(EntityType::Role, "arn:aws-us-gov:iam::111122223333:role/r"),
            [
                "partition: aws-us-gov",
                "service: iam",
                "account: 111122223333"
            ]
        );
        let digest = "e".repeat(64);
        assert_eq!(told(EntityType::Hash, &digest), ["kind: SHA-256"]);
        assert_eq!(
            told(EntityType::Domain, "xn--e1awd7f.s3.amazonaws.com"),
            [
                "written in: letters beyond ASCII, which may look like others",
                "zone: a name of AWS"
            ]
        );
        assert_eq!(told(EntityType::Domain, "notamazonaws.com"), [""; 0]);
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(value in "\\PC{1,60}", at in 0..EntityType::ALL.len()) {
            let entity = Entity { kind: EntityType::ALL[at], value };
            prop_assert!(of_value(&entity).len() < 10);
        }
    }
}
