//! Arrays, rows and maps: borrowed, taken apart one element at a time.

use std::ops::Range;

use arrow::array::{Array, AsArray as _, MapArray, OffsetSizeTrait, StructArray};
use arrow::datatypes::{ArrowNativeType as _, DataType};

use super::Cell;

/// An array's elements in one row.
#[derive(Debug, Clone)]
pub struct List<'a> {
    values: &'a dyn Array,
    range: Range<usize>,
}

impl<'a> List<'a> {
    /// The elements of a row; `None` when the array is no list.
    pub(super) fn of(array: &'a dyn Array, row: usize) -> Option<Self> {
        let (values, range) = match array.data_type() {
            DataType::List(_) => offsets::<i32>(array, row),
            DataType::LargeList(_) => offsets::<i64>(array, row),
            DataType::ListView(_) => view::<i32>(array, row),
            DataType::LargeListView(_) => view::<i64>(array, row),
            DataType::FixedSizeList(_, length) => {
                let length = usize::try_from(*length).ok()?;
                let list = array.as_fixed_size_list();
                let start = usize::try_from(list.value_offset(row)).ok()?;
                (list.values().as_ref(), start..start + length)
            }
            _ => return None,
        };
        Some(Self { values, range })
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The element at a place, counted from 0; past the end it is NULL.
    pub fn get(&self, index: usize) -> Cell<'a> {
        if index < self.len() {
            Cell::of(self.values, self.range.start + index)
        } else {
            Cell::Null
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = Cell<'a>> {
        let values = self.values;
        self.range.clone().map(move |row| Cell::of(values, row))
    }
}

fn offsets<O: OffsetSizeTrait>(array: &dyn Array, row: usize) -> (&dyn Array, Range<usize>) {
    let list = array.as_list::<O>();
    let offsets = list.value_offsets();
    let range = offsets[row].as_usize()..offsets[row + 1].as_usize();
    (list.values().as_ref(), range)
}

fn view<O: OffsetSizeTrait>(array: &dyn Array, row: usize) -> (&dyn Array, Range<usize>) {
    let list = array.as_list_view::<O>();
    let start = list.value_offsets()[row].as_usize();
    let length = list.value_sizes()[row].as_usize();
    (list.values().as_ref(), start..start + length)
}

/// A row value's named fields.
#[derive(Debug, Clone)]
pub struct Struct<'a> {
    pub(super) array: &'a StructArray,
    pub(super) row: usize,
}

impl<'a> Struct<'a> {
    /// How many fields.
    pub fn len(&self) -> usize {
        self.array.num_columns()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Cell<'a>)> {
        let Self { array, row } = *self;
        let names = array.fields().iter().map(|field| field.name().as_str());
        let values = array.columns().iter();
        names.zip(values.map(move |column| Cell::of(column.as_ref(), row)))
    }

    /// The field of a name; `None` where there is none.
    pub fn get(&self, name: &str) -> Option<Cell<'a>> {
        let column = self.array.column_by_name(name)?;
        Some(Cell::of(column.as_ref(), self.row))
    }
}

/// A map's entries in one row.
#[derive(Debug, Clone)]
pub struct Map<'a> {
    keys: &'a dyn Array,
    values: &'a dyn Array,
    range: Range<usize>,
}

impl<'a> Map<'a> {
    pub(super) fn of(array: &'a MapArray, row: usize) -> Self {
        let offsets = array.value_offsets();
        Self {
            keys: array.keys().as_ref(),
            values: array.values().as_ref(),
            range: offsets[row].as_usize()..offsets[row + 1].as_usize(),
        }
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The entries in order: key, value.
    pub fn iter(&self) -> impl Iterator<Item = (Cell<'a>, Cell<'a>)> {
        let (keys, values) = (self.keys, self.values);
        self.range
            .clone()
            .map(move |row| (Cell::of(keys, row), Cell::of(values, row)))
    }
}
