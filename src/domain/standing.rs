//! What somebody wants to be told of whatever the rules say: standing watches on entities, and
//! conditions of events.

use super::entity::Entity;
use super::sigma::Level;

/// A standing watch: "tell me when this comes back".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingWatch {
    /// What it is about.
    pub entity: Entity,
    /// How bad it is when it comes back.
    pub level: Level,
    /// Why somebody watches it, in their words.
    pub note: Option<String>,
}

impl StandingWatch {
    /// Its name: the entity's type and value.
    pub fn name(&self) -> String {
        self.entity.to_string()
    }
}

/// A condition: events that fit all of its parts are told. A part that is empty fits every event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Its name.
    pub name: String,
    /// How bad a match is.
    pub level: Level,
    /// Accounts, twelve digits each.
    pub accounts: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
    /// Sources, by their table's alias, such as `cloud_trail_mgmt`.
    pub sources: Vec<String>,
    /// OCSF classes, such as 6003.
    pub classes: Vec<i64>,
    /// The least severity, by its name.
    pub severity: Option<String>,
    /// Athena SQL about the columns of one row.
    pub predicate: Option<String>,
}
