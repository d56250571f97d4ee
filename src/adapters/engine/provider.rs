//! A table of the lake as DataFusion sees it: columns at planning, files at scanning.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::{Result, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, FileSource, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use super::columns::{FitColumns, misfits};
use super::dictionaries::{Chance, Look, chances};
use super::estimate::Ends;
use super::footer::{Footer, FooterCache};
use super::lake::remote::Root;
use super::lake::{LakeFile, TableKey};
use super::prune::{Bounds, by_bounds, by_path, decided_by_path};
use super::reader::LakeReaders;
use super::schema::{TableColumns, reading_schema};
use super::scout::Scout;
use super::source::{LakeSource, Scan, Sought};
use super::storage::s3::S3Store;
use super::watch::Watch;

/// Footers are read in runs of so many files, between which a query can be stopped.
const FOOTERS_AT_ONCE: usize = 256;

/// Objects of S3 that a scan reads at a time, at least.
const OBJECTS_AT_ONCE: usize = 8;

/// One table for one query.
#[derive(Debug)]
pub(super) struct LakeTable {
    /// The name for people.
    pub name: String,
    /// Its columns.
    pub columns: TableColumns,
    /// All of them, the path's last.
    pub schema: SchemaRef,
    /// Which table of the lake it is.
    pub key: TableKey,
    /// Its files; of a lake on S3 those that the scout found for the query.
    pub files: Vec<Arc<LakeFile>>,
    /// The prefixes of its objects, where they lie on S3.
    pub roots: Vec<Root>,
    /// Where its objects are read from, where they lie on S3.
    pub store: Option<Arc<S3Store>>,
    /// Who looks for its objects while nothing is read yet.
    pub scout: Option<Arc<Scout>>,
    /// Where footers come from.
    pub footers: Arc<FooterCache>,
    /// The query's counts and notes.
    pub watch: Arc<Watch>,
    /// Threads for reading footers.
    pub threads: usize,
}

/// A file that a scan reads, with its footer.
type Opened = (Arc<LakeFile>, Arc<Footer>);

impl LakeTable {
    /// The files that the filters leave, with their footers; damaged ones are noted and left out.
    /// Those that surely hold something to look at come first, and are counted.
    async fn select(
        &self,
        session: &dyn Session,
        filters: &[Expr],
    ) -> Result<(Vec<Opened>, usize)> {
        let mut files = self.files.clone();
        let keep = by_path(session, filters, &self.columns, &files)?;
        retain(&mut files, &keep);
        let bounds: Vec<Bounds> = files.iter().map(|file| Bounds::of_path(file)).collect();
        let keep = self.by_bounds(session, filters, &files, &bounds)?;
        retain(&mut files, &keep);

        let mut opened: Vec<Opened> = Vec::with_capacity(files.len());
        for run in files.chunks(FOOTERS_AT_ONCE) {
            let footers = self.footers.get_all(run, self.threads);
            for (file, footer) in run.iter().zip(footers) {
                match footer {
                    Ok(footer) => opened.push((Arc::clone(file), footer)),
                    Err(error) => self
                        .watch
                        .note(format!("skipped a file: {} {error}", file.name)),
                }
            }
            tokio::task::yield_now().await;
        }
        let files: Vec<Arc<LakeFile>> = opened.iter().map(|(file, _)| Arc::clone(file)).collect();
        let bounds: Vec<Bounds> = opened
            .iter()
            .map(|(_, footer)| Bounds {
                time: footer.time,
                time_dt: footer.time_dt,
            })
            .collect();
        let keep = self.by_bounds(session, filters, &files, &bounds)?;
        retain(&mut opened, &keep);
        Ok(self.sought_first(session, filters, opened))
    }

    /// The files that hold what the filters ask for before those that may, as far as the columns'
    /// dictionaries tell, and how many they are; those that hold nothing of it are left out.
    fn sought_first(
        &self,
        session: &dyn Session,
        filters: &[Expr],
        opened: Vec<Opened>,
    ) -> (Vec<Opened>, usize) {
        if !self.watch.runs() {
            // An estimate is asked while somebody types.
            return (opened, 0);
        }
        let look = Look {
            watch: &self.watch,
            threads: self.threads,
        };
        let Some(chances) = chances(session, filters, &self.columns, &opened, look) else {
            return (opened, 0);
        };
        for ((file, footer), _) in opened
            .iter()
            .zip(&chances)
            .filter(|(_, chance)| **chance == Chance::None)
        {
            self.watch.answered(file.path.as_os_str(), footer.rows);
        }
        let of = |wanted: Chance| {
            let files = opened.iter().zip(&chances);
            let files = files.filter(move |(_, chance)| **chance == wanted);
            files.map(|(file, _)| file.clone())
        };
        let mut files: Vec<Opened> = of(Chance::Good).collect();
        let sought = files.len();
        files.extend(of(Chance::Some));
        (files, sought)
    }

    /// Counts what the scout has read of the table's objects.
    fn count_ends(&self) {
        let mut ends = Ends::default();
        for file in &self.files {
            if let Ok(footer) = self.footers.get(file) {
                ends.add(file.size, &footer);
            }
        }
        self.watch.ends_read(&self.name, ends);
    }

    fn looked_at(&self) -> String {
        let places: Vec<String> = self
            .roots
            .iter()
            .map(|root| root.place.to_string())
            .collect();
        places.join(", ")
    }

    fn by_bounds(
        &self,
        session: &dyn Session,
        filters: &[Expr],
        files: &[Arc<LakeFile>],
        bounds: &[Bounds],
    ) -> Result<Vec<bool>> {
        by_bounds(session, filters, &self.schema, &self.columns, files, bounds)
    }

    fn partition_values(&self, file: &LakeFile) -> Vec<ScalarValue> {
        (0..self.columns.partitions.len())
            .map(|at| ScalarValue::Utf8View(file.path_value(at).map(Cow::into_owned)))
            .collect()
    }

    /// The scan's files with the columns to read each by, and every distinct set of columns.
    fn plan_files(&self, opened: &[Opened]) -> (Vec<PartitionedFile>, Vec<SchemaRef>) {
        let mut by_schema: HashMap<*const arrow::datatypes::Schema, SchemaRef> = HashMap::new();
        let mut schemas = Vec::new();
        let files = opened
            .iter()
            .map(|(file, footer)| {
                let reading = by_schema
                    .entry(Arc::as_ptr(&footer.schema))
                    .or_insert_with(|| {
                        let reading = reading_schema(&footer.schema, &self.columns.file);
                        schemas.push(Arc::clone(&reading));
                        reading
                    });
                for column in misfits(reading, &self.columns.file) {
                    self.watch.note(format!(
                        "the column {column} of {} has another type than in {}: read as NULL",
                        file.name, self.name
                    ));
                }
                PartitionedFile::new(file.path.to_string_lossy(), file.size)
                    .with_partition_values(self.partition_values(file))
                    .with_arrow_schema(Arc::clone(reading))
                    .with_extension(Arc::clone(file))
            })
            .collect();
        (files, schemas)
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| {
                if decided_by_path(filter, &self.columns) {
                    TableProviderFilterPushDown::Exact
                } else {
                    TableProviderFilterPushDown::Inexact
                }
            })
            .collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if let Some(scout) = &self.scout {
            scout.look(self, session, filters).await?;
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        if self.files.is_empty() {
            self.watch.note(match &self.store {
                None => format!("the lake holds no files of the table {}", self.name),
                Some(_) => format!(
                    "no objects of the table {} lie where the query looks for them: {}",
                    self.name,
                    self.looked_at()
                ),
            });
        }
        if self.store.is_some() {
            self.count_ends();
        }
        let (opened, sought) = self.select(session, filters).await?;
        let rows: u64 = opened.iter().map(|(_, footer)| footer.rows).sum();
        let bytes: u64 = opened.iter().map(|(file, _)| file.size).sum();
        let (mut files, schemas) = self.plan_files(&opened);
        if sought < files.len() {
            self.watch.sought(sought);
            for file in files.iter_mut().take(sought) {
                file.extensions.insert(Sought);
            }
        }

        let table = TableSchema::builder(Arc::clone(&self.columns.file))
            .with_table_partition_cols(self.columns.partitions.clone())
            .build();
        let mut parquet =
            ParquetSource::new(table).with_parquet_file_reader_factory(Arc::new(LakeReaders {
                footers: Arc::clone(&self.footers),
                store: self.store.clone(),
                watch: Arc::clone(&self.watch),
            }));
        let options = session.config_options();
        parquet = parquet
            .with_pushdown_filters(options.execution.parquet.pushdown_filters)
            .with_reorder_filters(options.execution.parquet.reorder_filters)
            .with_enable_page_index(options.execution.parquet.enable_page_index);
        let inner: Arc<dyn FileSource> = Arc::new(parquet);
        let scan = Scan {
            table: self.name.clone(),
            files_known: self.files.len(),
            schemas,
            footers: Arc::clone(&self.footers),
            watch: Arc::clone(&self.watch),
        };
        let source = LakeSource::new(inner, Arc::new(scan));

        let exact = |count: u64| usize::try_from(count).map_or(Precision::Absent, Precision::Exact);
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = exact(rows);
        statistics.total_byte_size = exact(bytes).to_inexact();
        let mut together = session.config().target_partitions();
        if self.store.is_some() {
            // Objects are waited for, not worked on: more of them at a time than there are threads.
            together = together.max(OBJECTS_AT_ONCE);
        }
        let mut groups = match sought {
            0 => FileGroup::new(files).split_files(together),
            _ => dealt(files, together),
        };
        if groups.is_empty() {
            // A scan without a partition satisfies no operator above it: one that reads nothing.
            groups.push(FileGroup::default());
        }
        let config = FileScanConfigBuilder::new(
            ObjectStoreUrl::local_filesystem(),
            Arc::new(source) as Arc<dyn FileSource>,
        )
        .with_file_groups(groups)
        .with_statistics(statistics)
        .with_projection_indices(projection.cloned())?
        .with_limit(limit)
        .with_expr_adapter(Some(Arc::new(FitColumns)))
        .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// Files dealt out in turn, so that the first ones are read at the same time.
fn dealt(files: Vec<PartitionedFile>, groups: usize) -> Vec<FileGroup> {
    let mut dealt: Vec<Vec<PartitionedFile>> = vec![Vec::new(); groups.min(files.len()).max(1)];
    let count = dealt.len();
    for (at, file) in files.into_iter().enumerate() {
        if let Some(group) = dealt.get_mut(at % count) {
            group.push(file);
        }
    }
    dealt.into_iter().map(FileGroup::new).collect()
}

/// Keeps the items whose flag is set.
pub(super) fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().copied().unwrap_or(true));
}
