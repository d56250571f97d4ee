//! A small demo lake and the engine over it, made once for all tests of this file.

use std::sync::OnceLock;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{TimeZone, Utc};
use futures::StreamExt;
use lakehound::adapters::engine::{Engine, EngineOptions};
use lakehound::app::pivot_tables;
use lakehound::demo::{DemoOptions, Scenario, write_lake};
use lakehound::domain::query::{QueryError, QueryId, QueryRequest};
use lakehound::ports::{Catalog, QueryService, RunControl};
use lakehound::sql::parameters::Context;
use lakehound::sql::pivot::PivotTable;
use tokio::runtime::Runtime;

/// Events of the lake.
pub(crate) const EVENTS: usize = 12_000;

/// The lake, what happened in it, and the engine over it.
pub(crate) struct Lake {
    /// The answer key.
    pub(crate) scenario: Scenario,
    engine: Engine,
    runtime: Runtime,
    folder: tempfile::TempDir,
}

/// A result: its columns' names and its rows as text, NULL as an empty text.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The display names.
    pub(crate) columns: Vec<String>,
    /// The cells.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Whether a cell contains the text.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.rows.iter().flatten().any(|cell| cell.contains(text))
    }

    /// The cells of a column.
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let place = self.columns.iter().position(|column| column == name);
        let place = place.unwrap_or_else(|| panic!("no column {name} in {:?}", self.columns));
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }
}

impl Lake {
    /// The lake.
    pub(crate) fn get() -> &'static Self {
        static LAKE: OnceLock<Lake> = OnceLock::new();
        LAKE.get_or_init(|| Self::make(Some(EVENTS), 512 << 20))
    }

    /// A lake of so many events, of the default number where none is given, and an engine whose
    /// queries may use so many bytes.
    pub(crate) fn make(events: Option<usize>, memory_bytes: usize) -> Self {
        let mut options = DemoOptions::new(Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap());
        options.events = events.unwrap_or(options.events);
        Self::of(&options, memory_bytes)
    }

    /// The lake's folder.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join("lake")
    }

    /// A lake made from these options.
    pub(crate) fn of(options: &DemoOptions, memory_bytes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("lake");
        let scenario = write_lake(&dir, options, &mut |_| {}).unwrap();
        Self::over(folder, scenario, memory_bytes)
    }

    /// The lake that is in the folder `lake` of a folder.
    pub(crate) fn over(folder: tempfile::TempDir, scenario: Scenario, memory_bytes: usize) -> Self {
        let dir = folder.path().join("lake");
        let engine = Engine::open(EngineOptions {
            lake: dir.into(),
            memory_bytes,
            threads: 2,
            spill_dir: None,
        })
        .unwrap();
        Self {
            scenario,
            engine,
            runtime: Runtime::new().unwrap(),
            folder,
        }
    }

    /// What typed values are read against.
    pub(crate) fn context(&self) -> Context {
        Context {
            zone: chrono_tz::UTC,
            now: self.scenario.until,
        }
    }

    /// The value of the part with this role.
    pub(crate) fn part(&self, role: &str) -> &str {
        let found = self
            .scenario
            .entities
            .iter()
            .find(|entity| entity.role == role);
        found.map_or_else(|| panic!("nobody is the {role}"), |entity| &entity.value)
    }

    /// Its tables as pivots ask them.
    pub(crate) fn tables(&self) -> Vec<PivotTable> {
        let tables = self.runtime.block_on(self.engine.tables()).unwrap();
        pivot_tables(&tables, false)
    }

    /// The batches of a statement.
    pub(crate) fn batches(&self, sql: &str) -> Vec<RecordBatch> {
        self.runtime.block_on(async {
            let request = QueryRequest::new(QueryId(1), sql);
            let running = self
                .engine
                .start(request, RunControl::default())
                .await
                .unwrap();
            running.batches.map(Result::unwrap).collect().await
        })
    }

    /// Runs a statement to its end.
    pub(crate) fn run(&self, sql: &str, parameters: Vec<String>) -> Result<Table, QueryError> {
        let mut request = QueryRequest::new(QueryId(1), sql);
        request.parameters = parameters;
        self.runtime.block_on(async {
            let mut running = self.engine.start(request, RunControl::default()).await?;
            let mut table = Table {
                columns: running.columns.iter().map(|c| c.name.clone()).collect(),
                rows: Vec::new(),
            };
            while let Some(batch) = running.batches.next().await {
                read(&batch?, &mut table.rows);
            }
            Ok(table)
        })
    }
}

fn read(batch: &RecordBatch, rows: &mut Vec<Vec<String>>) {
    let options = FormatOptions::default();
    let cells: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
        .collect();
    for row in 0..batch.num_rows() {
        rows.push(
            cells
                .iter()
                .map(|cell| cell.value(row).to_string())
                .collect(),
        );
    }
}
