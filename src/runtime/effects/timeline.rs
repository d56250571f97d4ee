//! The timeline's work on rows, done off the loop: outlines and exports.

use std::path::Path;

use chrono_tz::Tz;

use super::rows::in_place;
use crate::domain::format::Format;
use crate::domain::rows::RowsHandle;
use crate::domain::timeline::{Outline, Sources, table};
use crate::export::Writer;
use crate::store::timeline::TimelineRequest;

/// The rows of a result that is in the timeline; `None` where it was closed meanwhile.
pub(super) type Given = Option<RowsHandle>;

fn sources<'a>(request: &'a TimelineRequest, results: &[Given]) -> Sources<'a> {
    let titles = request.results.iter().map(|(_, title)| title.clone());
    Sources::new(&request.pins, titles.zip(results.iter().cloned()))
}

/// Merges pins and whole results.
pub(super) fn outline(request: &TimelineRequest, results: &[Given]) -> Outline {
    sources(request, results).outline(request.grouping, None)
}

/// Writes a timeline to a file that must not exist; gives the number of its lines.
pub(super) fn export(
    request: &TimelineRequest,
    outline: &Outline,
    results: &[Given],
    (zone, format): (Tz, Format),
    path: &Path,
) -> Result<u64, String> {
    let sources = sources(request, results);
    in_place(path, |out| {
        let rows = table(outline, request.grouping, zone, |mark| sources.item(mark));
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
