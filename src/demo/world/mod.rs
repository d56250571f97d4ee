//! The made-up organisation whose logs the demo lake holds: accounts, people, roles, hosts,
//! buckets and the services they talk to. Made once from the seed, then only read.
//!
//! Public addresses come from the documentation ranges and are dealt out so that the background
//! never uses those of an incident: `192.0.2.0/24` are cloud services; of `203.0.113.0/24` 1–60
//! are people, 61–79 NAT gateways, 80–199 partners; of `198.51.100.0/24` 1–120 are the internet
//! at large, 121–129 the suspects of live mode, 130–199 and 200–250 the incident's.

mod hosts;
mod people;
mod storage;

pub(crate) use hosts::{Host, HostKind, Place};
pub(crate) use people::{Actor, Person, Pipeline, Role};
pub(crate) use storage::{Bucket, Function};

use super::dice::Dice;

/// The Regions, the dominant one first.
pub(crate) const REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];

/// Where the build system and the shared services run.
pub(crate) const SHARED: usize = 0;
/// Where customers are served.
pub(crate) const PRODUCTION: usize = 1;
/// Where data is kept and evaluated.
pub(crate) const DATA: usize = 2;
/// Where developers try things.
pub(crate) const SANDBOX: usize = 3;
/// Where audit and security tools run.
pub(crate) const SECURITY: usize = 4;

/// One AWS account.
#[derive(Debug)]
pub(crate) struct Account {
    /// Twelve digits.
    pub(crate) id: String,
}

/// Everything that the rows of one lake can name.
#[derive(Debug)]
pub(crate) struct World {
    /// What the world was made from.
    pub(crate) seed: u64,
    /// Indexed by [`SHARED`] … [`SECURITY`].
    pub(crate) accounts: Vec<Account>,
    /// Everybody who signs in.
    pub(crate) people: Vec<Person>,
    /// The pipelines of the build system.
    pub(crate) pipelines: Vec<Pipeline>,
    /// Roles of programs, in all accounts.
    pub(crate) roles: Vec<Role>,
    /// Networks with their hosts.
    pub(crate) places: Vec<Place>,
    /// Buckets, in all accounts.
    pub(crate) buckets: Vec<Bucket>,
    /// Lambda functions, in all accounts.
    pub(crate) functions: Vec<Function>,
    /// The thirty letters and digits that end the names of the lake's own buckets.
    pub(crate) lake_suffix: String,
}

impl World {
    /// The world of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "world");
        let accounts: Vec<Account> = [SHARED, PRODUCTION, DATA, SANDBOX, SECURITY]
            .map(|index| Account {
                id: account_id(&mut dice, index),
            })
            .into();
        let roles = people::roles(&mut dice, &accounts);
        Self {
            seed,
            people: people::people(&mut dice, &accounts),
            pipelines: people::pipelines(&mut dice, &accounts),
            places: hosts::places(&mut dice),
            buckets: storage::buckets(&mut dice),
            functions: storage::functions(&mut dice, &accounts),
            lake_suffix: dice.hex(30),
            roles,
            accounts,
        }
    }

    /// The network of an account in a Region, where it has one.
    pub(crate) fn place(&self, account: usize, region: usize) -> Option<&Place> {
        self.places
            .iter()
            .find(|place| place.account == account && place.region == region)
    }

    /// The roles of programs in an account.
    pub(crate) fn roles_of(&self, account: usize) -> Vec<&Role> {
        self.roles
            .iter()
            .filter(|role| role.account == account)
            .collect()
    }

    /// The buckets of an account.
    pub(crate) fn buckets_of(&self, account: usize) -> Vec<&Bucket> {
        self.buckets
            .iter()
            .filter(|bucket| bucket.account == account)
            .collect()
    }

    /// The functions of an account.
    pub(crate) fn functions_of(&self, account: usize) -> Vec<&Function> {
        self.functions
            .iter()
            .filter(|function| function.account == account)
            .collect()
    }

    /// The name of the bucket that holds a Region's part of the lake.
    pub(crate) fn lake_bucket(&self, region: &str) -> String {
        format!("aws-security-data-lake-{region}-{}", self.lake_suffix)
    }
}

/// Two accounts have ids with leading zeros: whoever reads ids as numbers loses them.
fn account_id(dice: &mut Dice, index: usize) -> String {
    let low = match index {
        DATA => dice.between(10_000_000_000, 99_999_999_999),
        SECURITY => dice.between(1_000_000_000, 9_999_999_999),
        _ => dice.between(110_000_000_000, 999_999_999_999),
    };
    format!("{low:012}")
}
