//! The stitching: records of credentials given out and used become a forest.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::forest::Forest;
use super::node::{Issued, Kind, Node, Note};
use super::record::{Issue, Use};
use super::sets::Sets;

/// Records of one call in the trails of two accounts, or in two versions of a table, bear the same
/// time up to its rounding.
const SAME_CALL: TimeDelta = TimeDelta::seconds(2);

/// A console session begins with its sign-in, up to the rounding of both times.
const SAME_SIGN_IN: TimeDelta = TimeDelta::seconds(5);

/// The most notes about one key: who writes rows can claim to have issued a key any number of times.
const MOST_NOTES: usize = 8;

/// The part of a record that outlives its batch.
#[derive(Debug, Clone)]
struct Kept {
    at: DateTime<Utc>,
    operation: String,
    caller_key: Option<String>,
    caller: Option<String>,
    caller_account: Option<String>,
    invoked_by: Option<String>,
    key: String,
    role: Option<String>,
    session_arn: Option<String>,
    session_name: Option<String>,
    user: Option<String>,
    address: Option<String>,
}

/// A sign-in whose session has no key yet.
#[derive(Debug)]
struct SignIn {
    at: DateTime<Utc>,
    caller: String,
    address: Option<String>,
}

/// Takes records in any order; [`Stitcher::finish`] makes the forest.
#[derive(Debug, Default)]
pub struct Stitcher {
    nodes: Vec<Node>,
    keys: HashMap<String, usize>,
    others: HashMap<(Kind, String), usize>,
    issues: Vec<Kept>,
    sign_ins: Vec<SignIn>,
}

impl Stitcher {
    /// Takes a call that gave out a credential.
    pub fn issue(&mut self, issue: &Issue<'_>) {
        if issue.operation == "ConsoleLogin" {
            return self.sign_in(issue);
        }
        let Some(key) = issue.key.filter(|key| !key.is_empty()) else {
            return;
        };
        let own = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        self.issues.push(Kept {
            at: issue.at,
            operation: issue.operation.to_owned(),
            caller_key: own(issue.caller_key),
            caller: own(issue.caller),
            caller_account: own(issue.caller_account),
            invoked_by: own(issue.invoked_by),
            key: key.to_owned(),
            role: own(issue.role),
            session_arn: own(issue.session_arn),
            session_name: own(issue.session_name),
            user: own(issue.user),
            address: own(issue.address),
        });
    }

    /// Takes what was done with a key.
    pub fn used(&mut self, used: &Use<'_>) {
        if used.key.is_empty() {
            return;
        }
        let at = self.key(used.key);
        let Some(node) = self.nodes.get_mut(at) else {
            return;
        };
        fill(&mut node.principal, used.principal);
        fill(&mut node.account, used.principal_account);
        fill(&mut node.role, used.role);
        node.first = Some(node.first.map_or(used.first, |first| first.min(used.first)));
        node.last = Some(node.last.map_or(used.last, |last| last.max(used.last)));
        node.calls = node.calls.saturating_add(used.calls);
        node.failures = node.failures.saturating_add(used.failures);
        tally(&mut node.services, used.service, used.calls);
        tally(&mut node.addresses, used.address, used.calls);
        tally(&mut node.accounts, used.account, used.calls);
        node.began = match (node.began, used.began) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// Stitches what was taken.
    pub fn finish(mut self) -> Forest {
        let mut issues = std::mem::take(&mut self.issues);
        // Of records of one time the fuller first: the trail of the caller's account tells its key.
        issues.sort_by(|one, other| {
            let rank = |kept: &Kept| (kept.at, kept.caller_key.is_none());
            rank(one)
                .cmp(&rank(other))
                .then_with(|| one.key.cmp(&other.key))
                .then_with(|| one.caller_key.cmp(&other.caller_key))
        });
        let mut first: HashMap<String, usize> = HashMap::new();
        let mut merged: Vec<Kept> = Vec::new();
        let mut again: Vec<Kept> = Vec::new();
        for issue in issues {
            let place = *first.entry(issue.key.clone()).or_insert(merged.len());
            match merged.get_mut(place) {
                None => merged.push(issue),
                Some(known) if known.is_same_call(&issue) => known.learn(issue),
                Some(_) => again.push(issue),
            }
        }
        let mut sets = Sets::default();
        for issue in &merged {
            self.link(issue, &mut sets);
        }
        for issue in again {
            let child = self.key(&issue.key);
            let at = issue.at;
            let by = issue.by();
            self.note(child, Note::IssuedAgain { at, by });
        }
        self.link_sign_ins(&mut sets);
        self.say_what_is_missing();
        for node in &mut self.nodes {
            name(node);
        }
        Forest::new(self.nodes)
    }

    /// The place of a key's node, which is made where there is none.
    fn key(&mut self, key: &str) -> usize {
        if let Some(at) = self.keys.get(key) {
            return *at;
        }
        let kind = match key.starts_with("AKIA") {
            true => Kind::LongTermKey,
            false => Kind::SessionKey,
        };
        let at = self.nodes.len();
        self.nodes.push(Node::new(kind, key));
        self.keys.insert(key.to_owned(), at);
        at
    }

    fn other(&mut self, kind: Kind, id: &str) -> usize {
        if let Some(at) = self.others.get(&(kind, id.to_owned())) {
            return *at;
        }
        let at = self.nodes.len();
        self.nodes.push(Node::new(kind, id));
        self.others.insert((kind, id.to_owned()), at);
        at
    }

    fn note(&mut self, at: usize, note: Note) {
        if let Some(node) = self.nodes.get_mut(at)
            && node.notes.len() < MOST_NOTES
            && !node.notes.contains(&note)
        {
            node.notes.push(note);
        }
    }

    /// Sets the edge from the caller of a call to what it gave out, and what the call tells of it.
    fn link(&mut self, issue: &Kept, sets: &mut Sets) {
        let child = self.key(&issue.key);
        let parent = self.caller(issue);
        if let Some(node) = self.nodes.get_mut(child) {
            node.issued = Some(Issued {
                at: issue.at,
                operation: issue.operation.clone(),
                address: issue.address.clone(),
            });
            match issue.operation.as_str() {
                "CreateAccessKey" => {
                    fill(&mut node.principal, issue.user.as_deref());
                    fill(&mut node.principal, issue.caller.as_deref());
                    fill(&mut node.account, issue.caller_account.as_deref());
                }
                "GetSessionToken" => {
                    fill(&mut node.principal, issue.caller.as_deref());
                    fill(&mut node.account, issue.caller_account.as_deref());
                }
                _ => {
                    fill(&mut node.role, issue.role.as_deref());
                    fill(&mut node.principal, issue.session_arn.as_deref());
                    fill(&mut node.session, issue.session_name.as_deref());
                }
            }
        }
        match parent {
            Some(parent) => self.set_edge(parent, child, sets),
            None => self.note(child, Note::IssuerUnknown),
        }
    }

    fn set_edge(&mut self, parent: usize, child: usize, sets: &mut Sets) {
        // A child is the root of its own tree until now: the edge closes a cycle only where the
        // parent stands in that tree.
        if sets.root(parent) == sets.root(child) {
            let by = self.nodes.get(parent).map(|node| node.id.clone());
            self.note(
                child,
                Note::CycleCut {
                    by: by.unwrap_or_default(),
                },
            );
            return;
        }
        sets.join(parent, child);
        if let Some(node) = self.nodes.get_mut(child) {
            node.parent = Some(parent);
        }
    }

    /// The node that made a call: by its key, or by what else tells it.
    fn caller(&mut self, issue: &Kept) -> Option<usize> {
        if let Some(key) = &issue.caller_key {
            let at = self.key(key);
            if let Some(node) = self.nodes.get_mut(at) {
                fill(&mut node.principal, issue.caller.as_deref());
                fill(&mut node.account, issue.caller_account.as_deref());
            }
            return Some(at);
        }
        if let Some(service) = &issue.invoked_by {
            return Some(self.other(Kind::Service, service));
        }
        let name = issue.caller.as_ref().or(issue.caller_account.as_ref())?;
        let kind = match issue.operation.as_str() {
            _ if name.ends_with(".amazonaws.com") => Kind::Service,
            "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" => Kind::Federated,
            _ => Kind::Caller,
        };
        let at = self.other(kind, name);
        if let Some(node) = self.nodes.get_mut(at) {
            fill(&mut node.principal, issue.caller.as_deref());
            fill(&mut node.account, issue.caller_account.as_deref());
        }
        Some(at)
    }

    fn sign_in(&mut self, issue: &Issue<'_>) {
        if let Some(key) = issue.caller_key.filter(|key| !key.is_empty()) {
            let at = self.key(key);
            self.note(at, Note::SignedIn { at: issue.at });
        } else if let Some(caller) = issue.caller.filter(|caller| !caller.is_empty()) {
            self.sign_ins.push(SignIn {
                at: issue.at,
                caller: caller.to_owned(),
                address: issue.address.map(str::to_owned),
            });
        }
    }

    /// A session that no call gave out and that began when its own principal signed in came from
    /// that sign-in, where there is one such sign-in only.
    fn link_sign_ins(&mut self, sets: &mut Sets) {
        let mut by_caller: HashMap<String, Vec<SignIn>> = HashMap::new();
        for sign_in in std::mem::take(&mut self.sign_ins) {
            by_caller
                .entry(sign_in.caller.clone())
                .or_default()
                .push(sign_in);
        }
        for sign_ins in by_caller.values_mut() {
            sign_ins.sort_by_key(|sign_in| sign_in.at);
            // The same sign-in in two versions of a table.
            sign_ins.dedup_by_key(|sign_in| sign_in.at);
        }
        let linked: Vec<(usize, String, Issued)> = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.kind == Kind::SessionKey && node.issued.is_none())
            .filter_map(|(at, node)| {
                let (caller, began) = (node.principal.as_ref()?, node.began?);
                let sign_ins = by_caller.get(caller)?;
                let from = sign_ins.partition_point(|s| s.at < began - SAME_SIGN_IN);
                let mut near = sign_ins
                    .get(from..)?
                    .iter()
                    .take_while(|s| s.at <= began + SAME_SIGN_IN);
                let only = near.next().filter(|_| near.next().is_none())?;
                let issued = Issued {
                    at: only.at,
                    operation: "ConsoleLogin".to_owned(),
                    address: only.address.clone(),
                };
                Some((at, caller.clone(), issued))
            })
            .collect();
        for (child, caller, issued) in linked {
            let parent = self.other(Kind::Caller, &caller);
            if let Some(node) = self.nodes.get_mut(parent) {
                fill(&mut node.principal, Some(&caller));
            }
            let at = issued.at;
            if let Some(node) = self.nodes.get_mut(child) {
                node.issued = Some(issued);
            }
            self.note(child, Note::SignedIn { at });
            self.set_edge(parent, child, sets);
        }
    }

    fn say_what_is_missing(&mut self) {
        for node in &mut self.nodes {
            let before = match (&node.issued, node.first) {
                (Some(issued), Some(first)) => (issued.at - first).num_seconds(),
                _ => 0,
            };
            if before > SAME_CALL.num_seconds() {
                node.notes.push(Note::UsedBefore { seconds: before });
            }
            let is_session = node.kind == Kind::SessionKey;
            let signed_in = |note: &Note| matches!(note, Note::SignedIn { .. });
            if is_session && node.issued.is_none() && !node.notes.iter().any(signed_in) {
                node.notes.push(Note::NotIssuedHere);
            }
        }
    }
}

impl Kept {
    /// Whether two records of one key tell of one call: nothing that both say differs.
    fn is_same_call(&self, other: &Self) -> bool {
        let agree = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        (other.at - self.at).abs() <= SAME_CALL
            && self.operation == other.operation
            && agree(&self.caller_key, &other.caller_key)
            && agree(&self.role, &other.role)
    }

    fn learn(&mut self, other: Self) {
        let learn = |known: &mut Option<String>, told: Option<String>| {
            if known.is_none() {
                *known = told;
            }
        };
        learn(&mut self.caller_key, other.caller_key);
        learn(&mut self.caller, other.caller);
        learn(&mut self.caller_account, other.caller_account);
        learn(&mut self.invoked_by, other.invoked_by);
        learn(&mut self.role, other.role);
        learn(&mut self.session_arn, other.session_arn);
        learn(&mut self.session_name, other.session_name);
        learn(&mut self.user, other.user);
        learn(&mut self.address, other.address);
    }

    fn by(self) -> String {
        self.caller_key
            .or(self.invoked_by)
            .or(self.caller)
            .or(self.caller_account)
            .unwrap_or_else(|| "somebody".to_owned())
    }
}

fn fill(known: &mut Option<String>, told: Option<&str>) {
    if known.is_none() {
        *known = told.filter(|text| !text.is_empty()).map(str::to_owned);
    }
}

fn tally(counts: &mut BTreeMap<String, u64>, name: Option<&str>, calls: u64) {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return;
    };
    match counts.get_mut(name) {
        Some(count) => *count = count.saturating_add(calls),
        None => {
            counts.insert(name.to_owned(), calls);
        }
    }
}

/// Fills in what the ARN of a principal tells besides: session, and account.
fn name(node: &mut Node) {
    let account_of = |arn: &Option<String>| {
        let account = arn.as_deref()?.split(':').nth(4)?;
        let fits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| account.to_owned())
    };
    // The principal's own word goes first: a record may give the account that it was made in.
    let told = account_of(&node.principal).or_else(|| account_of(&node.role));
    node.account = told.or(node.account.take());
    let principal = node.principal.as_deref().unwrap_or_default();
    let resource = principal.splitn(6, ':').nth(5);
    if node.session.is_none()
        && let Some(rest) = resource.and_then(|text| text.strip_prefix("assumed-role/"))
        && let Some((_, session)) = rest.split_once('/')
    {
        node.session = Some(session.to_owned());
    }
}
