//! What a plan would read: files, bytes of the columns that it needs, rows.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::functions::core::getfield::GetFieldFunc;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::{ExecutionPlan, displayable};
use parquet::file::metadata::RowGroupMetaData;

use super::footer::Footer;
use super::lake::{Home, LakeFile};
use super::source::{LakeSource, Scan};
use super::storage::s3::{PART, coalesce, tail_of};
use crate::domain::query::ScanEstimate;

/// The ends of a table's objects on S3, which were read for their footers, whether the plan reads
/// more of them or not.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Ends {
    pub objects: u64,
    pub bytes: u64,
    pub requests: u64,
}

impl Ends {
    /// One object more.
    pub(super) fn add(&mut self, size: u64, footer: &Footer) {
        let tail = tail_of(size);
        self.objects += 1;
        self.bytes += tail.end - tail.start;
        self.requests += 1;
        // The footer ends eight bytes before the object does; a longer one is asked for as a whole.
        if footer.encoded + 8 > tail.end - tail.start {
            self.bytes += footer.encoded;
            self.requests += 1;
        }
    }
}

/// Whose reading of objects on S3 is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// This engine's, which fetches the objects' ends, and what lies between neighbours.
    Here,
    /// A service's, which asks money for the needed columns alone.
    Service,
}

/// What a plan would read, with the ends of objects that planning has read, by table; notes are left
/// to the caller.
pub(super) fn estimate(
    plan: &Arc<dyn ExecutionPlan>,
    ends: &BTreeMap<String, Ends>,
    reader: Reader,
) -> ScanEstimate {
    let mut tables: BTreeMap<String, Share> = BTreeMap::new();
    visit(plan, reader, &mut tables);
    for (table, ends) in ends {
        // A statement that the footers alone answer has no scan.
        let share = tables.entry(table.clone()).or_default();
        share.known = share.known.max(ends.objects);
    }
    let mut estimate = ScanEstimate {
        plan: displayable(plan.as_ref()).indent(false).to_string(),
        ..ScanEstimate::default()
    };
    let (mut requests, mut footers, mut looked_into) = (0, 0, 0);
    for (name, share) in tables {
        let files = share.files.len() as u64;
        let sum = |part: fn(&Read) -> u64| share.files.values().map(part).sum::<u64>();
        let ends = ends.get(&name).copied().unwrap_or_default();
        looked_into += ends.objects;
        let ends = match reader {
            Reader::Here => ends,
            Reader::Service => Ends::default(),
        };
        let bytes = sum(|read| read.bytes) + ends.bytes;
        requests += sum(|read| read.requests) + ends.requests;
        footers += ends.bytes;
        estimate.files += files;
        estimate.files_known += share.known;
        estimate.bytes += bytes;
        estimate.rows += sum(|read| read.rows);
        estimate.tables.push((name, files, bytes));
    }
    estimate.bytes_at_most = Some(estimate.bytes);
    if looked_into > 0 && reader == Reader::Service {
        estimate.basis = vec![format!(
            "counted: the needed columns of {} objects on S3, as their footers tell; less where row \
             groups are left out by their statistics, or where LIMIT ends the reading",
            estimate.files
        )];
    } else if requests > 0 {
        estimate.basis = vec![
            format!(
                "counted: the objects that partitions and times leave were listed and their footers \
                 read; nothing is taken as fetched before, {footers} bytes are the objects' ends, \
                 which hold the footers, the rest is the needed columns by some {requests} requests"
            ),
            "less where row groups or pages are left out by their statistics or by an earlier \
             filter, where LIMIT ends the reading, or where the disk cache has it"
                .to_owned(),
        ];
    }
    estimate
}

/// What is read of one file.
#[derive(Default, Clone, Copy)]
struct Read {
    bytes: u64,
    rows: u64,
    /// Requests, where it lies on S3.
    requests: u64,
}

/// One table's part, by file. A file that two scans read counts with the greater.
#[derive(Default)]
struct Share {
    known: u64,
    files: BTreeMap<OsString, Read>,
}

fn visit(plan: &Arc<dyn ExecutionPlan>, reader: Reader, tables: &mut BTreeMap<String, Share>) {
    if let Some(source) = plan.downcast_ref::<DataSourceExec>()
        && let Some(config) = source.data_source().downcast_ref::<FileScanConfig>()
        && let Some(lake) = config.file_source().downcast_ref::<LakeSource>()
    {
        add(config, lake, reader, tables);
    }
    for child in plan.children() {
        visit(child, reader, tables);
    }
}

fn add(
    config: &FileScanConfig,
    lake: &LakeSource,
    reader: Reader,
    tables: &mut BTreeMap<String, Share>,
) {
    let scan = lake.scan();
    let needed = needed(lake);
    let share = tables.entry(scan.table.clone()).or_default();
    share.known = share.known.max(scan.files_known as u64);
    for file in config.file_groups.iter().flat_map(|group| group.files()) {
        let Some(file) = file.extension::<Arc<LakeFile>>() else {
            continue;
        };
        let read = measure(scan, file, &needed, reader);
        let path = file.path.as_os_str().to_owned();
        let entry = share.files.entry(path).or_default();
        if read.bytes >= entry.bytes {
            *entry = read;
        }
    }
}

/// The compressed bytes of a file's needed leaves, and its rows. Of an object on S3 the bytes that
/// its reader asks for: the needed leaves that lie before its end, with the gaps that are cheaper to
/// fetch than to leave out.
fn measure(scan: &Scan, file: &LakeFile, needed: &[Vec<String>], reader: Reader) -> Read {
    let Ok(footer) = scan.footers.get(file) else {
        return Read::default();
    };
    let leaves = |group: &RowGroupMetaData| -> Vec<Range<u64>> {
        let leaves = group.columns().iter().filter(|leaf| {
            let path = leaf.column_path().parts();
            needed.iter().any(|needed| starts_with(path, needed))
        });
        leaves
            .map(|leaf| {
                let (start, length) = leaf.byte_range();
                start..start.saturating_add(length)
            })
            .collect()
    };
    let groups = footer.metadata.row_groups().iter().map(leaves);
    if file.home == Home::Disk || reader == Reader::Service {
        let leaves = groups.flatten().map(|leaf| leaf.end - leaf.start);
        return Read {
            bytes: leaves.sum(),
            rows: footer.rows,
            ..Read::default()
        };
    }
    let tail = tail_of(file.size);
    let mut read = Read {
        rows: footer.rows,
        ..Read::default()
    };
    for mut ranges in groups {
        ranges.retain(|range| range.end > range.start && !within(&tail, range));
        for run in coalesce(&ranges) {
            read.bytes += run.end - run.start;
            read.requests += (run.end - run.start).div_ceil(PART);
        }
    }
    read
}

/// Whether the object's end, which is at hand, has the range.
fn within(tail: &Range<u64>, range: &Range<u64>) -> bool {
    tail.start <= range.start && range.end <= tail.end
}

/// Whether a leaf belongs to a column or field; files may spell names in another case.
fn starts_with(leaf: &[String], needed: &[String]) -> bool {
    leaf.len() >= needed.len()
        && leaf
            .iter()
            .zip(needed)
            .all(|(leaf, needed)| leaf.eq_ignore_ascii_case(needed))
}

/// The columns and fields that a scan's expressions name.
fn needed(source: &LakeSource) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let projected = source.projection().into_iter().flat_map(|projection| {
        projection
            .iter()
            .map(|projected| Arc::clone(&projected.expr))
    });
    for expr in projected.chain(source.filter()) {
        // The visitor below never fails.
        let _ = expr.apply(|node| {
            Ok(match path_of(node) {
                Some(path) => {
                    paths.push(path);
                    TreeNodeRecursion::Jump
                }
                None => TreeNodeRecursion::Continue,
            })
        });
    }
    paths
}

/// A column, or a field of one, as its path.
fn path_of(expr: &Arc<dyn PhysicalExpr>) -> Option<Vec<String>> {
    if let Some(column) = expr.downcast_ref::<Column>() {
        return Some(vec![column.name().to_owned()]);
    }
    let call = ScalarFunctionExpr::try_downcast_func::<GetFieldFunc>(expr.as_ref())?;
    let (base, fields) = call.args().split_first()?;
    let mut path = path_of(base)?;
    for field in fields {
        let literal = field.downcast_ref::<Literal>()?;
        let name = match literal.value() {
            ScalarValue::Utf8(Some(name))
            | ScalarValue::Utf8View(Some(name))
            | ScalarValue::LargeUtf8(Some(name)) => name,
            _ => return Some(path),
        };
        path.push(name.clone());
    }
    Some(path)
}
