//! Entries of many groups in common columns: each knows its group by number.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, MapArray, StructArray, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{concat, is_not_null, take};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_datafusion_err};

use super::super::kernel::comparable;

/// Entries in the order in which they came.
#[derive(Clone)]
pub(super) struct Entries {
    /// The group of each entry.
    pub(super) groups: Vec<u32>,
    pub(super) columns: Vec<ArrayRef>,
}

impl Entries {
    /// A copy of the rows that a filter keeps. What comes in is often a slice of something large,
    /// which must neither be kept nor be charged to this aggregate.
    pub(super) fn copied(
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<Self> {
        let kept = |row: &usize| filter.is_none_or(|f| f.is_valid(*row) && f.value(*row));
        let places: Vec<u64> = (0..groups.len())
            .filter(kept)
            .map(|row| row as u64)
            .collect();
        let numbers = places.iter().map(|row| group_number(groups[*row as usize]));
        let groups = numbers.collect::<Result<Vec<u32>>>()?;
        let columns = taken(columns, places)?;
        Self { groups, columns }.compacted()
    }

    /// All entries of some batches.
    pub(super) fn joined(batches: Vec<Self>, fields: &Fields) -> Result<Self> {
        let columns = (0..fields.len()).map(|place| {
            let parts: Vec<&dyn Array> = batches
                .iter()
                .map(|batch| batch.columns[place].as_ref())
                .collect();
            Ok(match parts.as_slice() {
                [] => arrow::array::new_empty_array(fields[place].data_type()),
                [_] => Arc::clone(&batches[0].columns[place]),
                parts => concat(parts)?,
            })
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let groups = batches.into_iter().map(|batch| batch.groups);
        let groups = groups.reduce(|mut all, batch| {
            all.extend(batch);
            all
        });
        Ok(Self {
            groups: groups.unwrap_or_default(),
            columns,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The memory that these entries own.
    pub(super) fn bytes(&self) -> usize {
        let columns = self.columns.iter();
        let columns: usize = columns.map(|column| column.get_array_memory_size()).sum();
        columns + self.groups.capacity() * size_of::<u32>()
    }

    /// The entries in which a column is not NULL.
    pub(super) fn keep_valid(self, by: usize) -> Result<Self> {
        let valid = is_not_null(&self.columns[by])?;
        if valid.true_count() == self.len() {
            return Ok(self);
        }
        let places = (0..self.len()).filter(|place| valid.value(*place));
        let places = places.map(|place| place as u64).collect();
        self.keep_places(places)
    }

    /// The entries at these places.
    pub(super) fn keep_places(self, places: Vec<u64>) -> Result<Self> {
        let groups = places.iter().map(|place| self.groups[*place as usize]);
        Ok(Self {
            groups: groups.collect(),
            columns: taken(&self.columns, places)?,
        })
    }

    /// The first entry of each value of the first column in each group.
    pub(super) fn distinct(self) -> Result<Self> {
        let rows = comparable(&[&self.columns[0]])?;
        let mut seen = HashSet::with_capacity(self.len());
        let first = |place: &usize| seen.insert((self.groups[*place], rows[0].row(*place)));
        let places: Vec<u64> = (0..self.len())
            .filter(first)
            .map(|place| place as u64)
            .collect();
        if places.len() == self.len() {
            return Ok(self);
        }
        self.keep_places(places)
    }

    /// The elements of the first column's arrays, or the keys and values of its maps, as entries
    /// of their own.
    pub(super) fn unnested(self) -> Result<Self> {
        let nested = &self.columns[0];
        let (offsets, inner) = match nested.as_map_opt() {
            Some(map) => (
                map.value_offsets(),
                vec![Arc::clone(map.keys()), Arc::clone(map.values())],
            ),
            None => {
                let list = nested.as_list::<i32>();
                (list.value_offsets(), vec![Arc::clone(list.values())])
            }
        };
        let (mut groups, mut places) = (Vec::new(), Vec::new());
        for row in (0..self.len()).filter(|row| nested.is_valid(*row)) {
            let range = offsets[row] as u64..offsets[row + 1] as u64;
            groups.extend(std::iter::repeat_n(
                self.groups[row],
                (range.end - range.start) as usize,
            ));
            places.extend(range);
        }
        Ok(Self {
            groups,
            columns: taken(&inner, places)?,
        })
    }

    /// The entries of the first groups, and those of the others, which are numbered anew.
    pub(super) fn split(self, first: usize) -> Result<(Self, Self)> {
        let first = group_number(first)?;
        let places = 0..self.len() as u64;
        let (out, rest): (Vec<u64>, Vec<u64>) =
            places.partition(|place| self.groups[*place as usize] < first);
        let out = self.clone().keep_places(out)?;
        let mut rest = self.keep_places(rest)?;
        rest.groups.iter_mut().for_each(|group| *group -= first);
        Ok((out, rest))
    }

    /// The entries by group, each group's in the order in which they came.
    pub(super) fn grouped(self, count: usize) -> Result<Groups> {
        let mut bounds = vec![0_usize; count + 1];
        for group in &self.groups {
            bounds[*group as usize + 1] += 1;
        }
        for group in 0..count {
            bounds[group + 1] += bounds[group];
        }
        let columns = if self.groups.is_sorted() {
            self.columns
        } else {
            let mut next = bounds.clone();
            let mut places = vec![0_u64; self.groups.len()];
            for (place, group) in self.groups.iter().enumerate() {
                let at = &mut next[*group as usize];
                places[*at] = place as u64;
                *at += 1;
            }
            taken(&self.columns, places)?
        };
        Ok(Groups { columns, bounds })
    }

    /// The same entries without the texts of others that their columns refer to.
    pub(super) fn compacted(self) -> Result<Self> {
        let columns = self.columns.iter().map(compact);
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            groups: self.groups,
        })
    }
}

/// Entries in the order of their groups.
pub(super) struct Groups {
    pub(super) columns: Vec<ArrayRef>,
    /// Where each group begins, and the end of the last.
    bounds: Vec<usize>,
}

impl Groups {
    /// Where the entries of each group lie.
    pub(super) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.bounds.windows(2).map(|pair| pair[0]..pair[1])
    }

    /// An array of each group's values; NULL for a group without entries.
    pub(super) fn lists(&self, values: &ArrayRef) -> Result<ArrayRef> {
        self.list_array(values, Some(self.nulls()))
    }

    /// The same, but empty for a group without entries.
    pub(super) fn states(&self, entries: &ArrayRef) -> Result<ArrayRef> {
        self.list_array(entries, None)
    }

    fn list_array(&self, values: &ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let values = Arc::clone(values);
        Ok(Arc::new(ListArray::try_new(
            field,
            self.offsets()?,
            values,
            nulls,
        )?))
    }

    /// Which groups have entries.
    pub(super) fn nulls(&self) -> NullBuffer {
        self.ranges().map(|range| !range.is_empty()).collect()
    }

    /// The bounds as Arrow has them.
    pub(super) fn offsets(&self) -> Result<OffsetBuffer<i32>> {
        let bounds = self.bounds.iter().map(|bound| i32::try_from(*bound));
        let bounds = bounds.collect::<Result<Vec<i32>, _>>().map_err(|_| {
            exec_datafusion_err!("an aggregate gathers more values than one batch can hold")
        })?;
        Ok(OffsetBuffer::new(bounds.into()))
    }
}

fn group_number(group: usize) -> Result<u32> {
    u32::try_from(group)
        .map_err(|_| exec_datafusion_err!("there are more groups than can be numbered"))
}

fn taken(columns: &[ArrayRef], places: Vec<u64>) -> Result<Vec<ArrayRef>> {
    let places = UInt64Array::from(places);
    let columns = columns.iter();
    columns
        .map(|column| Ok(take(column, &places, None)?))
        .collect()
}

/// The same values; views then point into bytes of their own.
fn compact(column: &ArrayRef) -> Result<ArrayRef> {
    if !has_views(column.data_type()) {
        return Ok(Arc::clone(column));
    }
    Ok(match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        DataType::Struct(fields) => {
            let from = column.as_struct();
            let parts = from.columns().iter().map(compact);
            Arc::new(StructArray::try_new_with_length(
                fields.clone(),
                parts.collect::<Result<_>>()?,
                from.nulls().cloned(),
                from.len(),
            )?)
        }
        DataType::List(field) => {
            let from = column.as_list::<i32>();
            Arc::new(ListArray::try_new(
                Arc::clone(field),
                from.offsets().clone(),
                compact(from.values())?,
                from.nulls().cloned(),
            )?)
        }
        DataType::Map(field, sorted) => {
            let from = column.as_map();
            let entries = compact(&(Arc::new(from.entries().clone()) as ArrayRef))?;
            Arc::new(MapArray::try_new(
                Arc::clone(field),
                from.offsets().clone(),
                entries.as_struct().clone(),
                from.nulls().cloned(),
                *sorted,
            )?)
        }
        _ => Arc::clone(column),
    })
}

fn has_views(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView => true,
        DataType::Struct(fields) => fields.iter().any(|field| has_views(field.data_type())),
        DataType::List(field) | DataType::Map(field, _) => has_views(field.data_type()),
        _ => false,
    }
}
