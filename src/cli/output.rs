//! Where rows go, and running a statement into it: shared by the subcommands that print rows.

use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use futures::StreamExt as _;

use super::confirm::agreed;
use super::listing::{grouped, size};
use super::out_file::OutFile;
use super::progress::QueryProgressBar;
use super::resume::or_say_how;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::app::OpenLake;
use crate::domain::format::Format;
use crate::domain::query::{QueryErrorKind, QueryRequest};
use crate::domain::rows::Column;
use crate::export::Writer;
use crate::ports::{RunControl, RunningQuery};

/// In which form rows are printed, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct OutputArgs {
    /// The format of the result [default: by the ending of -o, else table on a terminal, csv in a pipe]
    #[arg(
        long,
        value_parser = PossibleValuesParser::new(Format::ALL.map(|format| {
            // `md` is what the ending of a Markdown file says.
            PossibleValue::new(format.name()).alias(format.extension())
        }))
        .try_map(|name| name.parse::<Format>())
    )]
    pub(super) format: Option<Format>,
    /// Write the result to a file; - is stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs a statement and writes its rows. What the service wants to be agreed to is asked where
/// there is somebody to ask; a failure that leaves a run behind says how it is taken up.
pub(super) async fn run_into(
    output: &OutputArgs,
    lake: &OpenLake,
    request: QueryRequest,
    control: RunControl,
) -> Result<(), Stop> {
    run_counted(output, lake, request, control)
        .await
        .map(|_| ())
}

/// The same, and says how many rows there were.
pub(super) async fn run_counted(
    output: &OutputArgs,
    lake: &OpenLake,
    request: QueryRequest,
    control: RunControl,
) -> Result<u64, Stop> {
    let ran = ask_and_run(output, lake, request, control).await;
    or_say_how(lake, ran).await
}

/// Runs statements one after the other, whose rows have the same columns, into one result.
pub(super) async fn run_all_into(
    output: &OutputArgs,
    lake: &OpenLake,
    requests: Vec<QueryRequest>,
    control: RunControl,
) -> Result<(), Stop> {
    let ran = ask_and_run_all(output, lake, requests, control).await;
    or_say_how(lake, ran).await
}

async fn ask_and_run_all(
    output: &OutputArgs,
    lake: &OpenLake,
    requests: Vec<QueryRequest>,
    control: RunControl,
) -> Result<(), Stop> {
    let mut requests = requests.into_iter();
    let Some(first) = requests.next() else {
        return Ok(());
    };
    let sql = first.sql.clone();
    let (mut running, mut progress) = ask_and_start(lake, first, &control).await?;
    let mut target = output.target()?;
    let format = output.chosen_format(&target)?;
    let mut writer = Writer::new(format, &running.schema, &running.columns, target.writer())
        .map_err(Stop::export)?;
    feed(&mut writer, &mut running, &sql, &mut progress).await?;
    tell(&running).await;
    drop(progress);
    for request in requests {
        let sql = request.sql.clone();
        let (mut running, mut progress) = ask_and_start(lake, request, &control).await?;
        feed(&mut writer, &mut running, &sql, &mut progress).await?;
        tell(&running).await;
    }
    writer.finish().map_err(Stop::export)?;
    target.finish()
}

async fn ask_and_run(
    output: &OutputArgs,
    lake: &OpenLake,
    request: QueryRequest,
    control: RunControl,
) -> Result<u64, Stop> {
    let sql = request.sql.clone();
    let (running, progress) = ask_and_start(lake, request, &control).await?;
    output.write(running, &sql, progress).await
}

async fn ask_and_start(
    lake: &OpenLake,
    request: QueryRequest,
    control: &RunControl,
) -> Result<(RunningQuery, QueryProgressBar), Stop> {
    let sql = request.sql.clone();
    let start = |request| lake.queries.start(request, control.clone());
    let mut progress = QueryProgressBar::new(control.clone());
    let mut started = progress.watch(start(request.clone())).await;
    if let Err(error) = &started
        && error.kind == QueryErrorKind::Unconfirmed
        && request.attended
    {
        progress.hide();
        if agreed(&error.message, control).await {
            progress = QueryProgressBar::new(control.clone());
            let confirmed = QueryRequest {
                confirmed: true,
                ..request
            };
            started = progress.watch(start(confirmed)).await;
        }
    }
    let running = started.map_err(|error| Stop::query(error, &sql))?;
    progress.follow(Arc::clone(&running.monitor));
    Ok((running, progress))
}

/// Writes all rows of a query and counts them; `sql` is what errors quote.
async fn feed<W: Write>(
    writer: &mut Writer<W>,
    running: &mut RunningQuery,
    sql: &str,
    progress: &mut QueryProgressBar,
) -> Result<u64, Stop> {
    let mut rows = 0;
    while let Some(batch) = progress.watch(running.batches.next()).await {
        let batch = batch.map_err(|error| Stop::query(error, sql))?;
        progress.hide();
        rows += batch.num_rows() as u64;
        writer.write(&batch).map_err(Stop::export)?;
    }
    Ok(rows)
}

/// Says what a query that is over took.
async fn tell(running: &RunningQuery) {
    running.monitor.settle().await;
    let summary = running.monitor.summary();
    for note in &summary.notes {
        say(format_args!("note: {note}"));
    }
    if !std::io::stderr().is_terminal() {
        return;
    }
    match &summary.execution {
        Some(execution) => say(format_args!(
            "scanned {} in {} ms ({} ms in the queue), execution {}",
            size(execution.scanned_bytes),
            grouped(execution.total_ms),
            grouped(execution.queued_ms),
            execution.id
        )),
        None if summary.progress.requests > 0 => say(format_args!(
            "read {} of {} objects, {} fetched by {} requests",
            grouped(summary.progress.files_done),
            grouped(summary.files_known),
            size(summary.progress.bytes_fetched),
            grouped(summary.progress.requests)
        )),
        None => say(format_args!(
            "read {} of {} files, {}",
            grouped(summary.progress.files_done),
            grouped(summary.files_known),
            size(summary.progress.bytes_read)
        )),
    }
}

impl OutputArgs {
    /// Whether nothing was asked for that a list for people is not.
    pub(super) fn is_list(&self) -> bool {
        self.output.is_none() && matches!(self.format, None | Some(Format::Table))
    }

    /// Writes rows that are there already.
    pub(super) fn write_rows(
        &self,
        schema: &SchemaRef,
        columns: &[Column],
        batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    ) -> Result<(), Stop> {
        let mut target = self.target()?;
        let format = self.chosen_format(&target)?;
        let mut writer =
            Writer::new(format, schema, columns, target.writer()).map_err(Stop::export)?;
        for batch in batches {
            let batch =
                batch.map_err(|error| Stop::failed(format_args!("cannot make rows: {error}")))?;
            writer.write(&batch).map_err(Stop::export)?;
        }
        writer.finish().map_err(Stop::export)?;
        target.finish()
    }

    fn target(&self) -> Result<Target, Stop> {
        Ok(match &self.output {
            Some(path) if path.as_os_str() != "-" => Target::File(OutFile::create(path)?),
            _ => Target::Stdout(Stdout::lock()),
        })
    }

    /// Writes all rows of a query and counts them; `sql` is what errors quote.
    async fn write(
        &self,
        mut running: RunningQuery,
        sql: &str,
        mut progress: QueryProgressBar,
    ) -> Result<u64, Stop> {
        let mut target = self.target()?;
        let format = self.chosen_format(&target)?;
        let mut writer = Writer::new(format, &running.schema, &running.columns, target.writer())
            .map_err(Stop::export)?;
        let rows = feed(&mut writer, &mut running, sql, &mut progress).await?;
        writer.finish().map_err(Stop::export)?;
        target.finish()?;
        tell(&running).await;
        Ok(rows)
    }

    fn chosen_format(&self, target: &Target) -> Result<Format, Stop> {
        let by_name = self
            .output
            .as_ref()
            .and_then(|path| path.to_str())
            .and_then(Format::of_file_name);
        let tty = matches!(target, Target::Stdout(out) if out.is_tty());
        let default = if tty { Format::Table } else { Format::Csv };
        let format = self.format.or(by_name).unwrap_or(default);
        if format == Format::Parquet && tty {
            return Err(
                Stop::usage("Parquet is not for a terminal").hint("name a file with -o FILE")
            );
        }
        Ok(format)
    }
}

/// Where a result goes.
enum Target {
    Stdout(Stdout),
    File(OutFile),
}

impl Target {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(out) => out,
            Self::File(file) => file,
        }
    }

    fn finish(self) -> Result<(), Stop> {
        match self {
            Self::Stdout(out) => out.finish(),
            Self::File(file) => file.finish(),
        }
    }
}
