//! The timeline's work on rows, done off the loop: outlines and exports.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono_tz::Tz;

use super::Effects;
use super::rows::in_place;
use crate::domain::format::Format;
use crate::domain::rows::RowsHandle;
use crate::domain::timeline::{Outline, Sources, table};
use crate::export::Writer;
use crate::store::effect::{ExportId, OrderId};
use crate::store::event::Event;
use crate::store::timeline::TimelineRequest;

/// The rows of a result that is in the timeline; `None` where it was closed meanwhile.
type Given = Option<RowsHandle>;

impl Effects {
    /// Makes the outline of a timeline.
    pub(super) fn timeline(&self, id: OrderId, request: TimelineRequest) {
        let results = self.given(&request);
        self.blocking(move || {
            let outline = Arc::new(outline(&request, &results));
            Some(Event::Timeline { id, outline })
        });
    }

    /// Writes a timeline to a file.
    pub(super) fn export_timeline(
        &self,
        id: ExportId,
        request: TimelineRequest,
        outline: Arc<Outline>,
        how: (Tz, Format),
        path: PathBuf,
    ) {
        let results = self.given(&request);
        self.blocking(move || {
            let count = export(&request, &outline, &results, how, &path);
            let place = |n| (std::path::absolute(&path).unwrap_or(path), n);
            Some(Event::Exported {
                id,
                outcome: count.map(place),
            })
        });
    }

    /// The rows of the results that are in a timeline.
    fn given(&self, request: &TimelineRequest) -> Vec<Given> {
        let runs = self.lock_runs();
        let rows = request.results.iter();
        rows.map(|(query, _)| runs.get(query).and_then(|run| run.rows.clone()))
            .collect()
    }
}

fn sources<'a>(request: &'a TimelineRequest, results: &[Given]) -> Sources<'a> {
    let titles = request.results.iter().map(|(_, title)| title.clone());
    Sources::new(&request.pins, titles.zip(results.iter().cloned()))
}

/// Merges pins and whole results.
fn outline(request: &TimelineRequest, results: &[Given]) -> Outline {
    sources(request, results).outline(request.grouping, None)
}

/// Writes a timeline to a file that must not exist; gives the number of its lines.
fn export(
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
