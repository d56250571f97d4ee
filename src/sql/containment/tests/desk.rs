//! A desk to work at: the engine, the kept results, and both ways to answer a statement.

use std::path::Path;

use arrow::datatypes::Schema;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use tokio::runtime::Runtime;

use super::super::{Answer, Asked, Freshness, Stored, answer};
use crate::adapters::engine::{Engine, EngineOptions};
use crate::adapters::kept::{KeepRequest, KeptResult, KeptResults};
use crate::domain::query::{AttachedFile, QueryError, QueryId, QueryRequest};
use crate::domain::rows::Column;
use crate::ports::{QueryService, RunControl};

pub(super) struct Desk {
    engine: Engine,
    runtime: Runtime,
    pub(super) kept: KeptResults,
    /// Whether results come as a service elsewhere gives them: nested values as its print of them.
    pub(super) elsewhere: bool,
    _folder: tempfile::TempDir,
}

/// A result: columns with their types, and rows as text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) columns: Vec<(String, String)>,
    pub(super) rows: Vec<String>,
}

impl Table {
    /// The same rows in an order of their own.
    pub(super) fn sorted(mut self) -> Self {
        self.rows.sort();
        self
    }
}

impl Desk {
    /// A desk over a lake, or over none.
    pub(super) fn over(lake: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = EngineOptions {
            lake: lake.map(Path::to_path_buf).unwrap_or_default().into(),
            memory_bytes: 256 << 20,
            threads: 1,
            spill_dir: None,
        };
        let engine = match lake {
            Some(_) => Engine::open(options),
            None => Engine::without_lake(options),
        };
        Self {
            engine: engine.unwrap(),
            runtime: Runtime::new().unwrap(),
            kept: KeptResults::open(folder.path().join("kept")).unwrap(),
            elsewhere: false,
            _folder: folder,
        }
    }

    /// Runs a statement over the lake, the kept results and other files.
    pub(super) fn run(&self, sql: &str, files: &[AttachedFile]) -> Result<Table, QueryError> {
        let mut request = QueryRequest::new(QueryId(1), sql);
        request.attached = self.kept.attached().unwrap();
        request.attached.extend_from_slice(files);
        self.runtime.block_on(async {
            let mut running = self.engine.start(request, RunControl::default()).await?;
            let types = running
                .schema
                .fields()
                .iter()
                .map(|f| f.data_type().to_string());
            let names = running.columns.iter().map(|column| column.name.clone());
            let mut table = Table {
                columns: names.zip(types).collect(),
                rows: Vec::new(),
            };
            let options = FormatOptions::default().with_null("∅");
            while let Some(batch) = running.batches.next().await {
                let batch = batch?;
                let cells: Vec<ArrayFormatter<'_>> = batch
                    .columns()
                    .iter()
                    .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
                    .collect();
                for row in 0..batch.num_rows() {
                    let cells: Vec<String> = cells
                        .iter()
                        .map(|cell| cell.value(row).to_string())
                        .collect();
                    table.rows.push(cells.join("|"));
                }
            }
            Ok(table)
        })
    }

    /// The columns that a service elsewhere would print.
    fn printed(&self, schema: &Schema) -> Vec<usize> {
        let fields = schema.fields().iter().enumerate();
        fields
            .filter(|(_, field)| self.elsewhere && field.data_type().is_nested())
            .map(|(place, _)| place)
            .collect()
    }

    /// What a kept result answers.
    pub(super) fn answer_from(
        &self,
        result: &KeptResult,
        sql: &str,
        now: DateTime<Utc>,
        freshness: Freshness,
    ) -> Option<Answer> {
        let columns = result.stored_columns();
        let stored = Stored {
            table: &result.name,
            sql: &result.sql,
            ran: result.ran_within(),
            columns: &columns,
            rows: result.rows,
        };
        let asked = Asked {
            sql,
            now,
            elsewhere: self.elsewhere,
        };
        answer(&stored, &asked, freshness)
    }

    /// Runs a statement and keeps its result; `text` is what was asked, where that is another.
    pub(super) fn keep(
        &self,
        sql: &str,
        text: &str,
        now: DateTime<Utc>,
        files: &[AttachedFile],
    ) -> KeptResult {
        let mut request = QueryRequest::new(QueryId(1), sql);
        request.attached = files.to_vec();
        self.runtime.block_on(async {
            let running = self.engine.start(request, RunControl::default()).await;
            let mut running = running.unwrap_or_else(|error| panic!("{sql}: {error}"));
            let columns: Vec<Column> = running.columns.clone();
            let request = KeepRequest {
                name: None,
                sql: text.to_owned(),
                parameters: Vec::new(),
                engine: "embedded".to_owned(),
                profile: None,
                settings: None,
                started: now,
                raw_columns: self.printed(&running.schema),
            };
            let mut writer = self.kept.keep(request, &columns, &running.schema).unwrap();
            while let Some(batch) = running.batches.next().await {
                writer.append(&batch.unwrap()).unwrap();
            }
            writer.finish(now, &running.monitor.summary()).unwrap()
        })
    }
}
