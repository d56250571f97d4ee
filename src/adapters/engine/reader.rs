//! Reads byte ranges of the lake's files for the Parquet reader, with footers from the cache and
//! every byte counted.

use std::ops::Range;
use std::sync::Arc;

use arrow::error::ArrowError;
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

use super::footer::{FooterCache, FooterError};
use super::lake::{Home, LakeFile};
use super::scout::footer_of;
use super::storage::local::LocalFile;
use super::storage::s3::{ReadFault, S3Object, S3Store};
use super::watch::Watch;

/// Makes readers of the files that a scan names by [`LakeFile`].
#[derive(Debug)]
pub(super) struct LakeReaders {
    pub footers: Arc<FooterCache>,
    /// Where objects of S3 are read from.
    pub store: Option<Arc<S3Store>>,
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
        let bytes_scanned = MetricBuilder::new(metrics).counter("bytes_scanned", partition_index);
        if let (Home::S3(object), Some(store)) = (&lake_file.home, &self.store) {
            return Ok(Box::new(ObjectReader {
                file: Arc::clone(lake_file),
                object: Arc::clone(object),
                store: Arc::clone(store),
                footers: Arc::clone(&self.footers),
                watch: Arc::clone(&self.watch),
                bytes_scanned,
            }));
        }
        Ok(Box::new(LakeReader {
            file: Arc::clone(lake_file),
            open: None,
            footers: Arc::clone(&self.footers),
            watch: Arc::clone(&self.watch),
            bytes_scanned,
        }))
    }
}

/// Reads one file of this machine. Blocks in its futures: a local read is shorter than the way to another thread,
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
        let length = length_inside(&self.file, range)?;
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
                self.watch
                    .file_opened(self.file.path.as_os_str(), footer.rows);
                Arc::clone(&footer.metadata)
            })
            .map_err(|error| ParquetError::General(error.to_string()));
        ready(footer).boxed()
    }
}

/// The length of a range that a file has; footers are outside data.
fn length_inside(file: &LakeFile, range: &Range<u64>) -> Result<usize> {
    range
        .end
        .checked_sub(range.start)
        .filter(|_| range.end <= file.size)
        .and_then(|length| usize::try_from(length).ok())
        .ok_or_else(|| ParquetError::EOF("its column chunks lie past its end".to_owned()))
}

/// Reads one object of S3.
struct ObjectReader {
    file: Arc<LakeFile>,
    object: Arc<S3Object>,
    store: Arc<S3Store>,
    footers: Arc<FooterCache>,
    watch: Arc<Watch>,
    bytes_scanned: Count,
}

impl ObjectReader {
    async fn read(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>> {
        let mut length = 0;
        for range in &ranges {
            length += length_inside(&self.file, range)?;
        }
        let traffic = &self.watch.traffic;
        let bytes = self.store.read(&self.object, &ranges, traffic).await;
        let bytes = bytes.map_err(|fault| ParquetError::External(Box::new(fault)))?;
        self.bytes_scanned.add(length);
        self.watch.bytes(length as u64);
        Ok(bytes)
    }
}

impl AsyncFileReader for ObjectReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        let read = async move {
            let bytes = self.read(vec![range]).await?;
            let missing = || ParquetError::EOF("a range was not read".to_owned());
            bytes.into_iter().next().ok_or_else(missing)
        };
        read.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        self.read(ranges).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        let get = async move {
            let traffic = &self.watch.traffic;
            match footer_of(&self.store, &self.footers, &self.file, traffic).await {
                Ok(Ok(footer)) => {
                    self.watch
                        .file_opened(self.file.path.as_os_str(), footer.rows);
                    Ok(Arc::clone(&footer.metadata))
                }
                Ok(Err(FooterError::Gone)) => {
                    Err(ParquetError::External(Box::new(ReadFault::Gone)))
                }
                Ok(Err(error)) => Err(ParquetError::General(error.to_string())),
                Err(error) => Err(ParquetError::External(Box::new(ReadFault::Failed(error)))),
            }
        };
        get.boxed()
    }
}

/// What S3 said, where that is why a scan failed.
pub(super) fn read_fault(error: &ParquetError) -> Option<&ReadFault> {
    match error {
        ParquetError::External(inner) => inner.downcast_ref::<ReadFault>(),
        _ => None,
    }
}

/// Whether an error says that an object was removed since it was listed.
pub(super) fn is_gone(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ParquetError(error) => read_fault(error) == Some(&ReadFault::Gone),
        _ => false,
    }
}

/// Whether an error says that a file's bytes are bad, rather than that a value does not fit the
/// query.
pub(super) fn is_damage(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ParquetError(error) => is_decoders(error),
        DataFusionError::ArrowError(error, _) => is_of_decoding(error),
        DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) => true,
        _ => false,
    }
}

fn is_decoders(error: &ParquetError) -> bool {
    match error {
        // A row filter's own errors come wrapped like this; the decoder's bear its name.
        ParquetError::ArrowError(text) => text.starts_with("Parquet"),
        ParquetError::External(inner) => match inner.downcast_ref::<ArrowError>() {
            Some(inner) => is_of_decoding(inner),
            None => inner.is::<std::io::Error>(),
        },
        _ => true,
    }
}

fn is_of_decoding(error: &ArrowError) -> bool {
    match error {
        ArrowError::ParquetError(text) => !text.contains("Arrow:") || text.contains("Parquet"),
        ArrowError::IoError(_, _) => true,
        _ => false,
    }
}
