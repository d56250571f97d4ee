//! Aggregates that gather entries: rows of a few columns are the whole state.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::super::kernel::{FunctionDoc, unexpected};
use super::super::types;
use super::entries::{Entries, Groups};
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
    pub(super) prepare: fn(Entries) -> Result<Entries>,
    /// Fewer entries of the same groups that lead to the same results.
    pub(super) shrink: fn(Entries, Option<Ordering>) -> Result<Entries>,
    /// The result of each group; NULL for one without entries.
    pub(super) finish: fn(&Groups, &DataType) -> Result<ArrayRef>,
    pub(super) signature: Signature,
}

impl Gather {
    /// An aggregate that keeps the entries as they come and gives them as arrays.
    pub(super) fn new(doc: FunctionDoc) -> Self {
        Self {
            doc,
            order: None,
            accept: |given| Ok(Some(given.to_vec())),
            entry: <[DataType]>::to_vec,
            returns: |types| Ok(types.first().cloned().unwrap_or(DataType::Null)),
            prepare: Ok,
            shrink: |entries, _| Ok(entries),
            finish: |groups, _| groups.lists(&groups.columns[0]),
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
    gather.prepare = |entries| entries.keep_valid(1);
    gather.shrink = sets::shrink_top;
    gather
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
        Ok(Box::new(Single(self.gathered(&args)?)))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct && args.order_bys.is_empty()
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.gathered(&args)?))
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

impl Gather {
    fn gathered(&self, args: &AccumulatorArgs<'_>) -> Result<Gathered> {
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
        Ok(Gathered {
            gather: self.clone(),
            fields: entry_fields(&(self.entry)(&types)),
            returns: args.return_field.data_type().clone(),
            batches: Vec::new(),
            rows: 0,
            shrunk: 0,
            groups: 0,
            bytes: 0,
        })
    }
}

fn entry_fields(types: &[DataType]) -> Fields {
    let fields = types.iter().enumerate();
    fields
        .map(|(place, data_type)| Field::new(format!("c{place}"), data_type.clone(), true))
        .collect()
}

/// The entries of all groups so far. Groups are gathered together, so that their number costs
/// nothing: a batch is copied once, whatever groups its rows belong to.
struct Gathered {
    gather: Gather,
    fields: Fields,
    returns: DataType,
    batches: Vec<Entries>,
    rows: usize,
    /// How many rows there were after the last shrinking.
    shrunk: usize,
    /// How many groups there are.
    groups: usize,
    /// The memory that the entries own.
    bytes: usize,
}

impl Gathered {
    fn update(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.groups = self.groups.max(total);
        let entries = Entries::copied(columns, groups, filter)?;
        self.add((self.gather.prepare)(entries)?)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.groups = self.groups.max(total);
        let entries = Entries::copied(states, groups, None)?.unnested()?;
        let columns = entries.columns[0].as_struct().columns().to_vec();
        self.add(Entries { columns, ..entries })
    }

    fn add(&mut self, entries: Entries) -> Result<()> {
        let rows = entries.len();
        if rows > 0 {
            self.rows += rows;
            self.bytes += entries.bytes();
            self.batches.push(entries);
        }
        if self.rows > self.shrunk * 2 + ROOM {
            let entries = self.shrunk()?;
            self.put(entries);
        }
        Ok(())
    }

    /// Takes all entries out, as few as lead to the same results.
    fn shrunk(&mut self) -> Result<Entries> {
        let entries = Entries::joined(std::mem::take(&mut self.batches), &self.fields)?;
        (self.gather.shrink)(entries, self.gather.order)?.compacted()
    }

    /// Puts all entries back.
    fn put(&mut self, entries: Entries) {
        self.rows = entries.len();
        self.shrunk = self.rows;
        self.bytes = entries.bytes();
        self.batches = vec![entries];
    }

    /// Takes the entries of the first groups out, or of all.
    fn emit(&mut self, emit: EmitTo) -> Result<Groups> {
        let all = self.shrunk()?;
        let (count, out, rest) = match emit {
            EmitTo::First(count) if count < self.groups => {
                let (out, rest) = all.split(count)?;
                (count, out, rest)
            }
            _ => (self.groups, all, Entries::joined(Vec::new(), &self.fields)?),
        };
        self.groups -= count;
        self.put(rest);
        out.grouped(count)
    }
}

impl GroupsAccumulator for Gathered {
    fn update_batch(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.update(columns, groups, filter, total)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.merge(states, groups, total)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let groups = self.emit(emit)?;
        (self.gather.finish)(&groups, &self.returns)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = self.emit(emit)?;
        let columns = groups.columns.clone();
        let rows = columns.first().map_or(0, |column| column.len());
        let entries = StructArray::try_new_with_length(self.fields.clone(), columns, None, rows)?;
        Ok(vec![groups.states(&(Arc::new(entries) as ArrayRef))?])
    }

    fn convert_to_state(
        &self,
        columns: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = columns.first().map_or(0, |column| column.len());
        let groups: Vec<usize> = (0..rows).collect();
        let mut each = Self {
            gather: self.gather.clone(),
            fields: self.fields.clone(),
            returns: self.returns.clone(),
            batches: Vec::new(),
            rows: 0,
            shrunk: 0,
            groups: 0,
            bytes: 0,
        };
        each.update(columns, &groups, filter, rows)?;
        GroupsAccumulator::state(&mut each, EmitTo::All)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.bytes
    }
}

/// The entries of one group, for windows and for aggregates without groups.
struct Single(Gathered);

impl fmt::Debug for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} entries", self.0.gather.doc.name, self.0.rows)
    }
}

impl Accumulator for Single {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let rows = columns.first().map_or(0, |column| column.len());
        self.0.update(columns, &vec![0; rows], None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge(states, &vec![0; states[0].len()], 1)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.groups = 1;
        let state = GroupsAccumulator::state(&mut self.0, EmitTo::All)?;
        Ok(vec![ScalarValue::List(Arc::new(
            state[0].as_list::<i32>().clone(),
        ))])
    }

    /// A window asks again and again while its frame grows.
    fn evaluate(&mut self) -> Result<ScalarValue> {
        let entries = self.0.shrunk()?;
        let groups = entries.clone().grouped(1)?;
        self.0.put(entries);
        let result = (self.0.gather.finish)(&groups, &self.0.returns)?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.bytes
    }
}
