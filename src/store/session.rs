//! What survives the end of the program: the panes as they were, without their rows.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::results::{AnsweredFrom, LastEnd, Origin};
use super::screen::{Borders, Pane};
use super::state::State;
use crate::domain::query::QueryId;
use crate::domain::rfc3339;

/// The panes as they were. Every part has a default, so that an older file still opens.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The focused pane.
    pub focus: Option<Pane>,
    /// Whether it had the whole screen.
    pub zoomed: bool,
    /// Where the borders were.
    pub borders: Option<Borders>,
    /// The theme, where one was chosen.
    pub theme: Option<String>,
    /// The feed's filter.
    pub feed_filter: String,
    /// Whether the feed's pane shows the queue.
    pub queue: bool,
    /// By what the queue's items are put together.
    pub queue_grouping: crate::domain::queue::Grouping,
    /// The editor's buffers.
    pub buffers: Vec<SavedBuffer>,
    /// The current one.
    pub buffer: usize,
    /// The results' tabs.
    pub tabs: Vec<SavedTab>,
    /// The shown one.
    pub tab: usize,
    /// The case that was open.
    pub case: Option<String>,
    /// The open playbook's file.
    pub playbook: Option<String>,
    /// Ticks and notes by playbook.
    pub runs: Vec<SavedRun>,
}

/// A buffer of the editor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedBuffer {
    /// What its tab says.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The cursor's line and column, from 1.
    pub cursor: (usize, usize),
}

/// A tab of the results: what made it, not its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTab {
    /// What made it.
    pub origin: Origin,
    /// When it was started.
    #[serde(with = "rfc3339")]
    pub started: DateTime<Utc>,
    /// Whether it was running when the session was written.
    #[serde(default)]
    pub was_running: bool,
    /// How it ended, where it had.
    #[serde(default)]
    pub end: Option<LastEnd>,
    /// The name under which its rows are kept.
    #[serde(default)]
    pub kept: Option<String>,
    /// The kept result that its rows come from.
    #[serde(default)]
    pub answered: Option<AnsweredFrom>,
    /// The place among the tabs of the one that it was asked from.
    #[serde(default)]
    pub from: Option<usize>,
    /// The name of its query in the open case.
    #[serde(default)]
    pub query: Option<String>,
}

/// The work done on a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedRun {
    /// The playbook's file.
    pub file: String,
    /// Ticked steps.
    pub ticks: Vec<SavedTick>,
    /// Notes: the step's id and the text.
    pub notes: Vec<(String, String)>,
}

/// A ticked step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTick {
    /// The step's id.
    pub step: String,
    /// When it was ticked.
    #[serde(with = "rfc3339")]
    pub at: DateTime<Utc>,
}

impl Session {
    /// The session as the state has it now.
    pub fn of(state: &State) -> Self {
        let (buffers, buffer) = state.editor.buffers();
        let (case, queries) = super::case::of_session(state);
        let place_of = |from: Option<QueryId>| {
            let tabs = &state.results.tabs;
            tabs.iter().position(|tab| Some(tab.query) == from)
        };
        Self {
            focus: Some(state.screen.focus),
            zoomed: state.screen.zoomed,
            borders: Some(state.screen.borders),
            theme: Some(state.theme.clone()),
            feed_filter: state.feed.filter().to_owned(),
            queue: state.queue.shown,
            queue_grouping: state.queue.grouping,
            buffers: buffers
                .iter()
                .map(|buffer| {
                    let at = buffer.position();
                    SavedBuffer {
                        name: buffer.name.clone(),
                        text: buffer.text(),
                        cursor: (at.line, at.column),
                    }
                })
                .collect(),
            buffer,
            tabs: state
                .results
                .tabs
                .iter()
                .zip(queries)
                .map(|(tab, query)| SavedTab {
                    origin: tab.origin.clone(),
                    started: tab.started,
                    was_running: tab.phase.is_running(),
                    end: tab.last_end(),
                    kept: tab.kept.clone(),
                    answered: tab.answered.clone(),
                    from: place_of(tab.from),
                    query,
                })
                .collect(),
            tab: state.results.current,
            case,
            playbook: state.playbook.file().map(str::to_owned),
            runs: state.playbook.saved_runs(),
        }
    }
}
