//! Writing a result as it comes: Parquet with ZSTD, hashed on its way to the disk.
//!
//! Memory is bounded by one row group. A row group is a page of the grid's, so it is small.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of kept results"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use chrono::{DateTime, SubsecRound, Utc};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};

use super::claim::{Claim, private};
use super::manifest::FORMAT;
use super::{KeepRequest, KeptColumn, KeptError, KeptResult, MANIFEST, ROWS, hex, sync_folder};
use crate::domain::query::QuerySummary;

/// Rows in a row group at most.
pub(super) const GROUP_ROWS: usize = 8_192;

/// Bytes in a row group at most, about: wide rows make smaller groups.
const GROUP_BYTES: usize = 32 << 20;

/// The program and its version, as manifests name it.
const TOOL: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Takes the rows of one result. Dropped before [`Self::finish`], it leaves nothing behind.
pub struct KeptWriter {
    // Closed before the claim lets go of the name.
    writer: ArrowWriter<Hashed>,
    claim: Claim,
    request: KeepRequest,
    columns: Vec<KeptColumn>,
    schema: SchemaRef,
    rows: u64,
}

impl KeptWriter {
    pub(super) fn begin(
        claim: Claim,
        request: KeepRequest,
        columns: Vec<KeptColumn>,
        schema: &SchemaRef,
    ) -> Result<Self, KeptError> {
        let fault = |reason: String| KeptError::Write {
            name: claim.name.clone(),
            reason,
        };
        let fields: Vec<Field> = schema
            .fields()
            .iter()
            .zip(&columns)
            .map(|(field, column)| field.as_ref().clone().with_name(&column.table))
            .collect();
        let named = Schema::new_with_metadata(fields, schema.metadata().clone());
        let file = private(OpenOptions::new().write(true).create_new(true))
            .open(claim.part())
            .map_err(|error| fault(error.to_string()))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_max_row_group_bytes(Some(GROUP_BYTES))
            .set_created_by(TOOL.to_owned())
            .build();
        let named = Arc::new(named);
        let writer = ArrowWriter::try_new(Hashed::new(file), Arc::clone(&named), Some(properties))
            .map_err(|error| fault(error.to_string()))?;
        Ok(Self {
            writer,
            claim,
            request,
            columns,
            schema: named,
            rows: 0,
        })
    }

    /// The name that the result will have.
    pub fn name(&self) -> &str {
        &self.claim.name
    }

    /// Appends rows, in the schema that the result was begun with.
    ///
    /// # Errors
    ///
    /// [`KeptError::Columns`] for other columns, [`KeptError::Write`] of the disk. After an error
    /// the writer is of no more use.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<(), KeptError> {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let named = RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            batch.columns().to_vec(),
            &options,
        )
        .map_err(|_| KeptError::Columns(self.claim.name.clone()))?;
        // Rows without columns are counted; there is nothing of them to write.
        if !self.columns.is_empty() {
            let written = self.writer.write(&named);
            written.map_err(|error| self.fault(&error))?;
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Makes a result of the rows: they and the manifest are on the disk when this returns.
    ///
    /// # Errors
    ///
    /// [`KeptError::Write`] of the disk; then nothing is left that looks like a result.
    pub fn finish(
        mut self,
        ended: DateTime<Utc>,
        summary: &QuerySummary,
    ) -> Result<KeptResult, KeptError> {
        self.writer.finish().map_err(|error| self.fault(&error))?;
        let hashed = self.writer.inner_mut();
        let (bytes, sha256) = hashed.end().map_err(|error| self.fault(&error))?;
        let result = KeptResult {
            format: FORMAT,
            name: self.claim.name.clone(),
            sql: self.request.sql.clone(),
            parameters: self.request.parameters.clone(),
            engine: self.request.engine.clone(),
            profile: self.request.profile.clone(),
            settings: self.request.settings.clone(),
            execution: summary.execution.clone(),
            started: self.request.started.trunc_subsecs(3),
            ended: ended.trunc_subsecs(3),
            bytes_read: summary.progress.bytes_read,
            files_read: summary.progress.files_done,
            files_known: summary.files_known,
            notes: summary.notes.clone(),
            columns: self.columns.clone(),
            rows: self.rows,
            bytes,
            sha256,
            tool: TOOL.to_owned(),
        };
        self.publish(&result).map_err(|error| self.fault(&error))?;
        Ok(result)
    }

    /// Gives both files their names, the manifest last.
    fn publish(&self, result: &KeptResult) -> io::Result<()> {
        let Claim { folder, name, .. } = &self.claim;
        let text = result.to_json().map_err(io::Error::other)?;
        let part = self.claim.manifest_part();
        let mut manifest = private(OpenOptions::new().write(true).create_new(true)).open(&part)?;
        manifest.write_all(text.as_bytes())?;
        manifest.sync_all()?;
        fs::rename(self.claim.part(), folder.join(format!("{name}.{ROWS}")))?;
        sync_folder(folder)?;
        fs::rename(&part, folder.join(format!("{name}.{MANIFEST}")))?;
        sync_folder(folder)
    }

    fn fault(&self, error: &dyn std::error::Error) -> KeptError {
        KeptError::Write {
            name: self.claim.name.clone(),
            reason: error.to_string(),
        }
    }
}

impl std::fmt::Debug for KeptWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptWriter")
            .field("name", &self.claim.name)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// A file that is hashed as it is written.
struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Hashed {
    fn new(file: File) -> Self {
        Self {
            file: BufWriter::with_capacity(1 << 18, file),
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    /// Puts everything on the disk; gives the bytes and their hash.
    fn end(&mut self) -> io::Result<(u64, String)> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok((self.bytes, hex(&self.hash.clone().finalize())))
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        let taken = bytes.get(..written).unwrap_or_default();
        self.hash.update(taken);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
