//! One row as a tree: its columns, and inside nested values their fields, elements and entries.
//! Plain values: the store keeps a [`RecordView`], the record widget draws its [`Line`]s.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;

use super::cell::{Cell, Step};
use super::rows::{Column, Page};

/// An array or a map of more elements than this is folded until it is asked for.
const FEW: usize = 8;

/// At most so many elements of one array or map are listed.
const MOST: usize = 1_000;

/// How a person looks at a record: what is selected, in sight and unfolded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordView {
    /// The selected line.
    pub line: usize,
    /// The first line in sight.
    pub top: usize,
    /// Everything is unfolded, but for what was folded since.
    pub all: bool,
    /// Paths that are not as they are by default.
    pub toggled: BTreeSet<Vec<Step>>,
}

impl RecordView {
    /// Goes `by` lines down, or up when negative, in a record of so many lines.
    pub fn step(&mut self, by: isize, lines: usize, page: usize) {
        self.line = self.line.saturating_add_signed(by);
        self.fit(lines, page);
    }

    /// Brings the selection into bounds and into sight, as after a fold or a resize.
    pub fn fit(&mut self, lines: usize, page: usize) {
        let page = page.max(1);
        self.line = self.line.min(lines.saturating_sub(1));
        let lowest = (self.line + 1).saturating_sub(page);
        self.top = self.top.clamp(lowest, self.line);
    }

    /// Folds or unfolds a line of this record; on a leaf, its parent, which is then selected.
    pub fn toggle(&mut self, lines: &[Line<'_>]) {
        let Some(line) = lines.get(self.line) else {
            return;
        };
        let target = if line.fold.is_some() {
            Some(self.line)
        } else {
            let above = &lines[..self.line];
            above.iter().rposition(|other| other.depth < line.depth)
        };
        let Some(target) = target else { return };
        let path = lines[target].path.clone();
        if !self.toggled.remove(&path) {
            self.toggled.insert(path);
        }
        self.line = target;
    }

    /// Unfolds everything; when everything is, folds back to the default.
    pub fn unfold_all(&mut self) {
        self.all = !(self.all && self.toggled.is_empty());
        self.toggled.clear();
    }

    fn is_open(&self, path: &[Step], by_default: bool) -> bool {
        (self.all || by_default) != self.toggled.contains(path)
    }
}

/// A line of a record.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// How deep it lies; a column is at 0.
    pub depth: usize,
    /// Where the value lies in the row. Begins with the column's display name.
    pub path: Vec<Step>,
    /// The value.
    pub value: Cell<'a>,
    /// For a value with something inside: whether it is unfolded.
    pub fold: Option<bool>,
    /// Elements that are not listed after this one, of the array or map that it ends.
    pub left_out: usize,
}

impl Line<'_> {
    /// What the line is called: the last step of its path.
    pub fn label(&self) -> String {
        match self.path.last() {
            Some(Step::Field(name) | Step::Key(name)) => name.clone(),
            Some(Step::Index(index)) => format!("[{index}]"),
            None => String::new(),
        }
    }
}

/// The lines of a row that lies in a page, with everything unfolded that the view has so.
pub fn lines<'a>(
    page: &'a Page,
    columns: &[Column],
    row: usize,
    view: &RecordView,
) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let Some(row) = row.checked_sub(page.first_row) else {
        return lines;
    };
    if row < page.batch.num_rows() {
        add_columns(&page.batch, columns, row, view, &mut lines);
    }
    lines
}

fn add_columns<'a>(
    batch: &'a RecordBatch,
    columns: &[Column],
    row: usize,
    view: &RecordView,
    lines: &mut Vec<Line<'a>>,
) {
    let schema = batch.schema_ref();
    for (index, array) in batch.columns().iter().enumerate() {
        let name = columns
            .get(index)
            .map_or_else(|| schema.field(index).name(), |column| &column.name);
        let path = vec![Step::Field(name.clone())];
        add(&path, &Cell::of(array.as_ref(), row), view, lines);
    }
}

fn add<'a>(path: &[Step], value: &Cell<'a>, view: &RecordView, lines: &mut Vec<Line<'a>>) {
    let size = match value {
        Cell::Struct(fields) => fields.len(),
        Cell::List(list) => list.len(),
        Cell::Map(map) => map.len(),
        _ => 0,
    };
    let by_default = match value {
        // A row value without any value inside says nothing when unfolded.
        Cell::Struct(fields) => fields.iter().any(|(_, cell)| !cell.is_null()),
        _ => size <= FEW,
    };
    let open = size > 0 && view.is_open(path, by_default);
    let line = Line {
        depth: path.len().saturating_sub(1),
        path: path.to_vec(),
        value: value.clone(),
        fold: (size > 0).then_some(open),
        left_out: 0,
    };
    lines.push(line);
    if !open {
        return;
    }
    let inner = |step: Step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
    match value {
        Cell::Struct(fields) => {
            for (name, cell) in fields.iter() {
                add(&inner(Step::Field(name.to_owned())), &cell, view, lines);
            }
        }
        Cell::List(list) => {
            for (index, cell) in list.iter().enumerate().take(MOST) {
                add(&inner(Step::Index(index + 1)), &cell, view, lines);
            }
        }
        Cell::Map(map) => {
            for (key, cell) in map.iter().take(MOST) {
                let key = key.text(super::cell::TimeStyle::Athena).unwrap_or_default();
                add(&inner(Step::Key(key)), &cell, view, lines);
            }
        }
        _ => {}
    }
    if !matches!(value, Cell::Struct(_))
        && size > MOST
        && let Some(last) = lines.last_mut()
    {
        last.left_out = size - MOST;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::*;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;
    use crate::domain::cell::display_path;

    fn page() -> Page {
        let user = StructArray::from(vec![
            (
                Arc::new(Field::new("uid", DataType::Utf8, true)),
                Arc::new(StringArray::from(vec![Some("u1"), None])) as ArrayRef,
            ),
            (
                Arc::new(Field::new("type", DataType::Utf8, true)),
                Arc::new(StringArray::from(vec![Some("Root"), None])) as ArrayRef,
            ),
        ]);
        let mut list = ListBuilder::new(Int64Builder::new());
        list.append_value((0..3_000).map(Some));
        list.append_value([Some(7)]);
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![1, 2])),
            Arc::new(user),
            Arc::new(list.finish()),
        ];
        let fields: Vec<_> = ["n", "user", "list"]
            .iter()
            .zip(&arrays)
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
            .collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        Page {
            batch,
            first_row: 10,
        }
    }

    fn paths(page: &Page, row: usize, view: &RecordView) -> Vec<String> {
        let columns = ["n", "user", "list"].map(|name| Column { name: name.into() });
        lines(page, &columns, row, view)
            .iter()
            .map(|line| display_path(&line.path))
            .collect()
    }

    #[test]
    fn rows_unfold_by_themselves_long_arrays_on_demand() {
        let page = page();
        let mut view = RecordView::default();
        assert_eq!(
            paths(&page, 10, &view),
            ["n", "user", "user.uid", "user.type", "list"]
        );
        assert_eq!(
            paths(&page, 11, &view),
            ["n", "user", "list", "list[1]"],
            "an empty row value stays folded"
        );
        assert!(paths(&page, 12, &view).is_empty() && paths(&page, 9, &view).is_empty());
        view.line = 4;
        view.toggle(&lines(&page, &[], 10, &view));
        let all = lines(&page, &[], 10, &view);
        assert_eq!(all.len(), 5 + MOST);
        assert_eq!(all.last().unwrap().left_out, 2_000);
    }

    #[test]
    fn a_leaf_folds_its_parent() {
        let page = page();
        let mut view = RecordView {
            line: 3,
            ..RecordView::default()
        };
        view.toggle(&lines(&page, &[], 10, &view));
        assert_eq!(paths(&page, 10, &view), ["n", "user", "list"]);
        assert_eq!(view.line, 1);
        view.toggle(&lines(&page, &[], 10, &view));
        assert_eq!(paths(&page, 10, &view).len(), 5);
        view.line = 0;
        view.toggle(&lines(&page, &[], 10, &view));
        assert_eq!(
            paths(&page, 10, &view).len(),
            5,
            "a column without inside has nothing to fold"
        );
    }

    #[test]
    fn everything_unfolds_and_folds_back() {
        let page = page();
        let mut view = RecordView::default();
        view.unfold_all();
        assert_eq!(paths(&page, 11, &view).len(), 6);
        view.unfold_all();
        assert_eq!(view, RecordView::default());
    }

    #[test]
    fn the_selection_stays_in_bounds_and_sight() {
        let mut view = RecordView::default();
        view.step(30, 20, 5);
        assert_eq!((view.line, view.top), (19, 15));
        view.step(-2, 20, 5);
        assert_eq!((view.line, view.top), (17, 15));
        view.step(-100, 20, 5);
        assert_eq!((view.line, view.top), (0, 0));
        view.step(1, 0, 0);
        assert_eq!((view.line, view.top), (0, 0));
    }
}
