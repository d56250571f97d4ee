//! Work on a result's rows, done off the loop: orders, finds, exports.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;

use crate::adapters::results::{Keep, filter, sort, sort_by_key};
use crate::domain::cell::TimeStyle;
use crate::domain::format::Format;
use crate::domain::rows::Rows;
use crate::export::Writer;
use crate::store::effect::OrderSpec;

/// The numbers of the rows to show, in the order to show them; `None` for all as they came.
fn shown(rows: &dyn Rows, spec: &OrderSpec, style: TimeStyle) -> Option<Vec<u32>> {
    let keep = Keep {
        contains: spec.contains.clone(),
        same_as: spec.same_as.map(|cell| (cell.row, cell.column)),
    };
    let kept = (keep != Keep::default()).then(|| filter(rows, &keep, style));
    if let Some(surprise) = &spec.surprise {
        let surprise = |row| surprise.0.surprise(row);
        return Some(sort_by_key(rows, kept.as_deref(), surprise));
    }
    match spec.sort {
        Some(by) => Some(sort(rows, kept.as_deref(), by.column, by.descending, style)),
        None => kept,
    }
}

/// The row numbers of an order.
pub(super) fn order(rows: &dyn Rows, spec: &OrderSpec, style: TimeStyle) -> Arc<[u32]> {
    shown(rows, spec, style).unwrap_or_default().into()
}

/// The places, in the shown order, of the rows that contain a text.
pub(super) fn find(rows: &dyn Rows, spec: &OrderSpec, text: &str, style: TimeStyle) -> Arc<[u32]> {
    let keep = Keep {
        contains: Some(text.to_owned()),
        same_as: None,
    };
    let found = filter(rows, &keep, style);
    let Some(order) = shown(rows, spec, style) else {
        return found.into();
    };
    // `found` ascends by row number, so each shown row is looked up by halving.
    let places = (0u32..)
        .zip(&order)
        .filter(|(_, row)| found.binary_search(row).is_ok());
    places.map(|(place, _)| place).collect()
}

/// Writes the shown rows to a file that must not exist; gives their number. The file has its name
/// only when it is whole.
pub(super) fn export(
    rows: &dyn Rows,
    spec: &OrderSpec,
    format: Format,
    path: &Path,
    style: TimeStyle,
) -> Result<u64, String> {
    in_place(path, |out| write(rows, spec, format, out, style))
}

/// Writes a file that must not exist, under another name until it is whole.
pub(super) fn in_place(
    path: &Path,
    write: impl FnOnce(BufWriter<&File>) -> Result<u64, String>,
) -> Result<u64, String> {
    if path.exists() {
        return Err(format!(
            "{} exists already; choose another name",
            path.display()
        ));
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let written = File::create(part)
        .map_err(|error| error.to_string())
        .and_then(|file| {
            let count = write(BufWriter::new(&file))?;
            file.sync_all().map_err(|error| error.to_string())?;
            fs::rename(part, path).map_err(|error| error.to_string())?;
            Ok(count)
        });
    if written.is_err() {
        // The part may not even exist.
        let _ = fs::remove_file(part);
    }
    written.map_err(|reason| format!("{}: {reason}", path.display()))
}

fn write(
    rows: &dyn Rows,
    spec: &OrderSpec,
    format: Format,
    out: BufWriter<&File>,
    style: TimeStyle,
) -> Result<u64, String> {
    let mut writer = Writer::new(format, &rows.schema(), rows.columns(), out)
        .map_err(|error| error.to_string())?;
    for batch in batches(rows, shown(rows, spec, style)) {
        writer.write(&batch?).map_err(|error| error.to_string())?;
    }
    writer.finish().map_err(|error| error.to_string())
}

/// The shown rows as batches: a page at a time as they came, else a run of neighbours at a time.
fn batches(
    rows: &dyn Rows,
    order: Option<Vec<u32>>,
) -> Box<dyn Iterator<Item = Result<RecordBatch, String>> + '_> {
    let unreadable = || "a part of the result that lay on the disk cannot be read back".to_owned();
    let Some(order) = order else {
        let mut next = 0;
        return Box::new(std::iter::from_fn(move || {
            if next >= rows.len() {
                return None;
            }
            let Some(page) = rows.page(next) else {
                next = usize::MAX;
                return Some(Err(unreadable()));
            };
            next = page.first_row + page.batch.num_rows();
            Some(Ok(page.batch))
        }));
    };
    let mut at = 0;
    Box::new(std::iter::from_fn(move || {
        let first = *order.get(at)?;
        let Some(page) = rows.page(first as usize) else {
            at = order.len();
            return Some(Err(unreadable()));
        };
        let end = page.first_row + page.batch.num_rows();
        let in_page = |row: &&u32| (page.first_row..end).contains(&(**row as usize));
        let run = order[at..].iter().take_while(in_page);
        let indices: UInt32Array = run
            .map(|row| u32::try_from(*row as usize - page.first_row).unwrap_or(0))
            .collect();
        at += indices.len();
        Some(take_record_batch(&page.batch, &indices).map_err(|error| error.to_string()))
    }))
}

#[cfg(test)]
mod tests;
