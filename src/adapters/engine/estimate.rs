//! What a plan would read: files, bytes of the columns that it needs, rows.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::functions::core::getfield::GetFieldFunc;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::{ExecutionPlan, displayable};

use super::lake::LakeFile;
use super::source::{LakeSource, Scan};
use crate::domain::query::ScanEstimate;

/// What a plan would read; notes are left to the caller.
pub(super) fn estimate(plan: &Arc<dyn ExecutionPlan>) -> ScanEstimate {
    let mut tables: BTreeMap<String, Share> = BTreeMap::new();
    visit(plan, &mut tables);
    let mut estimate = ScanEstimate {
        plan: displayable(plan.as_ref()).indent(false).to_string(),
        ..ScanEstimate::default()
    };
    for (name, share) in tables {
        let files = share.files.len() as u64;
        let bytes = share.files.values().map(|(bytes, _)| bytes).sum();
        estimate.files += files;
        estimate.files_known += share.known;
        estimate.bytes += bytes;
        estimate.rows += share.files.values().map(|(_, rows)| rows).sum::<u64>();
        estimate.tables.push((name, files, bytes));
    }
    estimate.bytes_at_most = Some(estimate.bytes);
    estimate
}

/// One table's part: bytes and rows by file. A file that two scans read counts with the greater.
#[derive(Default)]
struct Share {
    known: u64,
    files: BTreeMap<PathBuf, (u64, u64)>,
}

fn visit(plan: &Arc<dyn ExecutionPlan>, tables: &mut BTreeMap<String, Share>) {
    if let Some(source) = plan.downcast_ref::<DataSourceExec>()
        && let Some(config) = source.data_source().downcast_ref::<FileScanConfig>()
        && let Some(lake) = config.file_source().downcast_ref::<LakeSource>()
    {
        add(config, lake, tables);
    }
    for child in plan.children() {
        visit(child, tables);
    }
}

fn add(config: &FileScanConfig, lake: &LakeSource, tables: &mut BTreeMap<String, Share>) {
    let scan = lake.scan();
    let needed = needed(lake);
    let share = tables.entry(scan.table.clone()).or_default();
    share.known = share.known.max(scan.files_known as u64);
    for file in config.file_groups.iter().flat_map(|group| group.files()) {
        let Some(file) = file.extension::<Arc<LakeFile>>() else {
            continue;
        };
        let read = measure(scan, file, &needed);
        let entry = share.files.entry(file.path.clone()).or_default();
        *entry = (entry.0.max(read.0), entry.1.max(read.1));
    }
}

/// The compressed bytes of a file's needed leaves, and its rows.
fn measure(scan: &Scan, file: &LakeFile, needed: &[Vec<String>]) -> (u64, u64) {
    let Ok(footer) = scan.footers.get(file) else {
        return (0, 0);
    };
    let bytes = footer
        .metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns())
        .filter(|leaf| {
            let path = leaf.column_path().parts();
            needed.iter().any(|needed| starts_with(path, needed))
        })
        .map(|leaf| u64::try_from(leaf.compressed_size()).unwrap_or(0))
        .sum();
    (bytes, footer.rows)
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
