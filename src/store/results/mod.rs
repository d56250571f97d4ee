//! The results' state: one tab a query, each bound to its statement, its time and its rows.

mod exact;
mod news;
mod order;
mod places;
mod record;
mod update;
mod zero;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use news::{answer_export, news, run_agreed, told_here};
pub use order::{answer_find, answer_judged, answer_order, filter, find};
pub use places::RowPlaces;
pub use record::update_record;
pub(super) use update::selected_page;
pub use update::{press_row, update};
pub use zero::Zero;

use super::effect::{OrderId, OrderSpec};
use super::state::OBJECT_TABLE;
use crate::domain::lake::{ObjectVersion, plain_statement};
use crate::domain::query::{
    AttachedFile, QueryError, QueryErrorKind, QueryId, QueryProgress, QuerySummary, Route,
};
use crate::domain::record::RecordView;
use crate::domain::rfc3339;
use crate::domain::rows::RowsHandle;
use crate::domain::view::GridView;

/// Where a tab's query stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// It is being planned or read.
    Running,
    /// It was asked to stop and has not confirmed yet.
    Stopping,
    /// All its rows are there.
    Finished(QuerySummary),
    /// It failed; rows that came before stay.
    Failed(QueryError),
    /// It was stopped; rows that came before stay.
    Cancelled,
    /// It ran in an earlier session: its rows are gone, its statement and its end are not.
    NotLoaded(LastEnd),
}

/// How a run of an earlier session ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastEnd {
    /// The program ended while it ran.
    CutOff,
    /// It gave all its rows.
    Finished {
        /// How many.
        rows: u64,
        /// From its start to its end, in milliseconds.
        took_ms: u64,
    },
    /// It failed.
    Failed {
        /// Why.
        message: String,
    },
    /// It was stopped.
    Stopped {
        /// Rows that had come.
        rows: u64,
    },
    /// Nobody noted it.
    Unknown,
}

impl Phase {
    /// Whether rows may still arrive.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }
}

/// What made a tab: enough to run it again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// The tab's title.
    pub title: String,
    /// The statement, exactly as it ran.
    pub sql: String,
    /// Literals for its `?`.
    pub parameters: Vec<String>,
    /// Files that it named as tables: table name and path.
    pub attached: Vec<(String, PathBuf)>,
    /// The object whose rows it shows, all of them and in their order.
    #[serde(default)]
    pub object: Option<ObjectVersion>,
    /// Where each of its rows stands, where it shows rows of many objects.
    #[serde(default, skip_serializing_if = "RowPlaces::is_empty")]
    pub places: RowPlaces,
    /// The engine that was chosen for it.
    #[serde(default)]
    pub route: Route,
    /// How its rows are put once they are all there; until then they stand as they are found.
    #[serde(default)]
    pub end_order: Option<EndOrder>,
}

/// An order that a result is put into when it is whole.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EndOrder {
    /// The column's name.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// The kept result that gave the rows of another statement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AnsweredFrom {
    /// Its name.
    pub name: String,
    /// When its last row had come: what happened in the lake later is not in it.
    #[serde(with = "rfc3339")]
    pub ended: DateTime<Utc>,
}

impl Origin {
    /// A statement without parameters or files.
    pub fn statement(title: &str, sql: &str) -> Self {
        Self {
            title: title.to_owned(),
            sql: sql.to_owned(),
            parameters: Vec::new(),
            attached: Vec::new(),
            object: None,
            places: RowPlaces::default(),
            route: Route::default(),
            end_order: None,
        }
    }

    /// The statement that shows an opened object as it stands in its file, where this is another
    /// one: what to run when the columns that a person looks at first are not there.
    pub fn plainer(&self) -> Option<Self> {
        let (table, _) = self.attached.first()?;
        let sql = plain_statement(OBJECT_TABLE);
        (table == OBJECT_TABLE && self.sql != sql).then(|| Self {
            sql,
            ..self.clone()
        })
    }

    /// The files in the form of a request.
    pub fn attached_files(&self) -> Vec<AttachedFile> {
        let file = |(name, path): &(String, PathBuf)| AttachedFile {
            name: name.clone(),
            path: path.clone(),
        };
        self.attached.iter().map(file).collect()
    }
}

/// A text that was looked for, and where it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Find {
    /// The text.
    pub text: String,
    /// Places in the shown order that contain it, ascending; `None` while they are counted.
    pub matches: Option<Arc<[u32]>>,
}

/// One result.
#[derive(Debug, Clone)]
pub struct Tab {
    /// The run that fills it.
    pub query: QueryId,
    /// What made it.
    pub origin: Origin,
    /// When it was started.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// Where the query stands.
    pub phase: Phase,
    /// The name under which its rows are kept, which is their table's name.
    pub kept: Option<String>,
    /// The run from whose row it was asked; a rerun of that one takes its place.
    pub from: Option<QueryId>,
    /// The open results that name what it asks for, and how many rows of each.
    pub here: Vec<(QueryId, usize)>,
    /// Rows of the feed's newest objects that answer it already, and how many objects those are.
    pub in_feed: Option<(usize, usize)>,
    /// The kept result that its rows come from; `None` where the lake was asked.
    pub answered: Option<AnsweredFrom>,
    /// Its counts.
    pub progress: QueryProgress,
    /// The rows; `None` until it is planned.
    pub rows: Option<RowsHandle>,
    /// How the rows are looked at.
    pub view: GridView,
    /// Marked rows, by their numbers in the result.
    pub marked: BTreeSet<usize>,
    /// Which rows are shown in which order.
    pub spec: OrderSpec,
    /// The row numbers in that order; `None` means all as they came.
    pub order: Option<Arc<[u32]>>,
    /// The order that was asked for and has not been answered.
    pub ordering: Option<OrderId>,
    /// Whether the selected row stays selected when that order comes: nobody asked for it.
    pub follows_row: bool,
    /// The judgement that was asked for and has not been answered.
    pub judging: Option<OrderId>,
    /// The open find.
    pub find: Option<Find>,
    /// The find that has not been answered.
    pub finding: Option<OrderId>,
    /// The open record view.
    pub record: Option<RecordView>,
    /// Why it has no row, where that was asked.
    pub zero: Option<Zero>,
}

impl Tab {
    /// A tab whose query has just been asked for.
    pub fn new(query: QueryId, origin: Origin, started: DateTime<Utc>, phase: Phase) -> Self {
        Self {
            query,
            origin,
            started,
            ended: None,
            phase,
            kept: None,
            from: None,
            here: Vec::new(),
            in_feed: None,
            answered: None,
            progress: QueryProgress::default(),
            rows: None,
            view: GridView::default(),
            marked: BTreeSet::new(),
            spec: OrderSpec::default(),
            order: None,
            ordering: None,
            follows_row: false,
            judging: None,
            find: None,
            finding: None,
            record: None,
            zero: None,
        }
    }

    /// Takes down in which state the object was read whose rows it shows; gives what is to be said
    /// where it is another one than was told of.
    fn read_object(&mut self, read: &[ObjectVersion]) -> Option<String> {
        let told = self.origin.object.as_ref()?;
        let [read] = read else { return None };
        let differs = told.is_object(read) && told.differs(read);
        self.origin.object = Some(read.clone());
        differs.then(|| {
            format!(
                "{} was written again since the feed told of it: these are its rows now",
                read.location()
            )
        })
    }

    /// What a person is to be asked before it runs.
    pub fn question(&self) -> Option<&QueryError> {
        match &self.phase {
            Phase::Failed(error) if error.kind == QueryErrorKind::Unconfirmed => Some(error),
            _ => None,
        }
    }

    /// How the run ended, for the next session; `None` while it runs.
    pub fn last_end(&self) -> Option<LastEnd> {
        let rows = self.rows.as_ref().map_or(0, |rows| rows.len()) as u64;
        match &self.phase {
            Phase::Running | Phase::Stopping => None,
            Phase::Finished(_) => Some(LastEnd::Finished {
                rows,
                took_ms: self
                    .ended
                    .map(|ended| (ended - self.started).num_milliseconds())
                    .and_then(|took| u64::try_from(took).ok())
                    .unwrap_or(0),
            }),
            Phase::Failed(error) => Some(LastEnd::Failed {
                message: error.message.clone(),
            }),
            Phase::Cancelled => Some(LastEnd::Stopped { rows }),
            Phase::NotLoaded(end) => Some(end.clone()),
        }
    }

    /// Which of the matches the selected row is, from 1, and how many there are.
    pub fn match_place(&self) -> Option<(usize, usize)> {
        let matches = self.find.as_ref()?.matches.as_ref()?;
        let row = u32::try_from(self.view.row).ok()?;
        let at = matches.binary_search(&row).map_or(0, |at| at + 1);
        Some((at, matches.len()))
    }

    /// Rows shown.
    pub fn shown_rows(&self) -> usize {
        match (&self.order, &self.rows) {
            (Some(order), _) => order.len(),
            (None, Some(rows)) => rows.len(),
            (None, None) => 0,
        }
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.columns().len())
    }

    /// The result's row number at a place in the shown order.
    pub fn row_at(&self, place: usize) -> Option<usize> {
        match &self.order {
            Some(order) => order.get(place).map(|row| *row as usize),
            None => (place < self.shown_rows()).then_some(place),
        }
    }

    /// The result's number of the selected row.
    pub fn selected_row(&self) -> Option<usize> {
        self.row_at(self.view.row)
    }
}

/// All results.
#[derive(Debug, Default)]
pub struct Results {
    /// In the order of their tabs.
    pub tabs: Vec<Tab>,
    /// The shown tab.
    pub current: usize,
}

impl Results {
    /// The shown tab.
    pub fn tab(&self) -> Option<&Tab> {
        self.tabs.get(self.current)
    }

    /// The shown tab, to be changed.
    pub fn tab_mut(&mut self) -> Option<&mut Tab> {
        self.tabs.get_mut(self.current)
    }

    /// The tab of a run.
    pub fn by_query(&mut self, query: QueryId) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.query == query)
    }

    /// Shows a new tab.
    pub fn push(&mut self, tab: Tab) {
        self.tabs.push(tab);
        self.current = self.tabs.len() - 1;
    }

    /// Shows a new tab in the place of one of the same title that failed without a row, whose run
    /// is given back, or else in a place of its own.
    pub fn take_place(&mut self, tab: Tab) -> Option<QueryId> {
        let failed = |old: &Tab| {
            old.origin.title == tab.origin.title
                && matches!(old.phase, Phase::Failed(_))
                && old.rows.as_ref().is_none_or(|rows| rows.is_empty())
        };
        let Some(place) = self.tabs.iter().position(failed) else {
            self.push(tab);
            return None;
        };
        self.current = place;
        let old = self.tabs.get_mut(place)?;
        Some(std::mem::replace(old, tab).query)
    }

    /// A run takes the place of another: what was asked from rows of the one counts as asked from
    /// the other's, and it comes from where that came from.
    fn hand_over(&mut self, from: QueryId, to: QueryId) {
        let before = self.by_query(from).and_then(|tab| tab.from);
        for tab in &mut self.tabs {
            if tab.query == to {
                tab.from = before;
            } else if tab.from == Some(from) {
                tab.from = Some(to);
            }
        }
    }

    /// Queries that run.
    pub fn running(&self) -> impl Iterator<Item = &Tab> {
        self.tabs.iter().filter(|tab| tab.phase.is_running())
    }
}
