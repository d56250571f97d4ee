//! What a timeline is made of: pins, and results as a whole.

use std::collections::HashMap;

use super::item::{Grouping, Moment, TimelineItem};
use super::outline::{Mark, Outline};
use super::reader::RowReader;
use crate::domain::rows::{Rows, RowsHandle};

/// Pins, and whole results behind their handles.
pub struct Sources<'a> {
    pins: &'a [TimelineItem],
    results: Vec<Whole>,
}

/// A result that is in a timeline as a whole.
struct Whole {
    title: String,
    /// Its rows and how they are read; `None` where it was closed meanwhile.
    rows: Option<(RowsHandle, RowReader)>,
}

/// What is held of a result's rows: moments in order, and a group of each row where rows have any.
#[derive(Default)]
struct Run {
    moments: Vec<(Moment, u32)>,
    /// The group of a row, by its place among the names.
    groups: Vec<Option<u32>>,
}

impl<'a> Sources<'a> {
    /// Pins by time, which are run 0 of the outline, and results by title, a run each; one whose
    /// rows are gone has an empty run.
    pub fn new(
        pins: &'a [TimelineItem],
        results: impl IntoIterator<Item = (String, Option<RowsHandle>)>,
    ) -> Self {
        let whole = |(title, rows): (String, Option<RowsHandle>)| Whole {
            title,
            rows: rows.map(|rows| {
                let reader = RowReader::new(&rows.schema(), rows.columns());
                (rows, reader)
            }),
        };
        Self {
            pins,
            results: results.into_iter().map(whole).collect(),
        }
    }

    /// Merges everything. Each result is read once, page by page; of its rows only times are held.
    /// `threshold` is how long a gap is worth a line, where the usual rule is not to decide.
    pub fn outline(&self, grouping: Grouping, threshold: Option<Moment>) -> Outline {
        let mut names = Names::default();
        let mut moments = vec![
            self.pins
                .iter()
                .map(TimelineItem::moment)
                .zip(0..)
                .collect(),
        ];
        let mut groups = vec![Vec::new()];
        for whole in &self.results {
            let run = match &whole.rows {
                Some((rows, reader)) => read(rows.as_ref(), reader, grouping, &mut names),
                None => Run::default(),
            };
            moments.push(run.moments);
            groups.push(run.groups);
        }
        Outline::new(moments, grouping, threshold, |mark| {
            let row = mark.row as usize;
            if mark.run == 0 {
                let pin = self.pins.get(row);
                return pin.map(|pin| pin.groups(grouping)).unwrap_or_default();
            }
            let run: Option<&Vec<Option<u32>>> = groups.get(mark.run as usize);
            let name = run.and_then(|run| run.get(row).copied().flatten());
            let name = name.and_then(|name| names.texts.get(name as usize));
            name.cloned().into_iter().collect()
        })
    }

    /// The item of a mark; `None` where its result was closed, or its rows cannot be read back.
    pub fn item(&self, mark: &Mark) -> Option<TimelineItem> {
        let row = mark.row as usize;
        let Some(result) = (mark.run as usize).checked_sub(1) else {
            return self.pins.get(row).cloned();
        };
        let whole = self.results.get(result)?;
        let (rows, reader) = whole.rows.as_ref()?;
        let page = rows.page(row)?;
        let at = row.checked_sub(page.first_row)?;
        Some(reader.item(&page.batch, at, &whole.title, row))
    }
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

fn read(rows: &dyn Rows, reader: &RowReader, grouping: Grouping, names: &mut Names) -> Run {
    let mut run = Run {
        moments: Vec::with_capacity(rows.len()),
        groups: Vec::new(),
    };
    let mut next = 0;
    while next < rows.len() {
        // A page that cannot be read back has no rows to show either.
        let Some(page) = rows.page(next) else { break };
        for row in next.saturating_sub(page.first_row)..page.batch.num_rows() {
            let number = u32::try_from(page.first_row + row).unwrap_or(u32::MAX);
            run.moments.push((reader.moment(&page.batch, row), number));
            let group = match grouping {
                Grouping::None | Grouping::Tag => continue,
                Grouping::Entity => reader
                    .entity(&page.batch, row, None)
                    .map(|entity| entity.to_string()),
                Grouping::Stage => reader.stage(&page.batch, row),
            };
            run.groups.push(group.map(|name| names.place(name)));
        }
        next = (page.first_row + page.batch.num_rows()).max(next + 1);
    }
    // Most results come in the order of time: those are not sorted again.
    if !run.moments.is_sorted_by_key(|(at, _)| *at) {
        run.moments.sort_by_key(|(at, _)| *at);
    }
    run
}
