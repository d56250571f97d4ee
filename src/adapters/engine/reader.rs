//! Reads byte ranges of local files for the Parquet reader, with footers from the cache and every
//! byte counted.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::{DataFusionError, internal_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use futures::future::{BoxFuture, FutureExt, ready};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaData;

use super::footer::FooterCache;
use super::lake::LakeFile;
use super::storage::local::LocalFile;
use super::watch::Watch;

/// Makes readers of the files that a scan names by [`LakeFile`].
#[derive(Debug)]
pub(super) struct LakeReaders {
    pub footers: Arc<FooterCache>,
    pub watch: Arc<Watch>,
}

impl ParquetFileReaderFactory for LakeReaders {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::common::Result<Box<dyn AsyncFileReader + Send>> {
        let Some(lake_file) = file.extension::<Arc<LakeFile>>() else {
            return internal_err!("a file of the lake has lost its name");
        };
        Ok(Box::new(LakeReader {
            file: Arc::clone(lake_file),
            open: None,
            footers: Arc::clone(&self.footers),
            watch: Arc::clone(&self.watch),
            bytes_scanned: MetricBuilder::new(metrics).counter("bytes_scanned", partition_index),
        }))
    }
}

/// Reads one file. Blocks in its futures: a local read is shorter than the way to another thread,
/// and the engine's runtime serves nothing but queries.
struct LakeReader {
    file: Arc<LakeFile>,
    open: Option<LocalFile>,
    footers: Arc<FooterCache>,
    watch: Arc<Watch>,
    bytes_scanned: Count,
}

impl LakeReader {
    fn read(&mut self, range: &Range<u64>) -> Result<Bytes> {
        let external = |error: std::io::Error| ParquetError::External(Box::new(error));
        let length = range
            .end
            .checked_sub(range.start)
            .filter(|_| range.end <= self.file.size)
            .and_then(|length| usize::try_from(length).ok())
            .ok_or_else(|| ParquetError::EOF("its column chunks lie past its end".to_owned()))?;
        let file = match &mut self.open {
            Some(file) => file,
            closed => closed.insert(LocalFile::open(&self.file.path).map_err(external)?),
        };
        let bytes = file.read(range).map_err(external)?;
        self.bytes_scanned.add(length);
        self.watch.bytes(length as u64);
        Ok(bytes.into())
    }
}

impl AsyncFileReader for LakeReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        ready(self.read(&range)).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        ready(ranges.iter().map(|range| self.read(range)).collect()).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        let footer = self
            .footers
            .get(&self.file)
            .map(|footer| {
                self.watch.file_opened(&self.file.path, footer.rows);
                Arc::clone(&footer.metadata)
            })
            .map_err(|error| ParquetError::General(error.to_string()));
        ready(footer).boxed()
    }
}

/// Whether an error says that a file's bytes are bad, rather than that a value does not fit the
/// query.
pub(super) fn is_damage(error: &DataFusionError) -> bool {
    use arrow::error::ArrowError;
    match error.find_root() {
        DataFusionError::ParquetError(error) => match error.as_ref() {
            // A row filter's own errors come wrapped like this; the decoder's bear its name.
            ParquetError::ArrowError(text) => text.starts_with("Parquet"),
            ParquetError::External(inner) => inner.downcast_ref::<std::io::Error>().is_some(),
            _ => true,
        },
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::ParquetError(text) => !text.contains("Arrow:") || text.contains("Parquet"),
            ArrowError::IoError(_, _) => true,
            _ => false,
        },
        DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) => true,
        _ => false,
    }
}
