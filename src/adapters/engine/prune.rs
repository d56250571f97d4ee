//! Which files of a table a query cannot need, by their path and by the times in their footers.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringViewArray,
    TimestampMillisecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{Schema, SchemaRef};
use chrono::NaiveDate;
use datafusion::catalog::Session;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::lake::LakeFile;
use super::schema::TableColumns;

const DAY: i64 = 86_400_000;

/// The place of the hidden column that tells each row's file, behind the partitions.
const PATH_AT: usize = 4;

/// The least and greatest `time` and `time_dt` of a file in milliseconds, where known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    pub time: Option<(i64, i64)>,
    pub time_dt: Option<(i64, i64)>,
}

impl Bounds {
    /// What the day in the path promises. One day more on either side, because a writer may sort
    /// an event by the time at which it arrived.
    pub(super) fn of_path(file: &LakeFile) -> Self {
        let day = file
            .event_day()
            .and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok())
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .map(|midnight| midnight.and_utc().timestamp_millis())
            .map(|start| (start - DAY, start + 2 * DAY));
        Self {
            time: day,
            time_dt: day,
        }
    }
}

/// Whether a filter speaks of nothing but the path, so that a file's name decides it.
pub(super) fn decided_by_path(filter: &Expr, columns: &TableColumns) -> bool {
    !filter.is_volatile()
        && filter.column_refs().iter().all(|column| {
            columns
                .partitions
                .iter()
                .any(|field| field.name() == column.name())
        })
        && !filter.column_refs().is_empty()
        && !filter
            .exists(|expr| {
                Ok(matches!(
                    expr,
                    Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)
                ))
            })
            .unwrap_or(true)
}

/// For each file, whether the filters that speak of the path alone let it in.
pub(super) fn by_path(
    session: &dyn Session,
    filters: &[Expr],
    columns: &TableColumns,
    files: &[Arc<LakeFile>],
) -> Result<Vec<bool>> {
    let filters: Vec<Expr> = filters
        .iter()
        .filter(|filter| decided_by_path(filter, columns))
        .cloned()
        .collect();
    let Some(filter) = conjunction(filters) else {
        return Ok(vec![true; files.len()]);
    };
    let schema = Arc::new(Schema::new(columns.partitions.clone()));
    let expr = session.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
    let arrays = (0..columns.partitions.len())
        .map(|at| path_values(files, at))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(files.len()));
    let batch = RecordBatch::try_new_with_options(schema, arrays, &options)?;
    let decided = expr.evaluate(&batch)?.into_array(files.len())?;
    let decided = as_boolean_array(&decided)?;
    Ok((0..files.len())
        .map(|at| decided.is_valid(at) && decided.value(at))
        .collect())
}

/// For each prefix, whether files below it may pass the filters, as far as its partitions tell.
/// What a prefix does not tell yet lets it in.
pub(super) fn by_folder(
    session: &dyn Session,
    filters: &[Expr],
    schema: &SchemaRef,
    columns: &TableColumns,
    folders: &[Arc<LakeFile>],
) -> Result<Vec<bool>> {
    let bounds: Vec<Bounds> = folders
        .iter()
        .map(|folder| Bounds::of_path(folder))
        .collect();
    let mut keep = by_bounds(session, filters, schema, columns, folders, &bounds)?;
    // Prefixes of one depth tell the same columns, as a rule.
    let mut by_known: BTreeMap<Vec<bool>, Vec<usize>> = BTreeMap::new();
    for (at, folder) in folders.iter().enumerate() {
        let known = folder.partitions.iter().map(Option::is_some).collect();
        by_known.entry(known).or_default().push(at);
    }
    for (known, places) in by_known {
        let tells = |name: &str| {
            let mut told = columns.partitions.iter().zip(&known);
            told.any(|(field, known)| *known && field.name() == name)
        };
        let decided: Vec<Expr> = filters
            .iter()
            .filter(|filter| {
                filter
                    .column_refs()
                    .iter()
                    .all(|column| tells(column.name()))
            })
            .cloned()
            .collect();
        let some: Vec<Arc<LakeFile>> = places.iter().map(|at| Arc::clone(&folders[*at])).collect();
        let let_in = by_path(session, &decided, columns, &some)?;
        for (at, let_in) in places.into_iter().zip(let_in) {
            keep[at] &= let_in;
        }
    }
    Ok(keep)
}

fn path_values(files: &[Arc<LakeFile>], at: usize) -> ArrayRef {
    let values: StringViewArray = files.iter().map(|file| file.path_value(at)).collect();
    Arc::new(values)
}

/// For each file, whether its bounds leave it a chance to hold a row that the filters let in.
pub(super) fn by_bounds(
    session: &dyn Session,
    filters: &[Expr],
    schema: &SchemaRef,
    columns: &TableColumns,
    files: &[Arc<LakeFile>],
    bounds: &[Bounds],
) -> Result<Vec<bool>> {
    let mut keep = vec![true; files.len()];
    let known = Known {
        schema,
        columns,
        files,
        bounds,
    };
    let df_schema = DFSchema::try_from(Arc::clone(schema))?;
    for filter in filters {
        // A filter that cannot be planned by itself, such as one over a subquery, prunes nothing.
        let Ok(expr) = session.create_physical_expr(filter.clone(), &df_schema) else {
            continue;
        };
        if let Some(chances) = chances(expr, schema, &known) {
            for (keep, chance) in keep.iter_mut().zip(chances) {
                *keep &= chance;
            }
        }
    }
    Ok(keep)
}

fn chances(
    expr: Arc<dyn PhysicalExpr>,
    schema: &SchemaRef,
    known: &Known<'_>,
) -> Option<Vec<bool>> {
    let predicate = PruningPredicateBuilder::new()
        .with_file_schema(Arc::clone(schema))
        .try_build(expr)
        .ok()?;
    predicate.prune(known).ok()
}

/// What is known of the files without reading rows.
struct Known<'a> {
    schema: &'a SchemaRef,
    columns: &'a TableColumns,
    files: &'a [Arc<LakeFile>],
    bounds: &'a [Bounds],
}

impl Known<'_> {
    fn values(&self, column: &Column, end: fn((i64, i64)) -> i64) -> Option<ArrayRef> {
        let path = self
            .columns
            .partitions
            .iter()
            .position(|field| field.name() == column.name());
        if let Some(at) = path {
            let values: StringViewArray = self
                .files
                .iter()
                .map(|file| match file.locations_below() {
                    // What stands for many files has many locations.
                    Some((least, _)) if at == PATH_AT && end((0, 1)) == 0 => Some(least.into()),
                    Some((_, greatest)) if at == PATH_AT => Some(greatest.into()),
                    _ => file.path_value(at),
                })
                .collect();
            return Some(Arc::new(values));
        }
        let wanted = self.schema.field_with_name(column.name()).ok()?.data_type();
        let array: ArrayRef = match column.name() {
            "time" => Arc::new(Int64Array::from_iter(
                self.bounds.iter().map(|bounds| bounds.time.map(end)),
            )),
            "time_dt" => Arc::new(
                TimestampMillisecondArray::from_iter(
                    self.bounds.iter().map(|bounds| bounds.time_dt.map(end)),
                )
                .with_timezone("UTC"),
            ),
            _ => return None,
        };
        cast(&array, wanted).ok()
    }
}

impl PruningStatistics for Known<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, |(low, _)| low)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        // One millisecond more, for what the footer's finer units lost.
        self.values(column, |(_, high)| high.saturating_add(1))
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(
        &self,
        _column: &Column,
        _values: &std::collections::HashSet<ScalarValue>,
    ) -> Option<BooleanArray> {
        None
    }
}
