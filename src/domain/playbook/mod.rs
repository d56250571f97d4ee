//! Playbooks: Markdown files read as phases, steps, queries and commands.
//!
//! Owns the reading of a playbook and the identity of its steps; what was ticked, by whom and when
//! belongs to a case. Reading never fails: every line of the file belongs to an [`Element`], and
//! what was not recognised is a [`Warning`] with its line.

mod build;
mod check;
mod findings;
mod identity;
mod items;
mod language;
mod lines;
mod markdown;
mod placeholder;
mod stage;

use std::fmt;
use std::ops::Range;

pub use check::{Check, CheckedPhase, CheckedPlaybook, CheckedWarning, Unreadable};
pub use placeholder::{Placeholder, PlaceholderStyle, placeholders};
pub use stage::Stage;

/// A playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playbook {
    /// The file's name.
    pub file_name: String,
    /// The first heading, else the file's name.
    pub title: String,
    /// `Key: value` lines of the block quote below the title, in order.
    pub metadata: Vec<(String, String)>,
    /// The findings that it answers.
    pub finding_types: Vec<FindingType>,
    /// The phases in the file's order.
    pub phases: Vec<Phase>,
    /// What stands outside every phase, such as an overview and appendices: no steps.
    pub outside: Vec<Section>,
    /// Links in the file's order.
    pub links: Vec<Link>,
    /// The whole file cut into pieces: each line is in exactly one, in order.
    pub elements: Vec<Element>,
    /// What was not recognised.
    pub warnings: Vec<Warning>,
    /// The file's text.
    pub source: String,
}

/// A kind of finding or event that a playbook answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingType {
    /// Who reports it, such as `Amazon GuardDuty`.
    pub source: String,
    /// Its type, such as `Exfiltration:S3/AnomalousBehavior`, or words that describe it.
    pub name: String,
    /// The severity as the file has it.
    pub severity: Option<String>,
}

/// A stage's part of a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// The NIST stage; `None` where the file's heading names none.
    pub stage: Option<Stage>,
    /// The heading.
    pub title: String,
    /// Its lines, from 1, end excluded.
    pub lines: Range<usize>,
    /// Its sections; the first has no title when something stands right below the heading.
    pub sections: Vec<Section>,
}

/// A part of a phase below a heading of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// The heading, if it has one.
    pub title: Option<String>,
    /// What stands there besides steps.
    pub contents: Vec<Content>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// Something to do, or a group of things to do under a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its identity, which lasts while the file is edited elsewhere.
    pub id: StepId,
    /// How the file writes it.
    pub kind: StepKind,
    /// Its text without Markdown.
    pub text: String,
    /// Its lines, from 1, end excluded, what belongs to it included.
    pub lines: Range<usize>,
    /// Whether the file itself has it ticked.
    pub done: bool,
    /// What belongs to it besides steps.
    pub contents: Vec<Content>,
    /// Steps inside it.
    pub steps: Vec<Step>,
}

/// A step's identity: a hash of its phase and text, with a number behind a repeated one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(pub String);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a file writes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// `- [ ] text`.
    Task,
    /// `1. text`.
    Numbered,
    /// `**Step 1: text**`.
    Titled,
    /// `#### If text:` or `- **If text:**`: a group that holds only if the condition does.
    Condition,
}

/// What a section or a step holds besides steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A paragraph or a bullet, without Markdown.
    Text(String),
    /// A block quote, without Markdown.
    Note(String),
    /// Code.
    Block(Block),
    /// A table, its header first.
    Table(Vec<Vec<String>>),
}

/// A block of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it holds.
    pub language: Language,
    /// Whether the file names no language and this one was guessed.
    pub guessed: bool,
    /// The code.
    pub text: String,
    /// Its lines, from 1, end excluded, fences included.
    pub lines: Range<usize>,
    /// What a person has to fill in, in order.
    pub placeholders: Vec<Placeholder>,
}

/// What a block of code holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// A query for the lake.
    Sql,
    /// Commands for a shell.
    Command,
    /// Anything else: a policy, a drawing, an output.
    Other,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The text that carries it.
    pub text: String,
    /// Where it leads.
    pub target: String,
    /// Its line, from 1.
    pub line: usize,
}

/// A run of lines of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// What the lines are.
    pub kind: ElementKind,
    /// The lines, from 1, end excluded.
    pub lines: Range<usize>,
}

/// What a run of lines is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ElementKind {
    /// Empty lines and rules between other elements.
    Blank,
    /// The title.
    Title,
    /// The metadata below the title.
    Metadata,
    /// A heading that begins a phase.
    Phase,
    /// Any other heading.
    Heading,
    /// A step's own text.
    Step,
    /// A block of code.
    Block(Language),
    /// A note.
    Note,
    /// A table.
    Table,
    /// Anything else.
    Text,
}

/// Something in a playbook that was not recognised or looks wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The line, from 1.
    pub line: usize,
    /// What it is and what to do.
    pub message: String,
}

impl Playbook {
    /// Reads a Markdown file. Never fails; see [`Playbook::warnings`].
    pub fn parse(file_name: &str, source: &str) -> Self {
        build::build(file_name, source)
    }

    /// Every step in the file's order, a step before those inside it.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.phases.iter().flat_map(Phase::steps)
    }

    /// The step with this identity.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps().find(|step| step.id == *id)
    }

    /// Every block of code: those of the phases in their order, then those outside.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.phases
            .iter()
            .flat_map(|phase| &phase.sections)
            .chain(&self.outside)
            .flat_map(Section::blocks)
    }

    /// The names of everything that a person has to fill in, each once, in the file's order.
    pub fn placeholder_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for placeholder in self.blocks().flat_map(|block| &block.placeholders) {
            if !names.contains(&placeholder.name.as_str()) {
                names.push(&placeholder.name);
            }
        }
        names
    }

    /// Whether it answers findings of this type. `…/MaliciousIPCaller` also answers its variants,
    /// such as `…/MaliciousIPCaller.Custom`.
    pub fn answers(&self, finding_type: &str) -> bool {
        self.finding_types.iter().any(|known| {
            finding_type
                .strip_prefix(&known.name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '!']))
        })
    }
}

impl Phase {
    /// Every step of the phase, a step before those inside it.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.sections
            .iter()
            .flat_map(|section| walk(&section.steps))
    }
}

impl Section {
    /// Its blocks of code, those of its steps included.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        blocks_of(&self.contents).chain(walk(&self.steps).flat_map(Step::blocks))
    }
}

impl Step {
    /// Its own blocks of code.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        blocks_of(&self.contents)
    }

    /// Whether it can be ticked: a condition only groups what can.
    pub fn is_tickable(&self) -> bool {
        self.kind != StepKind::Condition
    }
}

fn blocks_of(contents: &[Content]) -> impl Iterator<Item = &Block> {
    contents.iter().filter_map(|content| match content {
        Content::Block(block) => Some(block),
        _ => None,
    })
}

/// The steps and those inside them, each before its own.
fn walk(steps: &[Step]) -> impl Iterator<Item = &Step> {
    let mut stack: Vec<&Step> = steps.iter().rev().collect();
    std::iter::from_fn(move || {
        let step = stack.pop()?;
        stack.extend(step.steps.iter().rev());
        Some(step)
    })
}

#[cfg(test)]
mod tests;
