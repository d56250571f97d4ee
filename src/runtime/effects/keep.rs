//! Keeping the rows of a run on disk while they arrive, and giving them back at a later start.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::adapters::kept::{AskKept, KeepRequest, KeptError, KeptResult, KeptResults};
use crate::domain::query::{AttachedFile, QueryProgress, QueryRequest, QuerySummary, Route, Stage};
use crate::domain::rows::{Column, RowsHandle, is_printed};
use crate::ports::{Clock as _, QueryMonitor, RunningQuery};
use crate::runtime::SystemClock;
use crate::sql::containment::Freshness;
use crate::sql::lexer::{TokenKind, lex};
use crate::store::event::QueryNews;
use crate::store::results::AnsweredFrom;

use super::lock;
use super::reader::Reader;

/// Batches that may wait for the disk.
const WAITING: usize = 4;

/// The engine that answers over files, whatever the lake's own is.
const EMBEDDED: &str = "embedded";

/// How the numbered results are called, up to their number.
const NUMBERED: &str = "result_";

/// Where results are kept, and under whose name they ran.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// The kept results of this lake.
    pub results: KeptResults,
    /// The profile, where the lake is on AWS.
    pub profile: Option<String>,
    /// What the profile's settings make of a table's name; results under other settings answer
    /// nothing.
    pub settings: Option<String>,
    /// The query service's name.
    pub engine: String,
}

/// A statement over kept rows that gives what another would give.
pub(super) struct Answered {
    /// To be run in place of the other.
    pub request: QueryRequest,
    /// Whose rows they are.
    pub from: AnsweredFrom,
}

impl Keeping {
    /// The kept results that a statement names as tables.
    pub(super) fn named_in(&self, sql: &str) -> Vec<AttachedFile> {
        let is_result = |name: &str| name.to_ascii_lowercase().starts_with(NUMBERED);
        let tokens = lex(sql);
        let names: Vec<String> = tokens
            .iter()
            .filter(|token| {
                matches!(
                    token.kind,
                    TokenKind::Identifier | TokenKind::QuotedIdentifier
                )
            })
            .map(|token| token.text(sql).trim_matches('"').to_ascii_lowercase())
            .filter(|name| is_result(name))
            .collect();
        if names.is_empty() {
            return Vec::new();
        }
        // A folder that cannot be listed holds no table; the statement says so by its name.
        let mut files = self.results.attached().unwrap_or_default();
        files.retain(|file| names.contains(&file.name));
        files
    }

    /// The request whose rows are provably those of another, from a kept result: where asking the
    /// lake costs money, and nobody insists on it.
    pub(super) async fn answer(&self, request: &QueryRequest) -> Option<Answered> {
        let may = self.profile.is_some()
            && !request.fresh
            && request.resume.is_none()
            && request.attached.is_empty()
            && request.route == Route::Service;
        if !may {
            return None;
        }
        let (keeping, asked) = (self.clone(), request.clone());
        let found = tokio::task::spawn_blocking(move || {
            keeping.results.answer(&AskKept {
                sql: &asked.sql,
                parameters: &asked.parameters,
                engine: &keeping.engine,
                profile: keeping.profile.as_deref(),
                settings: keeping.settings.as_deref(),
                elsewhere: true,
                now: SystemClock.now(),
                freshness: Freshness::default(),
            })
        });
        // Where the kept results cannot be read, the lake answers.
        let (result, answer) = found.await.ok()?.ok()??;
        let file = self.results.table(&result)?;
        Some(Answered {
            request: QueryRequest {
                attached: vec![file],
                ..QueryRequest::new(request.id, answer.sql)
            },
            from: AnsweredFrom {
                name: result.name,
                ended: result.ended,
            },
        })
    }

    /// The rows of a kept result as news of the tab that shows it.
    pub(super) fn load(&self, name: &str) -> Result<QueryNews, KeptError> {
        let result = self.results.get(name)?;
        Ok(shown(&result, self.results.rows(name)?))
    }

    /// Begins to keep a run's rows.
    pub(super) fn begin(
        &self,
        request: &QueryRequest,
        running: &RunningQuery,
        started: DateTime<Utc>,
    ) -> Keeper {
        // Over files, and straight from S3, the embedded engine answers on every lake.
        let by_service = request.attached.is_empty() && request.route == Route::Service;
        let request = KeepRequest {
            name: None,
            sql: request.sql.clone(),
            parameters: request.parameters.clone(),
            engine: if by_service {
                self.engine.clone()
            } else {
                EMBEDDED.to_owned()
            },
            profile: self.profile.clone(),
            settings: self.settings.clone(),
            started,
            raw_columns: printed(&running.schema),
        };
        Keeper::start(
            self.results.clone(),
            request,
            running.columns.clone(),
            Arc::clone(&running.schema),
        )
    }
}

impl Reader {
    /// Shows the rows of a run that is taken up although it was kept: cut off after that, and before
    /// that was noted. Gives the result's name.
    pub(super) async fn kept_before(
        &self,
        request: &QueryRequest,
        monitor: Arc<dyn QueryMonitor>,
    ) -> Option<String> {
        request.resume.as_ref()?;
        let keeping = self.services.keeping.clone()?;
        let id = monitor.summary().execution?.id;
        let looking = tokio::task::spawn_blocking(move || {
            let known = keeping.results.list().ok()?.results;
            let is_it =
                |result: &KeptResult| result.execution.as_ref().is_some_and(|run| run.id == id);
            let name = known.into_iter().find(is_it)?.name;
            let news = keeping.load(&name).ok()?;
            Some((name, news))
        });
        let (name, news) = looking.await.ok().flatten()?;
        if let QueryNews::Kept { rows, .. } = &news
            && let Some(run) = lock(&self.runs).get_mut(&self.id)
        {
            run.rows = Some(Arc::clone(rows));
        }
        self.tell(news).await;
        monitor.settle().await;
        Some(name)
    }
}

/// The places of the columns that are the service's print of something else.
fn printed(schema: &SchemaRef) -> Vec<usize> {
    let fields = schema.fields().iter().enumerate();
    fields
        .filter(|(_, field)| is_printed(field))
        .map(|(place, _)| place)
        .collect()
}

/// A kept result as news of the tab that shows it.
pub(super) fn shown(result: &KeptResult, rows: RowsHandle) -> QueryNews {
    QueryNews::Kept {
        rows,
        summary: summary_of(result),
        ended: result.ended,
    }
}

fn summary_of(result: &KeptResult) -> QuerySummary {
    QuerySummary {
        progress: QueryProgress {
            stage: Stage::Running,
            files_total: result.files_read,
            files_done: result.files_read,
            bytes_read: result.bytes_read,
            rows_out: result.rows,
            ..QueryProgress::default()
        },
        files_known: result.files_known,
        notes: result.notes.clone(),
        execution: result.execution.clone(),
        objects: Vec::new(),
    }
}

/// Writes batches on a thread that may block. Dropped before its end, it leaves nothing.
pub(super) struct Keeper {
    batches: mpsc::Sender<RecordBatch>,
    end: oneshot::Sender<(DateTime<Utc>, QuerySummary)>,
    writing: JoinHandle<Result<Option<KeptResult>, KeptError>>,
}

impl Keeper {
    fn start(
        results: KeptResults,
        request: KeepRequest,
        columns: Vec<Column>,
        schema: SchemaRef,
    ) -> Self {
        let (batches, mut arriving) = mpsc::channel::<RecordBatch>(WAITING);
        let (end, ended) = oneshot::channel();
        let writing = tokio::task::spawn_blocking(move || {
            let mut writer = results.keep(request, &columns, &schema)?;
            while let Some(batch) = arriving.blocking_recv() {
                writer.append(&batch)?;
            }
            match ended.blocking_recv() {
                Ok((at, summary)) => writer.finish(at, &summary).map(Some),
                // The run has not come to its end: its rows are not all there.
                Err(_) => Ok(None),
            }
        });
        Self {
            batches,
            end,
            writing,
        }
    }

    /// Hands rows over. Rows that the disk does not take are said at the end.
    pub(super) async fn append(&self, batch: RecordBatch) {
        let _ = self.batches.send(batch).await;
    }

    /// The run has ended: its rows are kept when this returns. Gives their name.
    pub(super) async fn finish(
        self,
        ended: DateTime<Utc>,
        summary: QuerySummary,
    ) -> Result<String, String> {
        drop(self.batches);
        let _ = self.end.send((ended, summary));
        match self.writing.await {
            Ok(Ok(Some(result))) => Ok(result.name),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(None)) | Err(_) => Err("the writing broke off".to_owned()),
        }
    }
}
