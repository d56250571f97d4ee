//! Overlays: what lies over the panes and has the keys while it is open.

mod form;
mod update;

pub use form::{Field, Form};
pub use update::{
    fill_in, listen, open_page, palette_matches, paste, playbook_matches, press, template_matches,
    update,
};

use std::time::Duration;

use super::case::CaseMenu;
use super::command::{COMMANDS, CommandRow, Context};
use super::coverage::CoverageView;
use super::effect::{Effect, TimerId};
use super::entity::EntityPage;
use super::feed::SourcesPage;
use super::line_input::LineInput;
use super::lineage::LineageTree;
use super::pivot::PivotMenu;
use super::queue::{MuteForm, QueueMenu};
use crate::domain::query::QueryId;

/// The open overlay.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Find and run a command.
    Palette(Picker),
    /// Choose a saved query.
    Templates(Picker),
    /// Choose a playbook.
    Playbooks(Picker),
    /// Choose what to ask of whom.
    Pivot(PivotMenu),
    /// Choose a case, a place of its trail, a row kept as evidence.
    Case(CaseMenu),
    /// Choose what items of the queue turned out to be, a mute, a playbook.
    Queue(QueueMenu),
    /// Say what is to be muted, and see what it would have hidden.
    Mute(MuteForm),
    /// See what happened when; its state is [`super::state::State::timeline`].
    Timeline,
    /// See what the lake covers.
    Coverage(CoverageView),
    /// Walk a tree of credentials.
    Lineage(Box<LineageTree>),
    /// See where notifications come from.
    Sources(SourcesPage),
    /// Fill in a saved query's parameters.
    Form(Form),
    /// Answer a question with one line.
    Prompt(Prompt),
    /// Read a text: help, or what is to be known about a result.
    Page(Page),
    /// Answer yes or no.
    Question(Question),
}

/// A question that is answered by yes or no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Queries run: stop them and leave?
    Leave,
    /// A statement was not begun because a person must agree first: run it?
    Run {
        /// The run that was not begun.
        query: QueryId,
        /// What is asked.
        text: String,
        /// Whether a yes counts. The question opens by itself, perhaps under the hands of
        /// somebody who types: it listens once no key has come for a while.
        listens: bool,
    },
}

/// How long no key may have come before a yes answers a question that opened by itself.
const QUIET: Duration = Duration::from_millis(400);

impl Question {
    /// A question about a run that was not begun, and the timer after which it listens.
    pub fn about_a_run(query: QueryId, text: String) -> (Self, Effect) {
        let question = Self::Run {
            query,
            text,
            listens: false,
        };
        (question, Effect::SetTimer(TimerId::Listen, QUIET))
    }

    /// Whether a yes counts.
    pub fn listens(&self) -> bool {
        match self {
            Self::Leave => true,
            Self::Run { listens, .. } => *listens,
        }
    }
}

/// A list that a filter line narrows down.
#[derive(Debug, Clone, Default)]
pub struct Picker {
    /// The filter.
    pub input: LineInput,
    /// The chosen line of those that pass.
    pub selected: usize,
}

impl Picker {
    /// Which of the texts pass the filter, the best first. Every word must occur; a text whose
    /// beginning matches goes before one that matches inside. Where no text has the words, those
    /// that have their letters with others between them pass.
    pub fn matches<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let filter = self.input.text().to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let texts: Vec<String> = texts.map(str::to_lowercase).collect();
        let whole = ranked(&texts, &words, |text, word| text.find(word));
        if whole.is_empty() {
            ranked(&texts, &words, with_gaps)
        } else {
            whole
        }
    }

    /// The same in the order of the texts where nothing is asked for: the order of a list is its
    /// meaning.
    pub fn passing<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let mut found = self.matches(texts);
        if self.input.text().is_empty() {
            found.sort_unstable();
        }
        found
    }
}

/// The texts that have a rank for every word, the lowest sum first.
fn ranked(
    texts: &[String],
    words: &[&str],
    rank: impl Fn(&str, &str) -> Option<usize>,
) -> Vec<usize> {
    let of = |text: &str| {
        words
            .iter()
            .map(|word| rank(text, word))
            .sum::<Option<usize>>()
    };
    let mut found: Vec<(usize, usize)> = texts
        .iter()
        .enumerate()
        .filter_map(|(at, text)| Some((of(text)?, at)))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, at)| at).collect()
}

/// How far the letters of a word lie apart in a text that has them in their order.
fn with_gaps(text: &str, word: &str) -> Option<usize> {
    let mut letters = text.char_indices();
    let mut reached = 0;
    let mut first = None;
    for wanted in word.chars() {
        let (at, _) = letters.find(|(_, letter)| *letter == wanted)?;
        first.get_or_insert(at);
        reached = at;
    }
    Some(reached - first.unwrap_or(0))
}

/// The rows of the palette: every command, those that count where the focus is first. What only
/// moves inside an open list or answers a question is none.
pub fn palette_rows(contexts: &[Context]) -> Vec<&'static CommandRow> {
    let mut rows: Vec<&CommandRow> = COMMANDS
        .iter()
        .filter(|row| {
            !matches!(
                row.context,
                Context::Pane
                    | Context::Timeline
                    | Context::Overlay
                    | Context::Entity
                    | Context::Lineage
                    | Context::Sources
                    | Context::Question
            )
        })
        .collect();
    let place = |row: &&CommandRow| contexts.iter().position(|here| *here == row.context);
    rows.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
    rows
}

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKind {
    /// The feed's filter.
    FeedFilter,
    /// A text to find in the rows.
    Find,
    /// A text that shown rows contain.
    Filter,
    /// The file to export to.
    Export,
    /// The file to write the timeline to.
    ExportTimeline,
    /// A note on a step.
    Note,
    /// The name of a template of the user's own.
    SaveTemplate,
    /// Tags and a note on evidence.
    PinText,
    /// The name of a place of the trail.
    TrailName,
    /// A note in the case.
    CaseNote,
    /// A decision and because of what.
    Decision,
    /// The case's name.
    CaseName,
    /// Why the case is closed.
    CaseClosing,
    /// The queue's filter.
    QueueFilter,
    /// Whose items of the queue are.
    QueueAssign,
}

impl PromptKind {
    /// The question.
    pub fn title(self) -> &'static str {
        match self {
            Self::FeedFilter => "Show notifications whose key contains",
            Self::Find => "Find in the rows",
            Self::Filter => "Show rows that contain",
            Self::Export => "Write the result to (.csv .safe.csv .json .ndjson .parquet .md .txt)",
            Self::ExportTimeline => {
                "Write the timeline to (.md .csv .safe.csv .json .ndjson .parquet .txt)"
            }
            Self::Note => "Note on this step",
            Self::SaveTemplate => "Save the statement as a template named",
            Self::PinText => "On the evidence: #tags and a note",
            Self::TrailName => "Name of this place of the trail",
            Self::CaseNote => "Note in the case",
            Self::Decision => "Decision … because …",
            Self::CaseName => "The case is called",
            Self::CaseClosing => "Close the case because",
            Self::QueueFilter => "Show items that name",
            Self::QueueAssign => "Assign to (nobody if empty)",
        }
    }
}

/// A question that one line answers.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What is asked.
    pub kind: PromptKind,
    /// The answer so far.
    pub input: LineInput,
}

impl Prompt {
    /// A prompt with an answer that the first character typed replaces.
    pub fn proposing(kind: PromptKind, text: &str) -> Self {
        Self {
            kind,
            input: LineInput::replaceable(text),
        }
    }

    /// A prompt with an answer to begin with.
    pub fn new(kind: PromptKind, text: &str) -> Self {
        Self {
            kind,
            input: LineInput::new(text),
        }
    }
}

/// A text to read.
#[derive(Debug, Clone)]
pub struct Page {
    /// What it is about.
    pub content: PageContent,
    /// The first line in sight.
    pub top: usize,
}

impl Page {
    /// Whether it is the page of an entity, which has keys of its own.
    pub fn is_of_an_entity(&self) -> bool {
        matches!(self.content, PageContent::Entity(_))
    }
}

/// What a page tells.
#[derive(Debug, Clone, PartialEq)]
pub enum PageContent {
    /// The keys of some contexts.
    Help(Vec<Context>),
    /// The shown result: statement, times, files, notes.
    Result,
    /// What the case holds.
    Case,
    /// What is known of an entity.
    Entity(EntityPage),
    /// Faults of configuration, templates and playbooks.
    Problems,
    /// The fault of the buffer's last run and all hints on its text.
    Hints,
    /// A value of a record in full: its path and its text.
    Value {
        /// Where it lies in the row.
        path: String,
        /// All of it.
        text: String,
    },
}
