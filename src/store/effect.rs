//! What the store asks for: plain data, each with the id that its answer echoes.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::case::CaseWork;
use chrono_tz::Tz;

use super::queue::{Alert, QueueWork};
use super::session::Session;
use super::timeline::TimelineRequest;
use crate::domain::coverage::Coverage;
use crate::domain::entity::Entity;
use crate::domain::format::Format;
use crate::domain::query::{QueryId, QueryRequest};
use crate::domain::rarity::Ranking;
use crate::domain::timeline::Outline;
use crate::sql::pivot::LineageRequests;

/// Names one order or find of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrderId(pub u64);

/// Names one export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExportId(pub u64);

/// Names a timer; a new one of the same name replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimerId {
    /// The session changed and is to be written.
    SaveSession,
    /// The text before the cursor came to rest.
    Complete,
    /// The statement under the cursor came to rest.
    Estimate,
    /// No key has come since a question opened.
    Listen,
    /// What was asked to stop before leaving has had its time.
    LeaveAnyway,
    /// The message was to be read long enough.
    Message,
    /// A mute ends.
    MuteEnds,
    /// What has arrived since the last alert is to be told.
    Alert,
}

/// Work for the runtime.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Run a statement.
    StartQuery(QueryRequest),
    /// Stop it.
    CancelQuery(QueryId),
    /// Say what a statement would read and cost; it is not run.
    Estimate(QueryRequest),
    /// Stitch credentials into trees out of the rows of two statements.
    Lineage(Box<LineageRequests>),
    /// Judge a result's rows by how surprising they are.
    Judge {
        /// Echoed in the answer.
        id: OrderId,
        /// The result.
        query: QueryId,
        /// What counts the past on the lake; `None` judges against results alone.
        past: Option<Box<QueryRequest>>,
    },
    /// Let go of its rows.
    DropRows(QueryId),
    /// Put a result's rows into an order.
    Order {
        /// Echoed in the answer.
        id: OrderId,
        /// The result.
        query: QueryId,
        /// Which rows in which order.
        spec: OrderSpec,
    },
    /// Find a text in a result's rows as they are shown.
    Find {
        /// Echoed in the answer.
        id: OrderId,
        /// The result.
        query: QueryId,
        /// How they are shown.
        spec: OrderSpec,
        /// The text, any case.
        text: String,
    },
    /// Read what is known of an entity.
    Enrich(Entity),
    /// Count the rows of open results that name what a run asks for.
    FindHere {
        /// The run that asks.
        query: QueryId,
        /// The results.
        among: Vec<QueryId>,
        /// What is asked for, any case.
        text: String,
    },
    /// Count the rows of objects that arrived while the feed was watched that answer what a run
    /// asks.
    FindInFeed {
        /// The question over those objects alone, under the id of the run that asks.
        request: Box<QueryRequest>,
        /// How many objects they are.
        objects: usize,
    },
    /// Write a result to a file.
    Export {
        /// Echoed in the answer.
        id: ExportId,
        /// The result.
        query: QueryId,
        /// Which rows in which order.
        spec: OrderSpec,
        /// The file's format.
        format: Format,
        /// The file, which must not exist yet.
        path: PathBuf,
    },
    /// Merge pins and whole results by time.
    Timeline {
        /// Echoed in the answer.
        id: OrderId,
        /// What is to be merged.
        request: TimelineRequest,
    },
    /// Write a timeline to a file.
    ExportTimeline {
        /// Echoed in the answer.
        id: ExportId,
        /// What it was made of.
        request: TimelineRequest,
        /// Its lines.
        outline: Arc<Outline>,
        /// The zone of its times.
        zone: Tz,
        /// The file's format.
        format: Format,
        /// The file, which must not exist yet.
        path: PathBuf,
    },
    /// Put a text into the clipboard.
    Copy(String),
    /// Read saved queries and playbooks.
    LoadContent,
    /// Find out why a statement has no row; the request's id is the run's.
    ExplainEmpty {
        /// The statement.
        request: Box<QueryRequest>,
        /// Objects of which notifications told.
        seen: Option<Arc<Coverage>>,
    },
    /// Read what the lake covers by the hour.
    LoadCoverage,
    /// Read tables and columns.
    LoadCatalogue,
    /// Ask who the caller is for AWS.
    LoadAccess,
    /// Ask which runs elsewhere an earlier start left.
    LoadUnfinished,
    /// Give back the rows of an earlier start.
    LoadKept {
        /// The run whose tab shows them.
        query: QueryId,
        /// The name under which they are kept.
        name: String,
    },
    /// Save a template of the user's own.
    SaveTemplate {
        /// The file's name without ending.
        name: String,
        /// The whole text.
        text: String,
    },
    /// Write the session.
    SaveSession(Box<Session>),
    /// Work on cases; answered by [`super::event::Event::Case`].
    Case(CaseWork),
    /// Switch a source of notifications off or on.
    SwitchSource {
        /// Its name.
        name: String,
        /// Whether it watches from now on.
        on: bool,
    },
    /// Work on the queue; answered by [`super::event::Event::Queue`].
    Queue(QueueWork),
    /// Answer that what was found so far is kept, by the number of who asked.
    Kept(u64),
    /// Put an entity on the list of those that are watched for.
    Watch(Entity),
    /// Ring, tell the desktop, change the terminal's title.
    Alert(Alert),
    /// Let the demo lake go on, or stop it.
    DemoLive(bool),
    /// Send [`super::event::Event::Timer`] after a while.
    SetTimer(TimerId, Duration),
    /// Take the mouse, or give it back to the terminal.
    CaptureMouse(bool),
    /// Draw everything again.
    Redraw,
    /// Put the program into the background.
    Suspend,
    /// End the program.
    Quit,
}

impl Effect {
    /// The effect's name, for the log: what it carries may hold what nobody wants in a log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StartQuery(_) => "start query",
            Self::CancelQuery(_) => "cancel query",
            Self::Estimate(_) => "estimate",
            Self::Lineage(_) => "stitch credentials",
            Self::Judge { .. } => "judge rows",
            Self::DropRows(_) => "drop rows",
            Self::Order { .. } => "order rows",
            Self::Find { .. } => "find",
            Self::Enrich(_) => "enrich",
            Self::FindInFeed { .. } => "find in feed",
            Self::FindHere { .. } => "find here",
            Self::Export { .. } => "export",
            Self::Timeline { .. } => "timeline",
            Self::ExportTimeline { .. } => "export timeline",
            Self::Copy(_) => "copy",
            Self::LoadContent => "load content",
            Self::ExplainEmpty { .. } => "explain empty",
            Self::LoadCoverage => "load coverage",
            Self::LoadCatalogue => "load catalogue",
            Self::LoadUnfinished => "load unfinished runs",
            Self::LoadAccess => "load access",
            Self::LoadKept { .. } => "load kept rows",
            Self::SaveTemplate { .. } => "save template",
            Self::SaveSession(_) => "save session",
            Self::Case(_) => "case",
            Self::SwitchSource { .. } => "switch source",
            Self::Queue(_) => "queue",
            Self::Kept(_) => "kept",
            Self::Watch(_) => "watch",
            Self::Alert(_) => "alert",
            Self::DemoLive(_) => "demo live",
            Self::SetTimer(..) => "set timer",
            Self::CaptureMouse(_) => "capture mouse",
            Self::Redraw => "redraw",
            Self::Suspend => "suspend",
            Self::Quit => "quit",
        }
    }
}

/// Which rows of a result are shown, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderSpec {
    /// The most surprising first; nothing else sorts then.
    pub surprise: Option<Surprise>,
    /// Sort by this column.
    pub sort: Option<Sort>,
    /// Keep the rows that contain this text in any column, any case.
    pub contains: Option<String>,
    /// Keep the rows whose cell in this column has the same value as that row's.
    pub same_as: Option<CellRef>,
}

impl OrderSpec {
    /// Whether all rows are shown as they came.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// How surprising the rows are. The same judgement is the same order.
#[derive(Clone)]
pub struct Surprise(pub Arc<Ranking>);

impl PartialEq for Surprise {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Surprise {}

impl fmt::Debug for Surprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Surprise({} rows)", self.0.scores.len())
    }
}

/// A sort by one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The column, from 0.
    pub column: usize,
    /// Largest first. NULL stands last either way.
    pub descending: bool,
}

/// A cell of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellRef {
    /// The row's number in the result, from 0.
    pub row: usize,
    /// The column, from 0.
    pub column: usize,
}
