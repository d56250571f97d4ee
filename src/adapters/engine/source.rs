//! DataFusion's Parquet source with a watchman: a file that turns out to be damaged while it is
//! read ends there and is named in the notes, and every row and file is counted.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::can_expr_be_pushed_down_with_schemas;
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::object_store::ObjectStore;
use datafusion::physical_expr::PhysicalExprSimplifier;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_expr_adapter::{
    PhysicalExprAdapterFactory, replace_columns_with_literals,
};
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use futures::FutureExt;
use futures::stream::{BoxStream, StreamExt};

use super::columns::FitColumns;
use super::footer::FooterCache;
use super::lake::LakeFile;
use super::reader::{is_damage, is_gone};
use super::stop::stopped;
use super::watch::Watch;

/// What a scan reads, for its source and for whoever estimates it.
#[derive(Debug)]
pub(super) struct Scan {
    /// The table's name for people.
    pub table: String,
    /// Files of the table before pruning.
    pub files_known: usize,
    /// The columns of the scan's files, each set once.
    pub schemas: Vec<SchemaRef>,
    /// Where footers come from.
    pub footers: Arc<FooterCache>,
    /// The query's counts and notes.
    pub watch: Arc<Watch>,
}

/// A Parquet source whose files may be damaged and may differ in their columns.
#[derive(Clone)]
pub(super) struct LakeSource {
    inner: Arc<dyn FileSource>,
    scan: Arc<Scan>,
}

impl LakeSource {
    pub(super) fn new(inner: Arc<dyn FileSource>, scan: Arc<Scan>) -> Self {
        Self { inner, scan }
    }

    /// What it reads.
    pub(super) fn scan(&self) -> &Scan {
        &self.scan
    }

    fn wrap(&self, inner: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        Arc::new(Self::new(inner, Arc::clone(&self.scan)))
    }

    /// Whether the Parquet reader can apply a filter by itself in every file. It decides anew in
    /// each file and leaves out, without a word, what it cannot apply there; so a filter counts as
    /// taken over only if it fits all files' columns.
    fn applies_everywhere(&self, filter: &Arc<dyn PhysicalExpr>) -> bool {
        self.scan
            .schemas
            .iter()
            .all(|schema| self.applies(filter, schema).unwrap_or(false))
    }

    fn applies(&self, filter: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> Result<bool> {
        let table = self.inner.table_schema();
        let path_columns: HashMap<&str, ScalarValue> = table
            .table_partition_cols()
            .iter()
            .map(|field| {
                let text = ScalarValue::Utf8View(Some(String::new()));
                (field.name().as_str(), text)
            })
            .collect();
        let filter = replace_columns_with_literals(Arc::clone(filter), &path_columns)?;
        let fit = FitColumns.create(Arc::clone(table.file_schema()), Arc::clone(schema))?;
        let filter = PhysicalExprSimplifier::new(schema).simplify(fit.rewrite(filter)?)?;
        Ok(can_expr_be_pushed_down_with_schemas(&filter, schema))
    }
}

impl FileSource for LakeSource {
    fn create_file_opener(
        &self,
        object_store: Arc<dyn ObjectStore>,
        base_config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        self.inner
            .create_file_opener(object_store, base_config, partition)
    }

    fn create_morselizer(
        &self,
        object_store: Arc<dyn ObjectStore>,
        base_config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        Ok(Box::new(Watched {
            inner: self
                .inner
                .create_morselizer(object_store, base_config, partition)?,
            watch: Arc::clone(&self.scan.watch),
        }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        self.wrap(self.inner.with_batch_size(batch_size))
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_extra(t, f)
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let everywhere: Vec<bool> = filters
            .iter()
            .map(|filter| self.applies_everywhere(filter))
            .collect();
        let pushed = self.inner.try_pushdown_filters(filters, config)?;
        let taken_over = pushed
            .filters
            .into_iter()
            .zip(everywhere)
            .map(|(taken, everywhere)| if everywhere { taken } else { PushedDown::No })
            .collect();
        Ok(FilterPushdownPropagation {
            filters: taken_over,
            updated_node: pushed.updated_node.map(|node| self.wrap(node)),
        })
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        eq_properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        let pushed = self.inner.try_pushdown_sort(order, eq_properties)?;
        Ok(match pushed {
            SortOrderPushdownResult::Exact { inner } => SortOrderPushdownResult::Exact {
                inner: self.wrap(inner),
            },
            SortOrderPushdownResult::Inexact { inner } => SortOrderPushdownResult::Inexact {
                inner: self.wrap(inner),
            },
            SortOrderPushdownResult::Unsupported => SortOrderPushdownResult::Unsupported,
        })
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn try_pushdown_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> Result<Option<Arc<dyn FileSource>>> {
        let pushed = self.inner.try_pushdown_projection(projection)?;
        Ok(pushed.map(|inner| self.wrap(inner)))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }
}

/// Marks a file that surely holds what is looked for: it is read before the others.
#[derive(Debug)]
pub(super) struct Sought;

/// A file lets those that are sought go before it for so many turns of the engine's threads. It
/// does not wait for them: they may be read by nobody before it has been.
const COURTESIES: usize = 1_000;

/// Starts each file's reading under watch.
#[derive(Debug)]
struct Watched {
    inner: Box<dyn Morselizer>,
    watch: Arc<Watch>,
}

impl Morselizer for Watched {
    fn plan_file(&self, file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let Some(name) = file.extension::<Arc<LakeFile>>().cloned() else {
            return self.inner.plan_file(file);
        };
        let reading = Arc::new(Reading {
            file: name,
            is_sought: file.extension::<Sought>().is_some(),
            watch: Arc::clone(&self.watch),
        });
        Ok(Box::new(Planner {
            inner: self.inner.plan_file(file)?,
            reading,
        }))
    }
}

/// One file being read; its last part to end counts it as done.
#[derive(Debug)]
struct Reading {
    file: Arc<LakeFile>,
    is_sought: bool,
    watch: Arc<Watch>,
}

impl Reading {
    /// Lets the files go first that are sought.
    async fn give_way(&self) {
        let mut turns = 0;
        while !self.is_sought && self.watch.is_sought() && turns < COURTESIES {
            turns += 1;
            tokio::task::yield_now().await;
        }
    }

    /// Takes an error: `Ok` if it means no more than that the file is damaged or gone.
    fn forgive(&self, error: DataFusionError) -> Result<()> {
        if is_gone(&error) {
            self.watch.note(format!(
                "rows of an object are missing: {} was removed since it was listed",
                self.file.name
            ));
            return Ok(());
        }
        if !is_damage(&error) {
            return Err(error);
        }
        let reason = first_line(&error.find_root().strip_backtrace());
        self.damaged(&reason);
        Ok(())
    }

    fn damaged(&self, reason: &str) {
        self.watch.note(format!(
            "damaged file, read only up to the damage: {} ({reason})",
            self.file.name
        ));
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if self.is_sought {
            self.watch.sought_done();
        }
        self.watch.file_done(self.file.path.as_os_str());
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[derive(Debug)]
struct Planner {
    inner: Box<dyn MorselPlanner>,
    reading: Arc<Reading>,
}

impl Planner {
    fn over(inner: Box<dyn MorselPlanner>, reading: &Arc<Reading>) -> Box<dyn MorselPlanner> {
        Box::new(Self {
            inner,
            reading: Arc::clone(reading),
        })
    }
}

impl MorselPlanner for Planner {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { inner, reading } = *self;
        let planned = std::panic::catch_unwind(AssertUnwindSafe(|| inner.plan()));
        let mut plan = match planned {
            Ok(Ok(Some(plan))) => plan,
            Ok(Ok(None)) => return Ok(None),
            Ok(Err(error)) => return reading.forgive(error).map(|()| None),
            Err(_) => {
                reading.damaged("its decoder failed");
                return Ok(None);
            }
        };
        let morsels = plan
            .take_morsels()
            .into_iter()
            .map(|inner| {
                Box::new(WatchedMorsel {
                    inner,
                    reading: Arc::clone(&reading),
                }) as Box<dyn Morsel>
            })
            .collect();
        let planners = plan
            .take_ready_planners()
            .into_iter()
            .map(|inner| Self::over(inner, &reading))
            .collect();
        let mut watched = MorselPlan::new()
            .with_morsels(morsels)
            .with_planners(planners);
        if let Some(pending) = plan.take_pending_planner() {
            watched.set_pending_planner(async move {
                match AssertUnwindSafe(pending).catch_unwind_result().await {
                    Ok(inner) => Ok(Self::over(inner, &reading)),
                    Err(error) => {
                        reading.forgive(error)?;
                        Ok(Box::new(Ended) as Box<dyn MorselPlanner>)
                    }
                }
            });
        }
        Ok(Some(watched))
    }
}

/// Turns a panic of a decoder into the error that a damaged file gives.
trait CatchUnwindResult {
    type Output;
    fn catch_unwind_result(self) -> impl Future<Output = Result<Self::Output>> + Send;
}

impl<F, T> CatchUnwindResult for AssertUnwindSafe<F>
where
    F: Future<Output = Result<T>> + Send,
    T: Send,
{
    type Output = T;

    async fn catch_unwind_result(self) -> Result<T> {
        futures::FutureExt::catch_unwind(self)
            .await
            .unwrap_or_else(|_| Err(decoder_failed()))
    }
}

fn decoder_failed() -> DataFusionError {
    parquet::errors::ParquetError::General("its decoder failed".to_owned()).into()
}

/// A planner of nothing, in the place of one whose file cannot be read.
#[derive(Debug)]
struct Ended;

impl MorselPlanner for Ended {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        Ok(None)
    }
}

#[derive(Debug)]
struct WatchedMorsel {
    inner: Box<dyn Morsel>,
    reading: Arc<Reading>,
}

impl Morsel for WatchedMorsel {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let Self { inner, reading } = *self;
        let way = Arc::clone(&reading);
        let batches = async move {
            way.give_way().await;
            inner.into_stream()
        };
        let batches = AssertUnwindSafe(batches.flatten_stream())
            .catch_unwind()
            .map(|batch| batch.unwrap_or_else(|_: Box<dyn Any + Send>| Err(decoder_failed())));
        // Ends at the first error; forgives it where it only means damage.
        batches
            .scan((reading, false), |(reading, ended), batch| {
                let next = match batch {
                    _ if *ended => None,
                    _ if reading.watch.is_stopped() => {
                        *ended = true;
                        Some(Some(Err(stopped())))
                    }
                    Ok(batch) => {
                        reading.watch.scanned(batch.num_rows());
                        Some(Some(Ok(batch)))
                    }
                    Err(error) => {
                        *ended = true;
                        Some(reading.forgive(error).err().map(Err))
                    }
                };
                futures::future::ready(next)
            })
            .filter_map(futures::future::ready)
            // Partitions take turns batch by batch. Else one whose rows are all filtered out would
            // be read to its end before another gives its first.
            .then(|batch| async {
                tokio::task::yield_now().await;
                batch
            })
            .boxed()
    }
}
