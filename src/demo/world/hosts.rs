//! Networks: hosts with fixed addresses, and the names that they resolve and connect to.

use super::{DATA, PRODUCTION, REGIONS, SANDBOX, SHARED};
use crate::demo::dice::{Dice, Weighted};

/// What a host is for; decides whom it talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// Serves the internet.
    Web,
    /// Serves other hosts.
    App,
    /// A database.
    Database,
    /// A node of the Kubernetes cluster.
    Node,
    /// Builds software.
    Build,
}

/// An EC2 instance.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) kind: HostKind,
    pub(crate) name: String,
    pub(crate) ip: String,
    pub(crate) instance: String,
    pub(crate) interface: String,
    pub(crate) subnet: String,
    pub(crate) zone: String,
}

/// A name outside the network that hosts connect to.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) name: String,
    pub(crate) ips: Vec<String>,
    pub(crate) port: i32,
}

/// The VPC of an account in a Region.
#[derive(Debug)]
pub(crate) struct Place {
    /// The account's index.
    pub(crate) account: usize,
    /// The Region's index.
    pub(crate) region: usize,
    pub(crate) vpc: String,
    pub(crate) hosts: Vec<Host>,
    /// How much each host does.
    pub(crate) busy: Weighted,
    pub(crate) remotes: Vec<Remote>,
    /// How much each remote is asked for.
    pub(crate) popular: Weighted,
    /// The address of the NAT gateway.
    pub(crate) gateway: String,
}

const SERVICES: [&str; 12] = [
    "s3",
    "sts",
    "dynamodb",
    "logs",
    "monitoring",
    "sqs",
    "secretsmanager",
    "ssm",
    "ec2messages",
    "kms",
    "ecr.api",
    "kinesis",
];

const PARTNERS: [&str; 14] = [
    "api.payments.example.com",
    "packages.example.org",
    "registry.example.net",
    "telemetry.example.net",
    "mirror.example.org",
    "hooks.chat.example.com",
    "login.example.com",
    "time.example.net",
    "crl.example.org",
    "maps.example.com",
    "mail.example.com",
    "search.example.net",
    "git.example.org",
    "cdn.example.net",
];

const RARE: [&str; 16] = [
    "amber", "birch", "cobalt", "delta", "ember", "fjord", "gale", "harbor", "iris", "juniper",
    "kelp", "lumen", "mistral", "nectar", "opal", "quartz",
];

/// All networks: account, Region, number of hosts.
const PLACES: [(usize, usize, usize); 7] = [
    (PRODUCTION, 0, 40),
    (PRODUCTION, 1, 14),
    (PRODUCTION, 2, 14),
    (SHARED, 0, 12),
    (DATA, 0, 16),
    (SANDBOX, 0, 10),
    (SANDBOX, 2, 6),
];

/// The networks, each with its hosts.
pub(super) fn places(dice: &mut Dice) -> Vec<Place> {
    let mut places = Vec::with_capacity(PLACES.len());
    for (index, (account, region, count)) in PLACES.into_iter().enumerate() {
        let hosts: Vec<Host> = (0..count)
            .map(|number| host(dice, index, account, region, number))
            .collect();
        let remotes = remotes(dice, region, &hosts);
        places.push(Place {
            account,
            region,
            vpc: format!("vpc-{}", dice.hex(17)),
            busy: Weighted::zipf(hosts.len(), 0.8),
            popular: Weighted::zipf(remotes.len(), 1.1),
            hosts,
            remotes,
            gateway: format!(
                "203.0.113.{}",
                if account == SHARED { 61 } else { 62 + index }
            ),
        });
    }
    places
}

fn host(dice: &mut Dice, place: usize, account: usize, region: usize, number: usize) -> Host {
    let kind = match (account, number % 8) {
        (SHARED, _) => HostKind::Build,
        (DATA, 0..3) => HostKind::Database,
        (_, 0 | 1) => HostKind::Web,
        (_, 2) => HostKind::Database,
        (PRODUCTION, 3..6) if region == 0 => HostKind::Node,
        _ => HostKind::App,
    };
    let label = match kind {
        HostKind::Web => "web",
        HostKind::App => "app",
        HostKind::Database => "db",
        HostKind::Node => "node",
        HostKind::Build => "build",
    };
    let zone = number % 3;
    // Last octets have three digits, so that no address is a part of another.
    let ip = format!("10.{}.{}.{}", place * 16, 96 + zone, 100 + number);
    Host {
        kind,
        name: format!(
            "{label}-{number:02}.{}.internal.example.com",
            REGIONS[region]
        ),
        ip,
        instance: format!("i-0{}", dice.hex(16)),
        interface: format!("eni-0{}", dice.hex(16)),
        subnet: format!("subnet-0{:x}{}", zone, "5e1b7c40a2d9f36"),
        zone: format!("{}{}", REGIONS[region], ["a", "b", "c"][zone]),
    }
}

fn remotes(dice: &mut Dice, region: usize, hosts: &[Host]) -> Vec<Remote> {
    let mut remotes = Vec::new();
    for (index, service) in SERVICES.into_iter().enumerate() {
        let first = 1 + (region * 60) + index * 4;
        remotes.push(Remote {
            name: format!("{service}.{}.amazonaws.com", REGIONS[region]),
            ips: (first..first + 3)
                .map(|octet| format!("192.0.2.{octet}"))
                .collect(),
            port: 443,
        });
    }
    for host in hosts.iter().filter(|host| host.kind == HostKind::Database) {
        remotes.push(Remote {
            name: host.name.clone(),
            ips: vec![host.ip.clone()],
            port: 5432,
        });
    }
    for (index, name) in PARTNERS.into_iter().enumerate() {
        remotes.push(Remote {
            name: name.to_owned(),
            ips: vec![format!("203.0.113.{}", 80 + index * 4)],
            port: if name.starts_with("time") { 123 } else { 443 },
        });
    }
    for _ in 0..120 {
        let (left, right) = (dice.pick(&RARE), dice.pick(&RARE));
        remotes.push(Remote {
            name: format!("{left}-{}.{right}.example.net", dice.below(900)),
            ips: vec![format!("203.0.113.{}", dice.between(140, 200))],
            port: 443,
        });
    }
    remotes
}
