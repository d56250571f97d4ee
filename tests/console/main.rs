//! The console from end to end: the real binary, a real pseudo-terminal, a real lake.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test owns its files and waits with the clock"
)]

mod case;
mod ending;
mod investigation;
mod lineage;
mod picture;
mod pivots;
mod queue;
mod sources;
#[allow(dead_code, reason = "the tests on the AWS peers use the rest of it")]
mod terminal;
mod timeline;
mod zero;

use std::path::PathBuf;
use std::sync::LazyLock;

use lakehound::demo::{DemoOptions, Entity, Scenario, write_lake};

/// A lake that the tests share and only read, with its answer key.
pub(crate) struct DemoLake {
    folder: tempfile::TempDir,
    pub(crate) scenario: Scenario,
}

impl DemoLake {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    /// The value of the entity that has this role.
    pub(crate) fn value_of(&self, role: &str) -> &str {
        &self.entity(role).value
    }

    pub(crate) fn entity(&self, role: &str) -> &Entity {
        let entities = &self.scenario.entities;
        let found = entities.iter().find(|entity| entity.role == role);
        found.unwrap_or_else(|| panic!("no {role} in {entities:?}"))
    }
}

/// Ends now, so that the last seven days hold all of it.
pub(crate) static LAKE: LazyLock<DemoLake> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        events: 20_000,
        ..DemoOptions::new(chrono::Utc::now())
    };
    let scenario = write_lake(&folder.path().join("lake"), &options, &mut |_| {}).unwrap();
    DemoLake { folder, scenario }
});
