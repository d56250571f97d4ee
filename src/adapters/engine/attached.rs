//! Files that are tables for one query: Parquet, CSV, NDJSON or a JSON array; and objects of S3, which
//! are Parquet.
//!
//! A CSV's columns are all texts, as with Athena's own CSV reader: nothing loses a leading zero.
//! Column names count in lower case, as names in a statement do.

#![allow(clippy::disallowed_methods, reason = "this room reads attached files")]

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DataFusionError;
use datafusion::datasource::TableProvider;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;

use super::Inner;
use super::footer::{FooterCache, FooterError};
use super::lake::{LakeFile, TableKey};
use super::object::ObjectStore;
use super::provider::LakeTable;
use super::schema::TableColumns;
use super::scout::footer_of;
use super::storage::s3::{ReadFault, S3Store};
use super::watch::Watch;
use crate::adapters::files::{FileError, FileKind, ResultFile};
use crate::domain::lake::{ObjectVersion, object_at, unquoted};
use crate::domain::query::{AttachedFile, QueryError, QueryErrorKind};

/// Makes a table of an attached file, or of an object of S3, whose footer is read.
pub(super) async fn table(
    attached: &AttachedFile,
    inner: &Inner,
    watch: &Arc<Watch>,
) -> Result<Arc<dyn TableProvider>, QueryError> {
    let path = &attached.path;
    let footers = &inner.footers;
    if let Some((bucket, key)) = object_at(path) {
        let objects = inner.objects.get().ok_or_else(|| {
            let message = format!(
                "{} cannot be read: it is no file of this machine",
                path.display()
            );
            QueryError::new(QueryErrorKind::Storage, message)
        })?;
        return object(attached, (objects, bucket, key), footers, watch).await;
    }
    let fault = |message: String| {
        unreadable(&FileError {
            file: path.clone(),
            line: None,
            message,
        })
    };
    let file = ResultFile::open(path).map_err(|error| unreadable(&error))?;
    if file.kind() == FileKind::Parquet {
        return parquet(attached, footers, watch).map_err(fault);
    }
    let text = TextTable {
        schema: lower(&file.schema()),
        file,
    };
    let table = StreamingTable::try_new(Arc::clone(&text.schema), vec![Arc::new(text)])
        .map_err(|error| fault(error.to_string()))?;
    Ok(Arc::new(table))
}

fn unreadable(error: &FileError) -> QueryError {
    let message = format!("cannot read the attached file {error}");
    QueryError::new(QueryErrorKind::Storage, message)
        .with_hint("CSV, Parquet, NDJSON and JSON files can be attached")
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
    let footers = Arc::clone(footers);
    Ok(alone(attached, file, columns, None, footers, watch))
}

/// A table that is one file, or one object of a store.
fn alone(
    attached: &AttachedFile,
    file: Arc<LakeFile>,
    columns: TableColumns,
    store: Option<Arc<S3Store>>,
    footers: Arc<FooterCache>,
    watch: &Arc<Watch>,
) -> Arc<dyn TableProvider> {
    Arc::new(LakeTable {
        name: attached.name.clone(),
        schema: columns.all(),
        columns,
        key: TableKey::Folder(attached.name.to_lowercase()),
        files: vec![file],
        roots: Vec::new(),
        store,
        scout: None,
        footers,
        watch: Arc::clone(watch),
        threads: 1,
    })
}

/// The object as it is now, with its own columns, none from its key: as it would be as a file.
async fn object(
    attached: &AttachedFile,
    (objects, bucket, key): (&ObjectStore, &str, &str),
    footers: &Arc<FooterCache>,
    watch: &Arc<Watch>,
) -> Result<Arc<dyn TableProvider>, QueryError> {
    watch.traffic.request();
    let gone = || {
        QueryError::new(
            QueryErrorKind::Storage,
            format!("{} is not there (any more)", attached.path.display()),
        )
        .with_hint("its lifecycle may have removed it; ask its table for the rows")
    };
    let found = objects.look_up(bucket, key).await;
    let (store, object) = found.map_err(|fault| match fault {
        ReadFault::Gone => gone(),
        ReadFault::Failed(error) => error,
    })?;
    watch.attaches(ObjectVersion {
        bucket: object.bucket.clone(),
        key: object.key.clone(),
        version_id: object.version.clone(),
        etag: object.etag.as_deref().map(unquoted),
        size: Some(object.size),
    });
    let file = Arc::new(LakeFile::object(object));
    // Its footer stays at hand until the plan is made, however many others are read meanwhile.
    let footers = Arc::new(FooterCache::above(footers));
    let footer = footer_of(&store, &footers, &file, &watch.traffic).await?;
    let footer = footer.map_err(|error| match error {
        FooterError::Gone => gone(),
        error => QueryError::new(QueryErrorKind::Storage, format!("{} {error}", file.name)),
    })?;
    let columns = TableColumns::of_file(&footer.schema);
    Ok(alone(attached, file, columns, Some(store), footers, watch))
}

/// A text file as a stream of batches, opened anew each time it is scanned.
#[derive(Debug)]
struct TextTable {
    file: ResultFile,
    schema: SchemaRef,
}

impl PartitionStream for TextTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        let named = Arc::clone(&schema);
        let batches = self.file.batches().map(move |batch| {
            let batch =
                batch.map_err(|error| DataFusionError::External(Box::new(unreadable(&error))))?;
            Ok(RecordBatch::try_new(
                Arc::clone(&named),
                batch.columns().to_vec(),
            )?)
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches)))
    }
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
