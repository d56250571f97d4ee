//! Aggregates that gather entries: one list of rows of a few columns is the whole state.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};

use super::super::kernel::{FunctionDoc, unexpected};
use super::super::types;
use super::{Aggregate, maps, numbers, percentile, sets};

/// Entries are shrunk whenever there are this many more than after the last time.
const ROOM: usize = 4096;

/// How an aggregate gathers: plain functions over columns of entries.
#[derive(Clone)]
pub(super) struct Gather {
    pub(super) doc: FunctionDoc,
    /// Tells apart two aggregates of one name.
    pub(super) order: Option<Ordering>,
    /// The types to which arguments are cast, or `None` where they do not fit.
    pub(super) accept: fn(&[DataType]) -> Result<Option<Vec<DataType>>>,
    /// The columns of an entry, by the arguments' types.
    pub(super) entry: fn(&[DataType]) -> Vec<DataType>,
    /// The result's type, by the arguments' types.
    pub(super) returns: fn(&[DataType]) -> Result<DataType>,
    /// The entries of a batch of arguments.
    pub(super) prepare: fn(&[ArrayRef]) -> Result<Vec<ArrayRef>>,
    /// Fewer entries that lead to the same result.
    pub(super) shrink: fn(&[ArrayRef], Option<Ordering>) -> Result<Vec<ArrayRef>>,
    /// The result, of one row, from all entries; never called without any.
    pub(super) finish: fn(&[ArrayRef], &DataType) -> Result<ArrayRef>,
    pub(super) signature: Signature,
}

impl Gather {
    /// An aggregate that keeps the entries as they come.
    pub(super) fn new(doc: FunctionDoc) -> Self {
        Self {
            doc,
            order: None,
            accept: |given| Ok(Some(given.to_vec())),
            entry: <[DataType]>::to_vec,
            returns: |types| Ok(types.first().cloned().unwrap_or(DataType::Null)),
            prepare: |columns| Ok(columns.to_vec()),
            shrink: |entries, _| Ok(entries.to_vec()),
            finish: |entries, _| Ok(Arc::clone(&entries[0])),
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

pub(super) fn functions() -> Vec<Aggregate> {
    [
        maps::functions(),
        sets::functions(),
        numbers::functions(),
        percentile::functions(),
    ]
    .into_iter()
    .flatten()
    .map(|gather| Aggregate {
        doc: gather.doc.clone(),
        function: AggregateUDF::from(gather),
    })
    .collect()
}

/// `max_by(x, y, n)` and `min_by(x, y, n)`: an array of the first n values.
pub(super) fn top(name: &'static str, order: Ordering) -> Gather {
    let mut gather = Gather::new(super::doc(name, "max_by(x, y, n)", ""));
    gather.order = Some(order);
    gather.returns = |types| Ok(types::list(types[0].clone()));
    gather.prepare = |columns| keep_valid(columns, 1);
    gather.shrink = sets::shrink_top;
    gather.finish = |entries, _| one_list(&entries[0]);
    gather
}

/// The rows in which a column is not NULL.
pub(super) fn keep_valid(columns: &[ArrayRef], by: usize) -> Result<Vec<ArrayRef>> {
    let valid = arrow::compute::is_not_null(&columns[by])?;
    columns
        .iter()
        .map(|column| Ok(arrow::compute::filter(column, &valid)?))
        .collect()
}

/// The rows at these places.
pub(super) fn keep_places(columns: &[ArrayRef], places: Vec<u64>) -> Result<Vec<ArrayRef>> {
    let places = arrow::array::UInt64Array::from(places);
    columns
        .iter()
        .map(|column| Ok(arrow::compute::take(column, &places, None)?))
        .collect()
}

/// One array of all values.
pub(super) fn one_list(values: &ArrayRef) -> Result<ArrayRef> {
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    Ok(Arc::new(ListArray::try_new(
        field,
        offsets,
        Arc::clone(values),
        None,
    )?))
}

impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.doc.name)
    }
}

impl PartialEq for Gather {
    fn eq(&self, other: &Self) -> bool {
        self.doc.name == other.doc.name
    }
}

impl Eq for Gather {}

impl Hash for Gather {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.doc.name.hash(state);
    }
}

impl AggregateUDFImpl for Gather {
    fn name(&self) -> &str {
        self.doc.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match (self.accept)(given)? {
            Some(types) => Ok(types),
            None => unexpected(self.doc.name, given, self.doc.signature),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        (self.returns)(types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return exec_err!(
                "{}(DISTINCT …) is not supported by the embedded engine",
                self.doc.name
            );
        }
        let types: Vec<DataType> = args
            .expr_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        Ok(Box::new(Gathered {
            gather: self.clone(),
            fields: entry_fields(&(self.entry)(&types)),
            returns: args.return_field.data_type().clone(),
            batches: Vec::new(),
            rows: 0,
            shrunk: 0,
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let types: Vec<DataType> = args
            .input_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let entry = DataType::Struct(entry_fields(&(self.entry)(&types)));
        let name = format_state_name(args.name, "entries");
        Ok(vec![Arc::new(Field::new(name, types::list(entry), true))])
    }
}

fn entry_fields(types: &[DataType]) -> Fields {
    let fields = types.iter().enumerate();
    fields
        .map(|(place, data_type)| Field::new(format!("c{place}"), data_type.clone(), true))
        .collect()
}

#[derive(Debug)]
struct Gathered {
    gather: Gather,
    fields: Fields,
    returns: DataType,
    batches: Vec<Vec<ArrayRef>>,
    rows: usize,
    /// How many rows there were after the last shrinking.
    shrunk: usize,
}

impl Gathered {
    fn add(&mut self, entries: Vec<ArrayRef>) -> Result<()> {
        let rows = entries.first().map_or(0, |column| column.len());
        if rows > 0 {
            self.rows += rows;
            self.batches.push(entries);
        }
        if self.rows > self.shrunk * 2 + ROOM {
            self.shrink()?;
        }
        Ok(())
    }

    fn entries(&self) -> Result<Vec<ArrayRef>> {
        (0..self.fields.len())
            .map(|place| {
                let parts: Vec<&dyn Array> = self
                    .batches
                    .iter()
                    .map(|batch| batch[place].as_ref())
                    .collect();
                Ok(if parts.is_empty() {
                    arrow::array::new_empty_array(self.fields[place].data_type())
                } else {
                    arrow::compute::concat(&parts)?
                })
            })
            .collect()
    }

    fn shrink(&mut self) -> Result<()> {
        if self.batches.is_empty() {
            return Ok(());
        }
        let entries = (self.gather.shrink)(&self.entries()?, self.gather.order)?;
        self.rows = entries.first().map_or(0, |column| column.len());
        self.shrunk = self.rows;
        self.batches = vec![entries];
        Ok(())
    }
}

impl Accumulator for Gathered {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let entries = (self.gather.prepare)(columns)?;
        self.add(entries)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states[0].as_list::<i32>();
        for row in (0..lists.len()).filter(|row| lists.is_valid(*row)) {
            let entries = lists.value(row);
            self.add(entries.as_struct().columns().to_vec())?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.shrink()?;
        let entries = self.entries()?;
        let entries =
            StructArray::try_new_with_length(self.fields.clone(), entries, None, self.rows)?;
        let list = one_list(&(Arc::new(entries) as ArrayRef))?;
        Ok(vec![ScalarValue::List(Arc::new(
            list.as_list::<i32>().clone(),
        ))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.shrink()?;
        if self.rows == 0 {
            return ScalarValue::try_from(&self.returns);
        }
        let result = (self.gather.finish)(&self.entries()?, &self.returns)?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        let columns = self.batches.iter().flatten();
        size_of_val(self)
            + columns
                .map(|column| column.get_array_memory_size())
                .sum::<usize>()
    }
}
