//! Files that are tables for one query: Parquet, CSV, NDJSON or a JSON array.
//!
//! A CSV's columns are all texts, as with Athena's own CSV reader: nothing loses a leading zero.
//! Column names count in lower case, as names in a statement do.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder as CsvReader;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::ReaderBuilder as JsonReader;
use arrow::json::reader::infer_json_schema;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::datasource::TableProvider;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;

use super::footer::FooterCache;
use super::lake::LakeFile;
use super::provider::LakeTable;
use super::schema::TableColumns;
use super::watch::Watch;
use crate::domain::query::{AttachedFile, QueryError, QueryErrorKind};

/// Rows in a batch.
const BATCH: usize = 8_192;

/// Lines of NDJSON whose fields make the columns.
const LINES_LOOKED_AT: usize = 10_000;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// Makes a table of an attached file.
pub(super) fn table(
    attached: &AttachedFile,
    footers: &Arc<FooterCache>,
    watch: &Arc<Watch>,
) -> Result<Arc<dyn TableProvider>, QueryError> {
    let path = &attached.path;
    let failed = |reason: String| {
        QueryError::new(
            QueryErrorKind::Storage,
            format!("cannot read the attached file {}: {reason}", path.display()),
        )
        .with_hint("CSV, Parquet, NDJSON and JSON files can be attached")
    };
    let kind = kind(path).map_err(|error| failed(error.to_string()))?;
    let text = match kind {
        Kind::Parquet => return parquet(attached, footers, watch).map_err(failed),
        Kind::Csv(separator) => csv(path, separator).map_err(|error| failed(error.to_string()))?,
        Kind::Json => json(path).map_err(|error| failed(error.to_string()))?,
    };
    let table = StreamingTable::try_new(Arc::clone(&text.schema), vec![Arc::new(text)])
        .map_err(|error| failed(error.to_string()))?;
    Ok(Arc::new(table))
}

enum Kind {
    Parquet,
    Csv(u8),
    Json,
}

/// Told by the name's ending, else by how the file begins.
fn kind(path: &Path) -> std::io::Result<Kind> {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    Ok(match ending.as_deref() {
        Some("parquet" | "parq") => Kind::Parquet,
        Some("csv") => Kind::Csv(b','),
        Some("tsv" | "tab") => Kind::Csv(b'\t'),
        Some("json" | "ndjson" | "jsonl") => Kind::Json,
        _ => {
            let mut start = Vec::new();
            File::open(path)?.take(64).read_to_end(&mut start)?;
            match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
                _ if start.starts_with(b"PAR1") => Kind::Parquet,
                Some(b'{' | b'[') => Kind::Json,
                _ => Kind::Csv(b','),
            }
        }
    })
}

fn parquet(
    attached: &AttachedFile,
    footers: &Arc<FooterCache>,
    watch: &Arc<Watch>,
) -> Result<Arc<dyn TableProvider>, String> {
    let data = std::fs::metadata(&attached.path).map_err(|error| error.to_string())?;
    let modified = data.modified().unwrap_or(std::time::SystemTime::UNIX_EPOCH);
    let file = Arc::new(LakeFile::alone(&attached.path, data.len(), modified));
    let footer = footers.get(&file).map_err(|error| format!("it {error}"))?;
    let columns = TableColumns::of_file(&footer.schema);
    Ok(Arc::new(LakeTable {
        name: attached.name.clone(),
        schema: columns.all(),
        columns,
        files: vec![file],
        footers: Arc::clone(footers),
        watch: Arc::clone(watch),
        threads: 1,
    }))
}

/// A text file as a stream of batches, opened anew each time it is scanned.
struct TextTable {
    path: PathBuf,
    schema: SchemaRef,
    open: Box<dyn Fn() -> Result<Batches, ArrowError> + Send + Sync>,
}

impl fmt::Debug for TextTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextTable({})", self.path.display())
    }
}

impl PartitionStream for TextTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let name = self.path.display().to_string();
        let schema = Arc::clone(&self.schema);
        let batches = match (self.open)() {
            Ok(batches) => batches,
            Err(error) => Box::new(std::iter::once(Err(error))),
        };
        let named = Arc::clone(&schema);
        let batches = batches.map(move |batch| {
            batch
                .and_then(|batch| {
                    RecordBatch::try_new(Arc::clone(&named), batch.columns().to_vec())
                })
                .map_err(|error| {
                    let error = QueryError::new(
                        QueryErrorKind::Storage,
                        format!("cannot read the attached file {name}: {error}"),
                    );
                    datafusion::common::DataFusionError::External(Box::new(error))
                })
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches)))
    }
}

fn csv(path: &Path, separator: u8) -> Result<TextTable, ArrowError> {
    let mut header = csv::ReaderBuilder::new()
        .delimiter(separator)
        .from_path(path)
        .map_err(|error| ArrowError::CsvError(error.to_string()))?;
    let names = header
        .headers()
        .map_err(|error| ArrowError::CsvError(error.to_string()))?;
    let fields: Vec<Field> = names
        .iter()
        .map(|name| {
            let name = name.trim_start_matches('\u{feff}').trim();
            Field::new(name, DataType::Utf8, true)
        })
        .collect();
    let read: SchemaRef = Arc::new(Schema::new(fields));
    let from = path.to_path_buf();
    let schema = lower(&read);
    let open = move || {
        let reader = CsvReader::new(Arc::clone(&read))
            .with_header(true)
            .with_delimiter(separator)
            .with_truncated_rows(true)
            .with_batch_size(BATCH)
            .build(File::open(&from)?)?;
        Ok(Box::new(reader) as Batches)
    };
    Ok(TextTable {
        path: path.to_path_buf(),
        schema,
        open: Box::new(open),
    })
}

fn json(path: &Path) -> Result<TextTable, ArrowError> {
    let mut file = BufReader::new(File::open(path)?);
    let array = loop {
        match file.fill_buf()?.first() {
            Some(byte) if byte.is_ascii_whitespace() => file.consume(1),
            first => break first == Some(&b'['),
        }
    };
    file.seek(SeekFrom::Start(0))?;
    // An array is turned into lines once; lines are read from the file each time.
    let lines = if array {
        Some(Arc::new(array_as_lines(file)?))
    } else {
        None
    };
    let from = path.to_path_buf();
    let source = move || -> Result<Box<dyn BufRead + Send>, ArrowError> {
        Ok(match &lines {
            Some(lines) => Box::new(Cursor::new(SharedBytes(Arc::clone(lines)))),
            None => Box::new(BufReader::new(File::open(&from)?)),
        })
    };
    let (read, _) = infer_json_schema(source()?, Some(LINES_LOOKED_AT))?;
    let read = Arc::new(read);
    let schema = lower(&read);
    let open = move || {
        let reader = JsonReader::new(Arc::clone(&read))
            .with_batch_size(BATCH)
            .build(source()?)?;
        Ok(Box::new(reader) as Batches)
    };
    Ok(TextTable {
        path: path.to_path_buf(),
        schema,
        open: Box::new(open),
    })
}

/// Bytes that several readers share.
struct SharedBytes(Arc<Vec<u8>>);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn array_as_lines(file: impl Read) -> Result<Vec<u8>, ArrowError> {
    let bad = |error: serde_json::Error| ArrowError::JsonError(error.to_string());
    let items: Vec<serde_json::Value> = serde_json::from_reader(file).map_err(bad)?;
    let mut lines = Vec::new();
    for item in &items {
        serde_json::to_writer(&mut lines, item).map_err(bad)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// The same columns under lower-case names, told apart by a number where two become one.
fn lower(schema: &Schema) -> SchemaRef {
    let mut used = HashSet::new();
    let fields: Vec<FieldRef> = schema
        .fields()
        .iter()
        .map(|field| {
            let base = field.name().to_lowercase();
            let mut name = base.clone();
            let mut copy = 1;
            while !used.insert(name.clone()) {
                copy += 1;
                name = format!("{base}_{copy}");
            }
            Arc::new(field.as_ref().clone().with_name(name))
        })
        .collect();
    Arc::new(Schema::new(fields))
}
