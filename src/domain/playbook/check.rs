//! What was recognised in playbooks, as one JSON document.

use serde::Serialize;

use super::{Language, Phase, Playbook};

/// What was recognised in some files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whether every file can be worked down.
    pub ok: bool,
    /// The files in the order given.
    pub playbooks: Vec<CheckedPlaybook>,
    /// The files that could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The file, as it was named.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// What was recognised in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedPlaybook {
    /// The file's name.
    pub file: String,
    /// Whether it can be worked down: it has a title, a stage and a step.
    pub ok: bool,
    /// Its title.
    pub title: String,
    /// Phases, with what each holds.
    pub phases: Vec<CheckedPhase>,
    /// Steps, those inside steps included.
    pub steps: usize,
    /// SQL blocks.
    pub queries: usize,
    /// Command blocks.
    pub commands: usize,
    /// The names of everything to fill in.
    pub placeholders: Vec<String>,
    /// The findings that it answers.
    pub finding_types: Vec<String>,
    /// What was not recognised.
    pub warnings: Vec<CheckedWarning>,
}

/// A phase of a checked file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedPhase {
    /// Its heading.
    pub title: String,
    /// The NIST stage's name, if the heading names one.
    pub stage: Option<&'static str>,
    /// The ids of CSF 2.0.
    pub csf: &'static [&'static str],
    /// Its steps.
    pub steps: usize,
}

/// A warning with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedWarning {
    /// The line, from 1.
    pub line: usize,
    /// What it is and what to do.
    pub message: String,
}

impl Check {
    /// Checks the playbooks; files that could not be read are told beside them.
    pub fn of<'a>(
        playbooks: impl IntoIterator<Item = &'a Playbook>,
        unreadable: Vec<Unreadable>,
    ) -> Self {
        let playbooks: Vec<CheckedPlaybook> =
            playbooks.into_iter().map(CheckedPlaybook::of).collect();
        Self {
            ok: unreadable.is_empty() && playbooks.iter().all(|playbook| playbook.ok),
            playbooks,
            unreadable,
        }
    }
}

impl CheckedPlaybook {
    /// Checks one playbook.
    pub fn of(playbook: &Playbook) -> Self {
        let count = |language| {
            playbook
                .blocks()
                .filter(|block| block.language == language)
                .count()
        };
        let steps = playbook.steps().count();
        Self {
            file: playbook.file_name.clone(),
            ok: steps > 0 && playbook.phases.iter().any(|phase| phase.stage.is_some()),
            title: playbook.title.clone(),
            phases: playbook.phases.iter().map(phase).collect(),
            steps,
            queries: count(Language::Sql),
            commands: count(Language::Command),
            placeholders: playbook
                .placeholder_names()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            finding_types: playbook
                .finding_types
                .iter()
                .map(|finding| finding.name.clone())
                .collect(),
            warnings: playbook
                .warnings
                .iter()
                .map(|warning| CheckedWarning {
                    line: warning.line,
                    message: warning.message.clone(),
                })
                .collect(),
        }
    }
}

fn phase(phase: &Phase) -> CheckedPhase {
    CheckedPhase {
        title: phase.title.clone(),
        stage: phase.stage.map(|stage| stage.title()),
        csf: phase.stage.map_or(&[], |stage| stage.csf()),
        steps: phase.steps().count(),
    }
}
