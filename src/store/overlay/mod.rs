//! Overlays: what lies over the panes and has the keys while it is open.

mod form;
mod update;

pub use form::{Field, Form};
pub use update::{
    fill_in, open_page, palette_matches, paste, playbook_matches, press, template_matches, update,
};

use super::command::{COMMANDS, Command, CommandRow, Context};
use super::line_input::LineInput;

/// The open overlay.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Find and run a command.
    Palette(Picker),
    /// Choose a saved query.
    Templates(Picker),
    /// Choose a playbook.
    Playbooks(Picker),
    /// Fill in a saved query's parameters.
    Form(Form),
    /// Answer a question with one line.
    Prompt(Prompt),
    /// Read a text: help, or what is to be known about a result.
    Page(Page),
    /// Queries run: stop them and leave?
    ConfirmQuit,
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
    /// beginning matches goes before one that matches inside.
    pub fn matches<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let filter = self.input.text().to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let mut found: Vec<(usize, usize)> = texts
            .enumerate()
            .filter_map(|(at, text)| {
                let text = text.to_lowercase();
                let mut rank = 0;
                for word in &words {
                    rank += text.find(word)?;
                }
                Some((rank, at))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, at)| at).collect()
    }
}

/// The rows of the palette: every command that may run where the focus is.
pub fn palette_rows(contexts: &[Context]) -> Vec<&'static CommandRow> {
    COMMANDS
        .iter()
        .filter(|row| contexts.contains(&row.context) || row.context == Context::Global)
        .filter(|row| {
            !matches!(
                row.command,
                Command::PanePalette | Command::PaneHelp | Command::PaneZoom
            )
        })
        .collect()
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
    /// A note on a step.
    Note,
    /// The name of a template of the user's own.
    SaveTemplate,
}

impl PromptKind {
    /// The question.
    pub fn title(self) -> &'static str {
        match self {
            Self::FeedFilter => "Show notifications whose key contains",
            Self::Find => "Find in the rows",
            Self::Filter => "Show rows that contain",
            Self::Export => "Write the result to (.csv .safe.csv .json .ndjson .parquet .md .txt)",
            Self::Note => "Note on this step",
            Self::SaveTemplate => "Save the statement as a template named",
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

/// What a page tells.
#[derive(Debug, Clone, PartialEq)]
pub enum PageContent {
    /// The keys of some contexts.
    Help(Vec<Context>),
    /// The shown result: statement, times, files, notes.
    Result,
    /// Faults of configuration, templates and playbooks.
    Problems,
}
