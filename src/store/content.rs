//! Saved queries and playbooks as they were read, with what was wrong in them.

use std::sync::Arc;

use crate::domain::playbook::Playbook;
use crate::domain::template::Template;
use crate::domain::trigger::Trigger;
use crate::sql::pivot::PivotTemplates;

/// What was read from the shipped and the user's own files.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Saved queries, sorted by name.
    pub templates: Vec<Arc<Template>>,
    /// Playbooks, sorted by file.
    pub playbooks: Vec<Arc<Playbook>>,
    /// Questions about entities.
    pub pivots: Arc<PivotTemplates>,
    /// What detections start by themselves.
    pub triggers: Arc<[Trigger]>,
    /// Faults, one line each: file, line, what, what to do.
    pub problems: Vec<String>,
}
