//! Triggers: the work that an item of the queue starts by itself. Owns what a trigger asks of an item
//! ([`When`]), what it starts ([`Work`]), and the judgement ([`Trigger::judge`]), which starts nothing
//! itself. An item is judged when it is opened, and where a trigger asks for a number of detections
//! when it has so many: whatever joins an open item starts nothing again.
//!
//! A trigger looks, asks and tells; it never changes anything in the cloud, and runs no command.
//! What a detection says ends as the value of a query's parameter and nowhere else.

mod fill;
mod pace;
mod subject;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::detection::Cause;
use super::entity::EntityType;
use super::severity;

pub use fill::{PLACEHOLDERS, UnknownPlaceholder, check_placeholders};
pub use pace::Pace;
pub use subject::{Newest, Subject};

/// How often a trigger starts its work within an hour where nobody chose another number.
pub const MOST_PER_HOUR: u32 = 10;

/// What starts what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// What an item has to be.
    pub when: When,
    /// What is started, in order.
    pub work: Vec<Work>,
    /// How often at most within an hour.
    pub most_per_hour: u32,
}

/// What an item has to be: everything that is asked, and one of each list that is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    /// Its severity is this one or a higher one.
    pub severity: Option<String>,
    /// A rule of these ids says so.
    pub rules: Vec<String>,
    /// A finding of these types says so.
    pub findings: Vec<String>,
    /// A standing watch of these names says so.
    pub watches: Vec<String>,
    /// A condition of these names says so.
    pub conditions: Vec<String>,
    /// It is about an entity of these types.
    pub entities: Vec<EntityType>,
    /// It belongs to these accounts.
    pub accounts: Vec<String>,
    /// It happened in these Regions.
    pub regions: Vec<String>,
    /// It is about these operations.
    pub operations: Vec<String>,
    /// It has so many detections: it is judged when it has, not when it is opened.
    pub count: Option<u64>,
}

/// Something that is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A saved query, with the values of its parameters.
    Query {
        /// Its name.
        name: String,
        /// Parameters by name; in a trigger with placeholders, in what is started without.
        parameters: BTreeMap<String, String>,
    },
    /// What is known of its entity is looked up, and kept with it.
    Enrich,
    /// A playbook is opened.
    Playbook(String),
    /// A person is told.
    Notify(Notice),
}

/// How a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The terminal's bell.
    Bell,
    /// The terminal's title.
    Title,
    /// A notification of the desktop, by way of the terminal.
    Desktop,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bell, Self::Title, Self::Desktop];

    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bell => "bell",
            Self::Title => "title",
            Self::Desktop => "desktop",
        }
    }
}

/// What a trigger says of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It starts this.
    Starts(Vec<Work>),
    /// The item is not what it waits for, and why.
    Unmet(String),
    /// The item does not say what a parameter needs.
    Lacks(&'static str),
    /// It has started enough within the last hour; the next may start then.
    TooOften(DateTime<Utc>),
}

impl Trigger {
    /// Says what the item starts now. What is started is noted in the pace.
    pub fn judge(&self, subject: &Subject, pace: &mut Pace, now: DateTime<Utc>) -> Verdict {
        if let Err(reason) = self.when.fits(subject) {
            return Verdict::Unmet(reason);
        }
        let mut work = Vec::with_capacity(self.work.len());
        for one in &self.work {
            match one.filled(subject) {
                Ok(filled) => work.push(filled),
                Err(lacks) => return Verdict::Lacks(lacks),
            }
        }
        match pace.step(&self.name, self.most_per_hour, now) {
            Ok(()) => Verdict::Starts(work),
            Err(again) => Verdict::TooOften(again),
        }
    }
}

impl Work {
    fn filled(&self, subject: &Subject) -> Result<Self, &'static str> {
        if *self == Self::Enrich && subject.entity.is_none() {
            return Err("entity");
        }
        let Self::Query { name, parameters } = self else {
            return Ok(self.clone());
        };
        let filled = parameters
            .iter()
            .map(|(name, text)| Ok((name.clone(), fill::fill(text, subject)?)));
        Ok(Self::Query {
            name: name.clone(),
            parameters: filled.collect::<Result<_, &'static str>>()?,
        })
    }
}

impl When {
    /// Whether it asks nothing: such a trigger would start with everything.
    pub fn is_anything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the item is meant, and now is the moment, or the first thing that is not so.
    fn fits(&self, subject: &Subject) -> Result<(), String> {
        if let Some(least) = &self.severity
            && severity::rank(&subject.severity) < severity::rank(least)
        {
            return Err(format!("its severity is below {least}"));
        }
        self.fits_cause(&subject.cause)?;
        if !self.entities.is_empty() {
            let kind = subject.entity.as_ref().map(|entity| entity.kind);
            let meant = kind.is_some_and(|kind| self.entities.iter().any(|one| one.covers(kind)));
            if !meant {
                return Err("it is about an entity of another type, or none".to_owned());
            }
        }
        one_of("account", &self.accounts, &subject.accounts)?;
        one_of("region", &self.regions, &subject.regions)?;
        one_of("operation", &self.operations, &subject.operations)?;
        self.fits_count(subject)
    }

    /// Once in the life of an item: at its opening, or at the detection that makes it so many.
    fn fits_count(&self, subject: &Subject) -> Result<(), String> {
        let (count, before) = (subject.count, subject.before);
        match self.count {
            None if before > 0 => Err("it was open already".to_owned()),
            Some(wanted) if count < wanted => {
                Err(format!("it has {count} detections, not {wanted} yet"))
            }
            Some(wanted) if before >= wanted => Err(format!("it had {wanted} detections already")),
            None | Some(_) => Ok(()),
        }
    }

    /// The lists of causes are one list: a cause fits where it stands in that of its kind.
    fn fits_cause(&self, cause: &Cause) -> Result<(), String> {
        let lists = [&self.rules, &self.findings, &self.watches, &self.conditions];
        if lists.iter().all(|list| list.is_empty()) {
            return Ok(());
        }
        let (list, name) = match cause {
            Cause::Rule(name) => (&self.rules, name),
            Cause::Finding(name) => (&self.findings, name),
            Cause::Watch(name) => (&self.watches, name),
            Cause::Condition(name) => (&self.conditions, name),
        };
        match list.iter().any(|pattern| is_like(pattern, name)) {
            true => Ok(()),
            false => Err("another rule, finding, watch or condition says so".to_owned()),
        }
    }
}

fn one_of(what: &str, list: &[String], values: &[String]) -> Result<(), String> {
    let is_meant = |value: &String| list.iter().any(|pattern| is_like(pattern, value));
    match list.is_empty() || values.iter().any(is_meant) {
        true => Ok(()),
        false => Err(format!("its {what} is another one, or not said")),
    }
}

/// The same text in any case; a `*` at the end stands for any end.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text
            .get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(text),
    }
}
