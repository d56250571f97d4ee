//! What can happen: keys, answers of effects, arriving notifications, signals.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::case::CaseNews;
use super::command::Command;
use super::content::Content;
use super::effect::{ExportId, OrderId, TimerId};
use super::key::Chord;
use super::queue::QueueNews;
use super::results::AnsweredFrom;
use super::session::Session;
use crate::domain::access::Access;
use crate::domain::coverage::Coverage;
use crate::domain::detection::Reading;
use crate::domain::emptiness::Explanation;
use crate::domain::entity::Entity;
use crate::domain::entity::facts::Fact;
use crate::domain::lake::{Arrival, LakeFacts, SourceNews};
use crate::domain::lineage::Forest;
use crate::domain::query::{
    QueryError, QueryId, QueryProgress, QuerySummary, ScanEstimate, UnfinishedRun,
};
use crate::domain::rarity::Ranking;
use crate::domain::rows::RowsHandle;
use crate::domain::timeline::Outline;
use crate::sql::completion::Catalogue;
use crate::sql::pivot::PivotTable;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key was pressed.
    Key(Chord),
    /// Text was pasted; it is never run.
    Paste(String),
    /// The mouse was used.
    Mouse(Mouse),
    /// The terminal has a new size, in cells.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The terminal window got or lost the focus.
    Focus(bool),
    /// A command, from a replay or a test.
    Command(Command),
    /// News of a query that was started.
    Query(QueryId, QueryNews),
    /// What a statement would read and cost.
    Estimated(QueryId, Result<ScanEstimate, QueryError>),
    /// The answer to an order of rows.
    Ordered {
        /// Which order was asked for.
        id: OrderId,
        /// Row numbers of the result in the order to show.
        rows: Arc<[u32]>,
    },
    /// The rows matching a find were counted.
    Found {
        /// Which find was asked for.
        id: OrderId,
        /// Positions in the shown order, ascending.
        rows: Arc<[u32]>,
    },
    /// Pins and whole results were merged by time.
    Timeline {
        /// Which timeline was asked for.
        id: OrderId,
        /// Its lines.
        outline: Arc<Outline>,
    },
    /// Credentials were stitched into trees, or could not be; by the first id of the requests.
    Lineage(QueryId, Result<Arc<Forest>, QueryError>),
    /// What is known of an entity was read.
    Enriched(Entity, Vec<Fact>),
    /// A result's rows were judged.
    Judged {
        /// Which judgement was asked for.
        id: OrderId,
        /// How surprising each row is.
        ranking: Arc<Ranking>,
    },
    /// An export ended.
    Exported {
        /// Which one.
        id: ExportId,
        /// Where the file stands and how many rows it has, or why not.
        outcome: Result<(PathBuf, u64), String>,
    },
    /// Notifications arrived, oldest first.
    Arrived(Vec<Arrival>),
    /// A notification source has a new state.
    Source(SourceNews),
    /// Objects that arrived were read, or could not be.
    Read(Vec<Reading>),
    /// Runs elsewhere that an earlier start left, oldest first.
    Unfinished(Vec<UnfinishedRun>),
    /// Who the caller is for AWS, or why that cannot be told.
    Access(Result<Access, QueryError>),
    /// Saved queries and playbooks were read.
    Content(Content),
    /// Tables and columns were read.
    Catalogue(Arc<Catalogue>),
    /// The tables that pivots ask were read.
    Tables(Arc<[PivotTable]>),
    /// What the lake holds was read, or could not be.
    Lake(Result<LakeFacts, String>),
    /// News of cases.
    Case(CaseNews),
    /// News of the queue.
    Queue(QueueNews),
    /// What the lake covers was read; `None` where its objects are not listed.
    Coverage(Result<Option<Arc<Coverage>>, String>),
    /// The last session was read.
    Restored(Session),
    /// The demo lake began or ceased to go on.
    DemoLive(Result<bool, String>),
    /// Something outside went wrong that belongs to no pane.
    Fault(String),
    /// A timer that was set has run out.
    Timer(TimerId),
    /// The program was asked to end.
    Terminate,
    /// The program is back in the foreground.
    Resumed {
        /// Width and height of the window now, where the terminal tells them.
        size: Option<(u16, u16)>,
    },
}

/// News of one query.
#[derive(Debug, Clone)]
pub enum QueryNews {
    /// It is planned; its rows will appear behind the handle.
    Planned(RowsHandle),
    /// Its counts.
    Progress(QueryProgress),
    /// Its rows are all there.
    Finished(QuerySummary),
    /// It failed, or was stopped.
    Failed(QueryError),
    /// Why it has no row was found out, or could not be.
    Explained(Result<Explanation, QueryError>),
    /// Its rows are kept under a name, or why they are not.
    KeptAs(Result<String, String>),
    /// The lake is not asked: a kept result provably holds the answer.
    Answered(AnsweredFrom),
    /// Open results that name what it asks for, and how many rows of each.
    Here(Vec<(QueryId, usize)>),
    /// So many rows of so many objects of the feed answer it.
    InFeed {
        /// The rows.
        rows: usize,
        /// The objects that were looked into.
        objects: usize,
    },
    /// The rows of an earlier start are there again.
    Kept {
        /// The rows.
        rows: RowsHandle,
        /// What the run did.
        summary: QuerySummary,
        /// When it had ended.
        ended: DateTime<Utc>,
    },
}

/// A use of the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// What was done.
    pub kind: MouseKind,
    /// The cell's column, from 0.
    pub column: u16,
    /// The cell's row, from 0.
    pub row: u16,
}

/// The kinds of mouse use that mean something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button went down.
    Press,
    /// The wheel turned up.
    ScrollUp,
    /// The wheel turned down.
    ScrollDown,
}
