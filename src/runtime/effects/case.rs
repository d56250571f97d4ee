//! Work on cases: the open one is written by a thread of its own, and every piece of work is
//! answered once, in the order in which it reached the journal.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Effects, Run, lock};
use crate::adapters::case::{CaseError, CaseWriter, Cases, Pending};
use crate::adapters::kept::KeptResults;
use crate::domain::case::{Author, Draft, EvidenceRow, Pin, ResultRef, What};
use crate::domain::rows::RowsHandle;
use crate::domain::timeline::event_time;
use crate::ports::{Clock as _, RunControl};
use crate::runtime::SystemClock;
use crate::store::case::{CaseLine, CaseNews, CaseWork, OpenedCase, PinOrder, finished};
use crate::store::event::{Event, QueryNews};

/// Batches whose answers are awaited at once.
const WAITING: usize = 4_096;

/// Where the cases are, and who writes in them.
#[derive(Debug, Clone)]
pub struct Casework {
    /// The cases.
    pub cases: Cases,
    /// Who writes.
    pub author: Author,
}

/// A case that is open.
#[derive(Debug)]
struct Desk {
    writer: CaseWriter,
    /// What was handed over, in order, to whoever awaits the answers.
    pending: mpsc::Sender<Pending>,
}

impl Desk {
    /// Hands entries over; they are answered as news.
    fn append(&self, drafts: Vec<Draft>) -> Result<(), String> {
        let pending = self.writer.append(drafts);
        self.pending
            .try_send(pending)
            .map_err(|_| "the case does not keep up: leave it and open it again".to_owned())
    }
}

/// The open case and what still works on it.
#[derive(Debug, Default)]
pub(super) struct OpenDesk {
    desk: Arc<Mutex<Option<Arc<Desk>>>>,
    work: JoinSet<()>,
}

impl OpenDesk {
    /// Waits until everything that was asked for is on the disk, and lets go of the case.
    pub(super) async fn close(mut self) {
        while self.work.join_next().await.is_some() {}
        let desk = take(&self.desk);
        // Its thread writes what waits, and is waited for.
        let _ = tokio::task::spawn_blocking(move || drop(desk)).await;
    }

    fn desk(&self) -> Option<Arc<Desk>> {
        let desk = self.desk.lock();
        let desk = desk.unwrap_or_else(std::sync::PoisonError::into_inner);
        desk.clone()
    }
}

fn take(place: &Mutex<Option<Arc<Desk>>>) -> Option<Arc<Desk>> {
    let place = place.lock();
    place
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .take()
}

fn put(place: &Mutex<Option<Arc<Desk>>>, desk: Desk) {
    let place = place.lock();
    *place.unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::new(desk));
}

impl Effects {
    /// Does a piece of work on cases.
    pub(super) fn case(&mut self, work: CaseWork) {
        while self.case.work.try_join_next().is_some() {}
        match work {
            CaseWork::List => {
                let cases = self.services.casework.cases.clone();
                self.on_case(move |_| Ok(Some(list(&cases))));
            }
            CaseWork::New { name } => self.open_case(move |cases, author| {
                CaseWriter::start(cases.create(&name, author, SystemClock.now())?)
            }),
            CaseWork::Open { id } => {
                self.open_case(move |cases, author| CaseWriter::open(cases, &id, author));
            }
            CaseWork::Leave => {
                let place = Arc::clone(&self.case.desk);
                self.on_case(move |_| {
                    drop(take(&place));
                    Ok(Some(CaseNews::Left))
                });
            }
            CaseWork::Append(drafts) => {
                let desk = self.case.desk();
                let told = desk.map_or_else(|| Err(no_case()), |desk| desk.append(drafts));
                if let Err(reason) = told {
                    self.tell_case(CaseNews::NotWritten(reason));
                }
            }
            CaseWork::Pin(order) => {
                let rows = self.rows_of(order.query);
                self.on_desk(move |desk| {
                    let rows = rows.ok_or("the rows are gone: run the query again")?;
                    desk.append(pins(&rows, &order)?)
                });
            }
            CaseWork::KeepResult {
                query,
                name,
                summary,
                at,
            } => {
                let kept = self.services.keeping.as_ref();
                let kept = kept.map(|keeping| keeping.results.clone());
                let answers = self.answers.clone();
                self.on_desk(move |desk| {
                    let kept = kept.map(|kept| keep(&kept, desk, &name));
                    let result = match kept {
                        Some(Ok(result)) => Some(result),
                        // The end is noted all the same, and that its rows are missing is said.
                        Some(Err(reason)) => {
                            let fault = format!("{name} is not in the case: {reason}");
                            let _ = answers.blocking_send(Event::Fault(fault));
                            None
                        }
                        None => None,
                    };
                    let outcome = finished(&summary, result);
                    let what = What::QueryEnded { query, outcome };
                    desk.append(vec![Draft { at, what }])
                });
            }
            CaseWork::KeepPlaybook { file, text, at } => self.on_desk(move |desk| {
                let sha256 = desk.writer.kept().keep_playbook(&text);
                let sha256 = sha256.map_err(|error| error.to_string())?.to_string();
                let what = What::PlaybookOpened {
                    playbook: file,
                    sha256,
                };
                desk.append(vec![Draft { at, what }])
            }),
            CaseWork::NoteExport {
                subject,
                path,
                format,
                rows,
                at,
            } => self.on_desk(move |desk| {
                let fault = |error: std::io::Error| format!("{}: {error}", path.display());
                let mut file = std::fs::File::open(&path).map_err(fault)?;
                let sha256 = crate::adapters::case::hash(&mut file).map_err(fault)?;
                let name = path.file_name().unwrap_or(path.as_os_str());
                let what = What::Exported {
                    subject: subject.to_owned(),
                    format,
                    file: name.to_string_lossy().into_owned(),
                    rows: Some(rows),
                    sha256: sha256.to_string(),
                };
                desk.append(vec![Draft { at, what }])
            }),
            CaseWork::Load { query, result } => self.load_of_case(query, result),
        }
    }

    /// Works on the open case off the loop. The work answers by what it appends; where it cannot,
    /// that is said.
    fn on_desk(&mut self, work: impl FnOnce(&Desk) -> Result<(), String> + Send + 'static) {
        let desk = self.case.desk();
        self.on_case(move |_| {
            let desk = desk.ok_or_else(no_case)?;
            work(&desk).map(|()| None)
        });
    }

    /// Works on cases off the loop; what goes wrong is told as not written.
    fn on_case(
        &mut self,
        work: impl FnOnce(&mpsc::Sender<Event>) -> Result<Option<CaseNews>, String> + Send + 'static,
    ) {
        let answers = self.answers.clone();
        self.case.work.spawn_blocking_on(
            move || {
                let news = match work(&answers) {
                    Ok(Some(news)) => news,
                    Ok(None) => return,
                    Err(reason) => {
                        CaseNews::NotWritten(format!("it is not noted in the case: {reason}"))
                    }
                };
                let _ = answers.blocking_send(Event::Case(news));
            },
            &self.runtime,
        );
    }

    fn tell_case(&self, news: CaseNews) {
        let answers = self.answers.clone();
        self.runtime.spawn(async move {
            let _ = answers.send(Event::Case(news)).await;
        });
    }

    fn open_case(
        &mut self,
        open: impl FnOnce(&Cases, Author) -> Result<CaseWriter, CaseError> + Send + 'static,
    ) {
        let Casework { cases, author } = self.services.casework.clone();
        let place = Arc::clone(&self.case.desk);
        let runtime = self.runtime.clone();
        self.on_case(move |answers| {
            let analyst = author.analyst.clone();
            // The case that was open is let go of only when the other one is.
            let writer = match open(&cases, author) {
                Ok(writer) => writer,
                Err(error) => return Ok(Some(CaseNews::NotOpened(error.to_string()))),
            };
            let (pending, awaited) = mpsc::channel(WAITING);
            runtime.spawn(answer(awaited, answers.clone()));
            let opened = OpenedCase {
                id: writer.id().to_owned(),
                session: writer.session().to_owned(),
                analyst,
                state: writer.opened_state().clone(),
            };
            drop(take(&place));
            put(&place, Desk { writer, pending });
            Ok(Some(CaseNews::Opened(Box::new(opened))))
        });
    }

    fn rows_of(&self, query: crate::domain::query::QueryId) -> Option<RowsHandle> {
        let runs = self.lock_runs();
        runs.get(&query).and_then(|run| run.rows.clone())
    }

    fn load_of_case(&mut self, query: crate::domain::query::QueryId, result: ResultRef) {
        let (desk, runs) = (self.case.desk(), Arc::clone(&self.runs));
        self.on_case(move |answers| {
            let event = match desk
                .ok_or_else(no_case)
                .and_then(|desk| load(&desk, &result))
            {
                Ok(news) => {
                    if let QueryNews::Kept { rows, .. } = &news {
                        let run = Run {
                            control: RunControl::default(),
                            rows: Some(Arc::clone(rows)),
                        };
                        lock(&runs).insert(query, run);
                    }
                    Event::Query(query, news)
                }
                Err(reason) => Event::Fault(format!("{} cannot be shown: {reason}", result.name)),
            };
            let _ = answers.blocking_send(event);
            Ok(None)
        });
    }
}

fn no_case() -> String {
    "no case is open".to_owned()
}

/// Awaits what was handed over, in order.
async fn answer(mut awaited: mpsc::Receiver<Pending>, answers: mpsc::Sender<Event>) {
    while let Some(pending) = awaited.recv().await {
        let news = match pending.await {
            Ok(Ok(appended)) => {
                CaseNews::Written(appended.into_iter().map(|entry| entry.sealed).collect())
            }
            Ok(Err(error)) => CaseNews::NotWritten(error.to_string()),
            Err(_) => CaseNews::NotWritten("the writer of the case has ended".to_owned()),
        };
        if answers.send(Event::Case(news)).await.is_err() {
            break;
        }
    }
}

fn list(cases: &Cases) -> CaseNews {
    let listing = match cases.list() {
        Ok(listing) => listing,
        Err(error) => return CaseNews::NotOpened(error.to_string()),
    };
    for error in &listing.unreadable {
        tracing::warn!(%error, "a case is not listed");
    }
    let line = |case: crate::adapters::case::CaseSummary| CaseLine {
        id: case.id,
        last: case.state.last.as_ref().map(|stamp| stamp.at),
        pins: case.state.live_pins().count(),
        closed: case.state.closed.is_some(),
        name: case.state.name,
    };
    CaseNews::Listed(listing.cases.into_iter().map(line).collect())
}

/// Rows as pins, each with everything that it holds.
fn pins(rows: &RowsHandle, order: &PinOrder) -> Result<Vec<Draft>, String> {
    let mut drafts = Vec::with_capacity(order.rows.len());
    for (number, key) in &order.rows {
        let page = rows.page(*number);
        let page = page.ok_or_else(|| format!("row {} cannot be read", number + 1))?;
        let at = number.saturating_sub(page.first_row);
        let row = EvidenceRow::of(&page.batch, rows.columns(), at);
        let row = row.ok_or_else(|| format!("row {} cannot be read", number + 1))?;
        let pin = Pin {
            pin: key.clone(),
            event_time: event_time(&page.batch, rows.columns(), at),
            tags: Vec::new(),
            note: String::new(),
            source: order.source_of(*number),
            row_sha256: row.sha256(),
            row,
        };
        drafts.push(Draft {
            at: order.at,
            what: What::Pinned(Box::new(pin)),
        });
    }
    Ok(drafts)
}

/// Takes a kept result into the case.
fn keep(kept: &KeptResults, desk: &Desk, name: &str) -> Result<ResultRef, String> {
    let (rows, manifest) = kept.files(name).map_err(|error| error.to_string())?;
    let stored = desk.writer.kept().keep_result(&rows, &manifest);
    let stored = stored.map_err(|error| error.to_string())?;
    Ok(ResultRef {
        name: name.to_owned(),
        sha256: stored.rows.to_string(),
    })
}

/// The rows of a result that lies in the case.
fn load(desk: &Desk, result: &ResultRef) -> Result<QueryNews, String> {
    let known = desk.writer.kept().results();
    let known = known.map_err(|error| error.to_string())?;
    let found = known
        .into_iter()
        .find(|known| known.sha256.to_string() == result.sha256)
        .ok_or("its rows are not in this copy of the case")?;
    let (kept, rows) =
        KeptResults::open_files(&found.rows, &found.manifest).map_err(|error| error.to_string())?;
    Ok(super::keep::shown(&kept, rows))
}
