//! The timeline's work on rows, done off the loop: outlines and exports.

use std::collections::HashMap;
use std::path::Path;

use chrono_tz::Tz;

use super::rows::in_place;
use crate::domain::format::Format;
use crate::domain::rows::{Rows, RowsHandle};
use crate::domain::timeline::{Grouping, Mark, Moment, Outline, RowReader, TimelineItem, table};
use crate::export::Writer;
use crate::store::timeline::TimelineRequest;

/// The rows of a result that is in the timeline; `None` where it was closed meanwhile.
pub(super) type Given = Option<RowsHandle>;

/// What is held of a result's rows: moments in order, and a group of each row where rows have any.
struct Run {
    moments: Vec<(Moment, u32)>,
    /// The group of a row, by its place among the names.
    groups: Vec<Option<u32>>,
}

/// Merges pins and whole results.
pub(super) fn outline(request: &TimelineRequest, results: &[Given]) -> Outline {
    let mut names = Names::default();
    let pins = Run {
        moments: request
            .pins
            .iter()
            .map(TimelineItem::moment)
            .zip(0..)
            .collect(),
        groups: Vec::new(),
    };
    let others = results.iter().map(|given| match given {
        Some(rows) => run_of(rows.as_ref(), request.grouping, &mut names),
        None => Run {
            moments: Vec::new(),
            groups: Vec::new(),
        },
    });
    let (moments, groups): (Vec<_>, Vec<_>) = std::iter::once(pins)
        .chain(others.collect::<Vec<_>>())
        .map(|run| (run.moments, run.groups))
        .unzip();
    Outline::new(moments, request.grouping, None, |mark: Mark| {
        let row = mark.row as usize;
        if mark.run == 0 {
            let pin = request.pins.get(row);
            return pin
                .map(|pin| pin.groups(request.grouping))
                .unwrap_or_default();
        }
        let of_run = groups.get(mark.run as usize);
        let name = of_run.and_then(|run: &Vec<Option<u32>>| run.get(row).copied().flatten());
        name.and_then(|name| names.texts.get(name as usize).cloned())
            .into_iter()
            .collect()
    })
}

/// Texts, each held once.
#[derive(Default)]
struct Names {
    texts: Vec<String>,
    places: HashMap<String, u32>,
}

impl Names {
    fn place(&mut self, text: String) -> u32 {
        *self.places.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// Reads a result once, page by page.
fn run_of(rows: &dyn Rows, grouping: Grouping, names: &mut Names) -> Run {
    let reader = RowReader::new(&rows.schema(), rows.columns());
    let mut run = Run {
        moments: Vec::with_capacity(rows.len()),
        groups: Vec::new(),
    };
    let mut next = 0;
    while next < rows.len() {
        // A page that cannot be read back has no rows to show either.
        let Some(page) = rows.page(next) else { break };
        for row in next - page.first_row..page.batch.num_rows() {
            let number = u32::try_from(page.first_row + row).unwrap_or(u32::MAX);
            run.moments.push((reader.moment(&page.batch, row), number));
            let group = match grouping {
                Grouping::None | Grouping::Tag => continue,
                Grouping::Entity => reader
                    .entity(&page.batch, row, &|_| false)
                    .map(|entity| entity.to_string()),
                Grouping::Stage => reader.stage(&page.batch, row),
            };
            run.groups.push(group.map(|name| names.place(name)));
        }
        next = page.first_row + page.batch.num_rows();
    }
    if !run.moments.is_sorted_by_key(|(at, _)| *at) {
        run.moments.sort_by_key(|(at, _)| *at);
    }
    run
}

/// Writes a timeline to a file that must not exist; gives the number of its lines.
pub(super) fn export(
    request: &TimelineRequest,
    outline: &Outline,
    results: &[Given],
    (zone, format): (Tz, Format),
    path: &Path,
) -> Result<u64, String> {
    let readers: Vec<Option<(&str, &dyn Rows, RowReader)>> = results
        .iter()
        .zip(&request.results)
        .map(|(given, (_, title))| {
            let rows = given.as_ref()?;
            let reader = RowReader::new(&rows.schema(), rows.columns());
            Some((title.as_str(), rows.as_ref(), reader))
        })
        .collect();
    let item = |number: u32| {
        let mark = outline.mark(number)?;
        let row = mark.row as usize;
        let Some(result) = (mark.run as usize).checked_sub(1) else {
            return request.pins.get(row).cloned();
        };
        let (title, rows, reader) = readers.get(result)?.as_ref()?;
        let page = rows.page(row)?;
        let at = row.checked_sub(page.first_row)?;
        Some(reader.item(&page.batch, at, title, row))
    };
    in_place(path, |out| {
        let rows = table(outline, request.grouping, zone, item);
        let mut writer = Writer::new(format, &rows.schema, &rows.columns, out)
            .map_err(|error| error.to_string())?;
        for batch in rows {
            let batch = batch.map_err(|error| error.to_string())?;
            writer.write(&batch).map_err(|error| error.to_string())?;
        }
        writer.finish().map_err(|error| error.to_string())
    })
}

#[cfg(test)]
mod tests;
