//! The work that the store asks for, each piece a task that answers with events.

mod case;
mod feed;
mod here;
mod keep;
mod queue;
mod rare;
mod reader;
mod rows;
mod timeline;
mod tree;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::domain::access::Access;
use crate::domain::cell::TimeStyle;
use crate::domain::coverage::Coverage;
use crate::domain::emptiness::Explanation;
use crate::domain::entity::Entity;
use crate::domain::entity::facts::Fact;
use crate::domain::estimate::Effort;
use crate::domain::lake::LakeFacts;
use crate::domain::query::{QueryError, QueryId, QueryRequest};
use crate::domain::rows::{Rows, RowsHandle};
use crate::ports::{NotificationSource, QueryService, RunControl};
use crate::sql::completion::Catalogue;
use crate::sql::pivot::PivotTable;
use crate::store::content::Content;
use crate::store::effect::Effect;
use crate::store::event::{Event, QueryNews};
use crate::store::session::Session;

pub use case::Casework;
pub use keep::Keeping;
pub use queue::{QueueKeeping, ReadEvents, WatchEntity};
use reader::Reader;

/// Reads saved queries and playbooks.
pub type LoadContent = dyn Fn() -> Content + Send + Sync;
/// What a lake holds.
#[derive(Debug, Default)]
pub struct LakeContent {
    /// Tables, columns and functions for completion.
    pub catalogue: Catalogue,
    /// The tables that pivots ask.
    pub tables: Vec<PivotTable>,
    /// Its accounts, Regions, days and objects.
    pub facts: LakeFacts,
}

/// Reads tables and columns, and what the lake holds.
pub type LoadCatalogue = dyn Fn() -> Result<LakeContent, QueryError> + Send + Sync;
/// Finds out why a statement has no row; objects of which notifications told are known besides.
pub type ExplainEmpty =
    dyn Fn(&QueryRequest, Option<&Coverage>) -> Result<Explanation, QueryError> + Send + Sync;
/// Reads what the lake covers; `None` where its objects are not listed.
pub type LoadCoverage = dyn Fn() -> Result<Option<Coverage>, QueryError> + Send + Sync;
/// Reads what is known of an entity.
pub type Enrich = dyn Fn(&Entity) -> Vec<Fact> + Send + Sync;
/// Writes the session.
pub type SaveSession = dyn Fn(&Session) -> Result<(), String> + Send + Sync;
/// Saves a template by its name; the answer is its file.
pub type SaveTemplate = dyn Fn(&str, &str) -> Result<PathBuf, String> + Send + Sync;
/// Asks who the caller is for AWS.
pub type LoadAccess = dyn Fn() -> Result<Access, QueryError> + Send + Sync;
/// Waits for a stretch of time; breaks when the work is to end.
pub type Pause<'a> = &'a mut dyn FnMut(Duration) -> ControlFlow<()>;
/// Lets the demo lake go on until a pause breaks.
pub type GoOn = dyn Fn(Pause<'_>) -> Result<(), String> + Send + Sync;

/// Who does the work. The functions may block: they are called off the loop.
#[derive(Clone)]
pub struct Services {
    /// Runs queries.
    pub queries: Arc<dyn QueryService>,
    /// Reads saved queries and playbooks.
    pub load_content: Arc<LoadContent>,
    /// Reads tables and columns.
    pub load_catalogue: Arc<LoadCatalogue>,
    /// Finds out why a statement has no row.
    pub explain_empty: Arc<ExplainEmpty>,
    /// Reads what the lake covers.
    pub load_coverage: Arc<LoadCoverage>,
    /// Reads what is known of an entity.
    pub enrich: Arc<Enrich>,
    /// Writes the session.
    pub save_session: Arc<SaveSession>,
    /// Saves a template.
    pub save_template: Arc<SaveTemplate>,
    /// Lets the demo lake go on.
    pub demo_live: Arc<GoOn>,
    /// Keeps the rows of every run that comes to its end; `None` keeps none.
    pub keeping: Option<Keeping>,
    /// Where cases are, and who writes in them.
    pub casework: Casework,
    /// Where the queue is kept.
    pub queue: QueueKeeping,
    /// With whose rights the lake is read; `None` where it is on this machine.
    pub access: Option<Arc<LoadAccess>>,
    /// How times are written where a text is looked for in them.
    pub times: TimeStyle,
    /// Bytes of a result kept in memory; the rest goes to a file.
    pub result_bytes: usize,
    /// Where results that are too large for memory go.
    pub spill_dir: PathBuf,
}

/// A query that was started.
struct Run {
    control: RunControl,
    rows: Option<RowsHandle>,
}

type Runs = std::sync::Mutex<HashMap<QueryId, Run>>;

/// The tasks at work.
pub struct Effects {
    services: Services,
    runtime: Handle,
    answers: mpsc::Sender<Event>,
    runs: Arc<Runs>,
    /// Dropping it ends the demo lake's going on.
    demo: Option<std::sync::mpsc::SyncSender<()>>,
    feeds: Vec<JoinHandle<()>>,
    /// The switches of the sources that have one, by name.
    switches: HashMap<String, watch::Sender<bool>>,
    case: case::OpenDesk,
    queue: queue::QueueDesk,
    /// Who waits until what was found in objects is kept.
    kept: feed::KeptDesk,
    /// The newest session, and the task that writes it.
    sessions: watch::Sender<Option<Box<Session>>>,
    session_writer: JoinHandle<()>,
}

impl Effects {
    /// No task yet.
    pub fn new(services: Services, runtime: Handle, answers: mpsc::Sender<Event>) -> Self {
        let (sessions, newest) = watch::channel(None);
        let save = Arc::clone(&services.save_session);
        let session_writer = runtime.spawn(write_sessions(save, newest, answers.clone()));
        let queue = queue::QueueDesk::new(services.queue.clone(), &runtime, answers.clone());
        Self {
            queue,
            kept: feed::KeptDesk::default(),
            services,
            runtime,
            answers,
            runs: Arc::default(),
            demo: None,
            feeds: Vec::new(),
            switches: HashMap::new(),
            case: case::OpenDesk::default(),
            sessions,
            session_writer,
        }
    }

    /// Listens to a notification source until the program ends.
    pub fn watch(&mut self, source: &dyn NotificationSource) {
        let news = source.watch();
        let listening = feed::listen(news, self.answers.clone(), self.kept.clone());
        self.feeds.push(self.runtime.spawn(async move {
            // It ends with the source or with the loop.
            let _ = listening.await;
        }));
    }

    /// Listens to a source that can be switched off and on, until the program ends.
    pub fn watch_switched(&mut self, source: Arc<dyn NotificationSource>) {
        let (switch, is_on) = watch::channel(true);
        self.switches.insert(source.name().to_owned(), switch);
        let listening =
            feed::listen_switched(source, is_on, self.answers.clone(), self.kept.clone());
        self.feeds.push(self.runtime.spawn(listening));
    }

    /// Starts a piece of work. What only the loop can do never comes here.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::StartQuery(request) => self.start_query(request),
            Effect::Estimate(request) => self.estimate(request),
            Effect::CancelQuery(query) => self.with_run(query, |run| run.control.stop()),
            Effect::Lineage(requests) => self.stitch(*requests),
            Effect::Judge { id, query, past } => self.judge(id, query, past),
            Effect::DropRows(query) => {
                self.lock_runs().remove(&query);
            }
            Effect::Order { id, query, spec } => {
                self.with_rows(query, move |rows, times| Event::Ordered {
                    id,
                    rows: rows::order(rows, &spec, times),
                })
            }
            Effect::Find {
                id,
                query,
                spec,
                text,
            } => self.with_rows(query, move |rows, times| Event::Found {
                id,
                rows: rows::find(rows, &spec, &text, times),
            }),
            Effect::Enrich(entity) => {
                let enrich = Arc::clone(&self.services.enrich);
                self.blocking(move || {
                    let facts = enrich(&entity);
                    Some(Event::Enriched(entity, facts))
                });
            }
            Effect::FindInFeed { request, objects } => self.find_in_feed(*request, objects),
            Effect::FindHere { query, among, text } => self.find_here(query, &among, text),
            Effect::Export {
                id,
                query,
                spec,
                format,
                path,
            } => {
                self.with_rows(query, move |rows, times| {
                    let count = rows::export(rows, &spec, format, &path, times);
                    Event::Exported {
                        id,
                        // Where a relative name led is not for the reader to guess.
                        outcome: count.map(|n| (std::path::absolute(&path).unwrap_or(path), n)),
                    }
                });
            }
            Effect::Timeline { id, request } => self.timeline(id, request),
            Effect::ExportTimeline {
                id,
                request,
                outline,
                zone,
                format,
                path,
            } => self.export_timeline(id, request, outline, (zone, format), path),
            Effect::LoadContent => {
                let load = Arc::clone(&self.services.load_content);
                self.blocking(move || Some(Event::Content(load())));
            }
            Effect::ExplainEmpty { request, seen } => self.explain_empty(*request, seen),
            Effect::LoadCoverage => {
                let load = Arc::clone(&self.services.load_coverage);
                self.blocking(move || {
                    let known = load().map(|known| known.map(Arc::new));
                    Some(Event::Coverage(known.map_err(|error| error.to_string())))
                });
            }
            Effect::LoadCatalogue => self.load_catalogue(),
            Effect::LoadAccess => {
                if let Some(load) = self.services.access.clone() {
                    self.blocking(move || Some(Event::Access(load())));
                }
            }
            Effect::LoadUnfinished => self.load_unfinished(),
            Effect::LoadKept { query, name } => self.load_kept(query, name),
            Effect::SaveTemplate { name, text } => {
                let services = self.services.clone();
                self.blocking(move || match (services.save_template)(&name, &text) {
                    Ok(_) => Some(Event::Content((services.load_content)())),
                    Err(reason) => {
                        Some(Event::Fault(format!("the template is not saved: {reason}")))
                    }
                });
            }
            Effect::SaveSession(session) => {
                self.sessions.send_replace(Some(session));
            }
            Effect::Case(work) => self.case(work),
            Effect::Queue(work) => self.work_on_queue(work),
            Effect::Kept(number) => self.kept.answer(number),
            Effect::Watch(entity) => self.watch_for(entity),
            Effect::SwitchSource { name, on } => {
                if let Some(switch) = self.switches.get(&name) {
                    switch.send_replace(on);
                }
            }
            Effect::DemoLive(on) => self.demo_live(on),
            Effect::Quit
            | Effect::SetTimer(..)
            | Effect::Copy(_)
            | Effect::Alert(_)
            | Effect::CaptureMouse(_)
            | Effect::Redraw
            | Effect::Suspend => {}
        }
    }

    /// Stops everything that runs, and waits until what was noted in the case and the last session
    /// are written.
    pub async fn finish(mut self) {
        self.stop_all();
        self.case.close().await;
        self.queue.close().await;
        drop(self.sessions);
        // A writer that failed has said so.
        let _ = self.session_writer.await;
    }

    fn stop_all(&mut self) {
        for run in self.lock_runs().values() {
            run.control.stop();
        }
        for feed in self.feeds.drain(..) {
            feed.abort();
        }
        self.demo = None;
    }

    fn lock_runs(&self) -> std::sync::MutexGuard<'_, HashMap<QueryId, Run>> {
        lock(&self.runs)
    }

    fn with_run(&self, query: QueryId, act: impl FnOnce(&Run)) {
        if let Some(run) = self.lock_runs().get(&query) {
            act(run);
        }
    }

    /// Works on a result's rows off the loop, if there are any.
    fn with_rows(
        &self,
        query: QueryId,
        work: impl FnOnce(&dyn Rows, TimeStyle) -> Event + Send + 'static,
    ) {
        let rows = self
            .lock_runs()
            .get(&query)
            .and_then(|run| run.rows.clone());
        let times = self.services.times;
        if let Some(rows) = rows {
            self.blocking(move || Some(work(rows.as_ref(), times)));
        }
    }

    fn blocking(&self, work: impl FnOnce() -> Option<Event> + Send + 'static) {
        let answers = self.answers.clone();
        self.runtime.spawn_blocking(move || {
            if let Some(event) = work() {
                let _ = answers.blocking_send(event);
            }
        });
    }

    fn load_catalogue(&self) {
        let load = Arc::clone(&self.services.load_catalogue);
        let answers = self.answers.clone();
        self.runtime.spawn_blocking(move || {
            let events = match load() {
                Ok(content) => {
                    vec![
                        Event::Lake(Ok(content.facts)),
                        Event::Catalogue(Arc::new(content.catalogue)),
                        Event::Tables(content.tables.into()),
                    ]
                }
                Err(error) => vec![Event::Lake(Err(error.to_string()))],
            };
            for event in events {
                let _ = answers.blocking_send(event);
            }
        });
    }

    fn estimate(&self, request: QueryRequest) {
        let queries = Arc::clone(&self.services.queries);
        let answers = self.answers.clone();
        self.runtime.spawn(async move {
            let id = request.id;
            let outcome = queries.estimate(request, Effort::Quick).await;
            let _ = answers.send(Event::Estimated(id, outcome)).await;
        });
    }

    fn explain_empty(&self, mut request: QueryRequest, seen: Option<Arc<Coverage>>) {
        if let Some(keeping) = &self.services.keeping {
            request.attached.extend(keeping.named_in(&request.sql));
        }
        let explain = Arc::clone(&self.services.explain_empty);
        self.blocking(move || {
            let told = explain(&request, seen.as_deref());
            Some(Event::Query(request.id, QueryNews::Explained(told)))
        });
    }

    fn load_unfinished(&self) {
        let queries = Arc::clone(&self.services.queries);
        let answers = self.answers.clone();
        self.runtime.spawn(async move {
            let event = match queries.unfinished().await {
                Ok(runs) => Event::Unfinished(runs),
                Err(error) => Event::Fault(error.to_string()),
            };
            let _ = answers.send(event).await;
        });
    }

    fn load_kept(&self, query: QueryId, name: String) {
        let Some(keeping) = self.services.keeping.clone() else {
            return;
        };
        let runs = Arc::clone(&self.runs);
        self.blocking(move || match keeping.load(&name) {
            Ok(news) => {
                if let QueryNews::Kept { rows, .. } = &news {
                    let run = Run {
                        control: RunControl::default(),
                        rows: Some(Arc::clone(rows)),
                    };
                    lock(&runs).insert(query, run);
                }
                Some(Event::Query(query, news))
            }
            Err(error) => Some(Event::Fault(error.to_string())),
        });
    }

    fn demo_live(&mut self, on: bool) {
        self.demo = None;
        if !on {
            self.blocking(|| Some(Event::DemoLive(Ok(false))));
            return;
        }
        let (stop, stopped) = std::sync::mpsc::sync_channel(1);
        self.demo = Some(stop);
        let go_on = Arc::clone(&self.services.demo_live);
        let answers = self.answers.clone();
        self.runtime.spawn_blocking(move || {
            let _ = answers.blocking_send(Event::DemoLive(Ok(true)));
            let mut pause = |time| match stopped.recv_timeout(time) {
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            };
            if let Err(reason) = go_on(&mut pause) {
                let _ = answers.blocking_send(Event::DemoLive(Err(reason)));
            }
        });
    }

    fn start_query(&self, request: QueryRequest) {
        let id = request.id;
        let control = RunControl::default();
        self.lock_runs().insert(
            id,
            Run {
                control: control.clone(),
                rows: None,
            },
        );
        let reader = Reader {
            id,
            services: self.services.clone(),
            runs: Arc::clone(&self.runs),
            answers: self.answers.clone(),
        };
        self.runtime.spawn(async move {
            let answers = reader.answers.clone();
            let news = match reader.read(request, control).await {
                Ok(news) => news,
                Err(error) => QueryNews::Failed(error),
            };
            let _ = answers.send(Event::Query(id, news)).await;
        });
    }
}

fn lock(runs: &Runs) -> std::sync::MutexGuard<'_, HashMap<QueryId, Run>> {
    runs.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Writes sessions one after the other; of several that wait, the newest.
async fn write_sessions(
    save: Arc<SaveSession>,
    mut newest: watch::Receiver<Option<Box<Session>>>,
    answers: mpsc::Sender<Event>,
) {
    while newest.changed().await.is_ok() {
        let Some(session) = newest.borrow_and_update().clone() else {
            continue;
        };
        let save = Arc::clone(&save);
        let saved = tokio::task::spawn_blocking(move || save(&session)).await;
        if let Ok(Err(reason)) = saved {
            let _ = answers.try_send(Event::Fault(format!("the session is not kept: {reason}")));
        }
    }
}
