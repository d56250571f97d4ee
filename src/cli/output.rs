//! Where the rows of a run go: stdout or a file, in the format asked for.

use std::io::{IsTerminal as _, Write};
use std::path::Path;

use futures::StreamExt as _;

use super::listing::{grouped, size};
use super::out_file::OutFile;
use super::progress::QueryProgressBar;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::domain::format::Format;
use crate::export::Writer;
use crate::ports::RunningQuery;

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

/// How a result is written: the format asked for, and the file.
pub(super) struct Output<'a> {
    pub(super) format: Option<Format>,
    pub(super) file: Option<&'a Path>,
}

impl Output<'_> {
    /// Writes a run's rows as they come, then what is to be known of the run on stderr. `sql` is the
    /// statement, to show the place of an error in.
    pub(super) async fn write(
        &self,
        mut running: RunningQuery,
        sql: &str,
        mut progress: QueryProgressBar,
    ) -> Result<(), Stop> {
        let mut target = match self.file {
            Some(path) if path.as_os_str() != "-" => Target::File(OutFile::create(path)?),
            _ => Target::Stdout(Stdout::lock()),
        };
        let format = self.chosen_format(&target)?;
        let mut writer = Writer::new(format, &running.schema, &running.columns, target.writer())
            .map_err(Stop::export)?;
        while let Some(batch) = progress.watch(running.batches.next()).await {
            let batch = batch.map_err(|error| Stop::query(error, sql))?;
            progress.hide();
            writer.write(&batch).map_err(Stop::export)?;
        }
        writer.finish().map_err(Stop::export)?;
        target.finish()?;
        let summary = running.monitor.summary();
        for note in &summary.notes {
            say(format_args!("note: {note}"));
        }
        if std::io::stderr().is_terminal() {
            match &summary.execution {
                Some(execution) => say(format_args!(
                    "scanned {} in {} ms ({} ms in the queue), execution {}",
                    size(execution.scanned_bytes),
                    grouped(execution.total_ms),
                    grouped(execution.queued_ms),
                    execution.id
                )),
                None => say(format_args!(
                    "read {} of {} files, {}",
                    grouped(summary.progress.files_done),
                    grouped(summary.files_known),
                    size(summary.progress.bytes_read)
                )),
            }
        }
        Ok(())
    }

    fn chosen_format(&self, target: &Target) -> Result<Format, Stop> {
        let by_name = self
            .file
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
