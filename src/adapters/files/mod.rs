//! Result files as rows: CSV (Athena's exactly, or any of RFC 4180), Parquet, NDJSON, a JSON array.
//!
//! Owns the reading of files that a person names. Batches are handed out one after the other, so
//! that a file larger than memory is no matter; what cannot be read is an error with the file and
//! the line, after the rows before it.
//!
//! A CSV's values stay texts: its writer knew their types, the file does not tell them, and a
//! guess would turn account 012345678901 into another one.

#![allow(
    clippy::disallowed_methods,
    reason = "this room reads the files that a person names"
)]

mod csv;
mod json;
mod parquet;
mod shape;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::domain::names::unique_names;
use crate::domain::rows::Column;

/// Rows in a batch at most.
const BATCH_ROWS: usize = 8_192;

/// Batches read before they are asked for.
const READ_AHEAD: usize = 2;

/// Bytes of a CSV read at a time.
const READ_BYTES: usize = 256 << 10;

/// Bytes of text in a batch, about.
const BATCH_BYTES: usize = 4 << 20;

/// A file that cannot be read: what is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", file.display(), place(*line))]
pub struct FileError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1, where one is at fault.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
}

fn place(line: Option<u64>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

/// What a reader says of a fault; the file is added by [`ResultFile`].
#[derive(Debug)]
struct Fault {
    line: Option<u64>,
    message: String,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self {
            line: None,
            message: message.into(),
        }
    }

    fn at(line: u64, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            message: message.into(),
        }
    }

    fn of(self, file: &Path) -> FileError {
        FileError {
            file: file.to_owned(),
            line: self.line,
            message: self.message,
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<arrow::error::ArrowError> for Fault {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::new(error.to_string())
    }
}

/// Takes one batch after the other; an error of its own ends the reading.
type Taker<'a> = &'a mut dyn FnMut(RecordBatch) -> Result<(), Fault>;

/// What lies in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Values between separators.
    Csv {
        /// The separator.
        separator: u8,
    },
    /// Parquet.
    Parquet,
    /// JSON objects, one after the other or in an array.
    Json,
}

impl FileKind {
    /// By the file's first bytes where they tell, else by the ending of its name.
    fn of(path: &Path, head: &[u8]) -> Self {
        if head.starts_with(b"PAR1") {
            return Self::Parquet;
        }
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        match ending.to_ascii_lowercase().as_str() {
            "parquet" => Self::Parquet,
            "json" | "ndjson" | "jsonl" => Self::Json,
            "csv" => Self::Csv { separator: b',' },
            "tsv" => Self::Csv { separator: b'\t' },
            _ => match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
                Some(b'{' | b'[') => Self::Json,
                _ => Self::Csv { separator: b',' },
            },
        }
    }
}

/// A file whose columns are known and whose rows can be read.
#[derive(Debug, Clone)]
pub struct ResultFile {
    path: PathBuf,
    kind: FileKind,
    columns: Vec<Column>,
    schema: SchemaRef,
}

impl ResultFile {
    /// Opens a file and finds its columns. JSON is read through once for that.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let describe = || -> Result<Self, Fault> {
            let mut file = File::open(path)?;
            if file.metadata()?.is_dir() {
                return Err(Fault::new(
                    "is a folder; name a file, or give the folder as --lake",
                ));
            }
            let mut head = [0; 512];
            let count = read_head(&mut file, &mut head)?;
            let kind = FileKind::of(path, &head[..count]);
            let (columns, schema) = match kind {
                FileKind::Csv { separator } => {
                    text_columns(csv::header(BufReader::new(file), separator)?)
                }
                FileKind::Parquet => {
                    let schema = parquet::schema(file)?;
                    let name = |field: &Arc<Field>| Column {
                        name: field.name().clone(),
                    };
                    (schema.fields().iter().map(name).collect(), schema)
                }
                FileKind::Json => {
                    let schema = json::schema(file)?;
                    let name = |field: &Arc<Field>| Column {
                        name: field.name().clone(),
                    };
                    (schema.fields().iter().map(name).collect(), schema)
                }
            };
            Ok(Self {
                path: path.to_owned(),
                kind,
                columns,
                schema,
            })
        };
        describe().map_err(|fault| fault.of(path))
    }

    /// What lies in the file.
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// The display names, as the file has them.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The schema of the batches; its names are unique.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Reads the rows, a batch at a time. `take` may end the reading with a reason. Batches before
    /// a fault have been handed out when it is told.
    pub fn read(
        &self,
        take: &mut dyn FnMut(RecordBatch) -> Result<(), String>,
    ) -> Result<(), FileError> {
        let mut take = |batch| take(batch).map_err(Fault::new);
        let mut read = || -> Result<(), Fault> {
            let file = File::open(&self.path)?;
            match self.kind {
                FileKind::Csv { separator } => csv::rows(
                    BufReader::with_capacity(READ_BYTES, file),
                    separator,
                    &self.schema,
                    &mut take,
                ),
                FileKind::Parquet => parquet::rows(file, &mut take),
                FileKind::Json => json::rows(file, &self.schema, &mut take),
            }
        };
        read().map_err(|fault| fault.of(&self.path))
    }
}

impl ResultFile {
    /// The rows as an iterator: a thread of its own reads two batches ahead and ends when nobody
    /// takes them any more.
    pub fn batches(&self) -> impl Iterator<Item = Result<RecordBatch, FileError>> + Send + use<> {
        let (sender, batches) = sync_channel(READ_AHEAD);
        let file = self.clone();
        let reading = std::thread::Builder::new().name("result-file".to_owned());
        let last = sender.clone();
        let started = reading.spawn(move || {
            let outcome = file.read(&mut |batch| {
                sender
                    .send(Ok(batch))
                    .map_err(|_| "nobody reads on".to_owned())
            });
            if let Err(error) = outcome {
                // Nobody listens where the reading was given up.
                let _ = sender.send(Err(error));
            }
        });
        if let Err(error) = started {
            let _ = last.send(Err(Fault::from(error).of(&self.path)));
        }
        batches.into_iter()
    }
}

/// The first bytes of a file, which is left at its start.
fn read_head(file: &mut File, head: &mut [u8]) -> Result<usize, Fault> {
    let mut count = 0;
    while count < head.len() {
        match file.read(&mut head[count..])? {
            0 => break,
            more => count += more,
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(count)
}

/// Columns of texts under names that may repeat.
fn text_columns(names: Vec<String>) -> (Vec<Column>, SchemaRef) {
    let columns: Vec<_> = names.into_iter().map(|name| Column { name }).collect();
    let field = |name| Field::new(name, DataType::Utf8, true);
    let fields: Vec<_> = unique_names(&columns).into_iter().map(field).collect();
    (columns, Arc::new(Schema::new(fields)))
}

#[cfg(test)]
mod tests;
