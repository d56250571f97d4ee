//! The console's timeline: pins of the open case and whole results, by the time at which things
//! happened.
//!
//! Owns what is in it, how it is grouped, which line is chosen, and the brush. Merging is work for
//! the runtime ([`super::effect::Effect::Timeline`]); its answer is shown together with the request that it
//! answers, so that a line never leads to another item's row.

mod brush;
mod update;

use std::ops::Range;
use std::sync::Arc;

pub(in crate::store) use brush::typed;
pub use brush::{Span, range_told, strip};
pub use update::{accept, answer, choose_file, close, open, pins_changed, step, update};

use super::effect::{ExportId, OrderId};
use super::state::State;
use crate::domain::query::QueryId;
use crate::domain::timeline::{Brush, Grouping, Line, Mark, Outline, RowReader, TimelineItem};

/// What a timeline is made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimelineRequest {
    /// The pins, by time: the first run of the outline.
    pub pins: Arc<[TimelineItem]>,
    /// Results that are in it as a whole, with their titles: a run each, in this order.
    pub results: Vec<(QueryId, String)>,
    /// By what items are put together.
    pub grouping: Grouping,
}

/// The timeline.
#[derive(Debug, Default)]
pub struct Timeline {
    /// What is to be in it.
    pub wanted: TimelineRequest,
    /// What is in the outline that is shown.
    pub shown: TimelineRequest,
    /// Which request they answer: another one is another outline.
    pub made: Option<OrderId>,
    /// The lines that are shown.
    pub outline: Arc<Outline>,
    /// The outline that was asked for and has not come.
    pub asked: Option<(OrderId, TimelineRequest)>,
    /// The chosen line.
    pub selected: usize,
    /// The marked part of the time.
    pub brush: Option<Brush>,
    /// What the strip shows, in milliseconds since 1970; `None` shows everything.
    pub zoom: Option<Range<i64>>,
    /// The export of it that is under way.
    pub exporting: Option<ExportId>,
    /// Whether the open page was opened from it, and leads back to it.
    pub under: bool,
}

impl Timeline {
    /// The mark of the chosen line; `None` on the head of a group or a gap.
    pub fn selected_mark(&self) -> Option<&Mark> {
        match self.outline.lines.get(self.selected)? {
            Line::Item(number) => self.outline.mark(*number),
            Line::Group(_) | Line::Gap { .. } => None,
        }
    }
}

/// The item of a mark of the shown outline; `None` where its result was closed.
pub fn item(state: &State, mark: &Mark) -> Option<TimelineItem> {
    let shown = &state.timeline.shown;
    let row = mark.row as usize;
    let Some(result) = (mark.run as usize).checked_sub(1) else {
        return shown.pins.get(row).cloned();
    };
    let (query, title) = shown.results.get(result)?;
    let tab = state.results.tabs.iter().find(|tab| tab.query == *query)?;
    let rows = tab.rows.as_ref()?;
    let page = rows.page(row)?;
    let reader = RowReader::new(&rows.schema(), rows.columns());
    let at = row.checked_sub(page.first_row)?;
    Some(reader.item(&page.batch, at, title, row))
}

#[cfg(test)]
mod tests;
