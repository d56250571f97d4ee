//! Rows of any nested schema, written leaf by leaf into Arrow columns.
//!
//! A leaf that a row does not write is NULL, a record whose members are all NULL is NULL, a list
//! that nothing touched is NULL. Leaves catch up lazily, so that a row costs what it fills.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Decimal128Builder, Int32Builder, Int64Builder,
    ListArray, MapArray, RecordBatch, StringBuilder, StructArray, TimestampMillisecondBuilder,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, FieldRef, Fields, SchemaRef};
use arrow::error::ArrowError;

/// A leaf of the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf(usize);

/// A list or map of the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List(usize);

/// Rows under way.
pub(crate) struct Table {
    schema: SchemaRef,
    roots: Vec<Node>,
    leaves: Vec<LeafBuffer>,
    lists: Vec<ListBuffer>,
    /// Complete elements so far: rows at 0, then one number a list.
    counts: Vec<usize>,
    leaf_names: HashMap<String, usize>,
    list_names: HashMap<String, usize>,
}

enum Node {
    Leaf(usize),
    Record(Fields, Vec<Node>),
    List(FieldRef, usize, Box<Node>),
    Map(FieldRef, usize, Box<Node>),
}

struct LeafBuffer {
    scope: usize,
    values: Values,
}

enum Values {
    Text(StringBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Bool(BooleanBuilder),
    Time(TimestampMillisecondBuilder),
    Decimal(Decimal128Builder),
}

struct ListBuffer {
    scope: usize,
    elements: usize,
    offsets: Vec<i32>,
    valid: Vec<bool>,
}

/// Fills a builder with NULLs up to `at`; false where the row has its value already.
macro_rules! catch_up {
    ($builder:expr, $at:expr) => {{
        let missing = $at.saturating_sub(arrow::array::ArrayBuilder::len($builder));
        for _ in 0..missing {
            $builder.append_null();
        }
        arrow::array::ArrayBuilder::len($builder) == $at
    }};
}

/// A typed writer of leaves: a leaf of another type, or one already written, is left as it is.
macro_rules! writer {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $value:ty) => {
        $(#[$doc])*
        pub(crate) fn $name(&mut self, leaf: Leaf, value: $value) {
            let buffer = &mut self.leaves[leaf.0];
            let at = self.counts[buffer.scope];
            if let Values::$variant(builder) = &mut buffer.values
                && catch_up!(builder, at)
            {
                builder.append_value(value);
            }
        }
    };
}

impl Table {
    /// An empty table; a type that no builder here writes is an error.
    pub(crate) fn new(schema: &SchemaRef) -> Result<Self, ArrowError> {
        let mut table = Self {
            schema: Arc::clone(schema),
            roots: Vec::new(),
            leaves: Vec::new(),
            lists: Vec::new(),
            counts: vec![0],
            leaf_names: HashMap::new(),
            list_names: HashMap::new(),
        };
        for field in schema.fields() {
            let node = table.node(field, field.name(), 0)?;
            table.roots.push(node);
        }
        Ok(table)
    }

    fn node(&mut self, field: &FieldRef, path: &str, scope: usize) -> Result<Node, ArrowError> {
        match field.data_type() {
            DataType::Struct(fields) => {
                let children = fields
                    .iter()
                    .map(|child| self.node(child, &format!("{path}.{}", child.name()), scope))
                    .collect::<Result<_, _>>()?;
                Ok(Node::Record(fields.clone(), children))
            }
            DataType::List(element) => {
                let list = self.list_buffer(path, scope);
                let inner = self.lists[list].elements;
                let child = self.node(element, path, inner)?;
                Ok(Node::List(Arc::clone(element), list, Box::new(child)))
            }
            DataType::Map(entry, _) => {
                let list = self.list_buffer(path, scope);
                let inner = self.lists[list].elements;
                let child = self.node(entry, path, inner)?;
                Ok(Node::Map(Arc::clone(entry), list, Box::new(child)))
            }
            leaf => {
                let values = Values::new(leaf)?;
                self.leaves.push(LeafBuffer { scope, values });
                let index = self.leaves.len() - 1;
                self.leaf_names.insert(path.to_owned(), index);
                Ok(Node::Leaf(index))
            }
        }
    }

    fn list_buffer(&mut self, path: &str, scope: usize) -> usize {
        self.counts.push(0);
        self.lists.push(ListBuffer {
            scope,
            elements: self.counts.len() - 1,
            offsets: vec![0],
            valid: Vec::new(),
        });
        let index = self.lists.len() - 1;
        self.list_names.insert(path.to_owned(), index);
        index
    }

    /// The leaf at a dotted path; members of a list's elements follow the list's name.
    pub(crate) fn leaf(&self, path: &str) -> Result<Leaf, ArrowError> {
        let found = self.leaf_names.get(path).copied().map(Leaf);
        found.ok_or_else(|| ArrowError::SchemaError(format!("no leaf `{path}`")))
    }

    /// The list or map at a dotted path.
    pub(crate) fn list(&self, path: &str) -> Result<List, ArrowError> {
        let found = self.list_names.get(path).copied().map(List);
        found.ok_or_else(|| ArrowError::SchemaError(format!("no list `{path}`")))
    }

    writer!(
        /// Writes a text.
        text, Text, &str
    );
    writer!(
        /// Writes a 32-bit integer.
        int, Int, i32
    );
    writer!(
        /// Writes a 64-bit integer.
        long, Long, i64
    );
    writer!(
        /// Writes a truth value.
        bool, Bool, bool
    );
    writer!(
        /// Writes a time as epoch milliseconds.
        time, Time, i64
    );
    writer!(
        /// Writes a decimal as its unscaled value.
        decimal, Decimal, i128
    );

    /// Writes a text where there is one.
    pub(crate) fn maybe(&mut self, leaf: Leaf, value: Option<&str>) {
        if let Some(value) = value {
            self.text(leaf, value);
        }
    }

    /// Makes the list of the current row not NULL; it stays empty until an element ends.
    pub(crate) fn open(&mut self, list: List) {
        let buffer = &mut self.lists[list.0];
        let at = self.counts[buffer.scope];
        buffer.catch_up(at, self.counts[buffer.elements]);
        if buffer.valid.len() == at {
            buffer.valid.push(true);
        }
    }

    /// Ends an element of the current row's list; its leaves have been written before.
    pub(crate) fn end_element(&mut self, list: List) {
        self.open(list);
        self.counts[self.lists[list.0].elements] += 1;
    }

    /// Ends the row.
    pub(crate) fn end_row(&mut self) {
        self.counts[0] += 1;
    }

    /// The rows ended since the last batch.
    pub(crate) fn rows(&self) -> usize {
        self.counts[0]
    }

    /// Takes the rows out as a batch.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let roots = std::mem::take(&mut self.roots);
        let columns: Result<Vec<ArrayRef>, _> = roots.iter().map(|node| self.array(node)).collect();
        self.roots = roots;
        self.counts.fill(0);
        RecordBatch::try_new(Arc::clone(&self.schema), columns?)
    }

    fn array(&mut self, node: &Node) -> Result<ArrayRef, ArrowError> {
        match node {
            Node::Leaf(index) => {
                let buffer = &mut self.leaves[*index];
                Ok(buffer.values.finish(self.counts[buffer.scope]))
            }
            Node::Record(fields, children) => {
                let arrays: Vec<ArrayRef> = children
                    .iter()
                    .map(|child| self.array(child))
                    .collect::<Result<_, _>>()?;
                let nulls = any_valid(&arrays);
                Ok(Arc::new(StructArray::try_new(
                    fields.clone(),
                    arrays,
                    nulls,
                )?))
            }
            Node::List(element, list, child) => {
                let values = self.array(child)?;
                let (offsets, nulls) = self.end_list(*list);
                Ok(Arc::new(ListArray::try_new(
                    Arc::clone(element),
                    offsets,
                    values,
                    Some(nulls),
                )?))
            }
            Node::Map(entry, list, child) => {
                let entries = self.array(child)?;
                let (offsets, nulls) = self.end_list(*list);
                Ok(Arc::new(MapArray::try_new(
                    Arc::clone(entry),
                    offsets,
                    entries.as_struct().clone(),
                    Some(nulls),
                    false,
                )?))
            }
        }
    }

    fn end_list(&mut self, list: usize) -> (OffsetBuffer<i32>, NullBuffer) {
        let buffer = &mut self.lists[list];
        let elements = self.counts[buffer.elements];
        buffer.catch_up(self.counts[buffer.scope], elements);
        let mut offsets = std::mem::replace(&mut buffer.offsets, vec![0]);
        let valid = std::mem::take(&mut buffer.valid);
        offsets.resize(valid.len() + 1, elements as i32);
        (
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            NullBuffer::from(valid),
        )
    }
}

impl ListBuffer {
    /// Closes all rows before `at`; those that nothing touched are NULL.
    fn catch_up(&mut self, at: usize, elements: usize) {
        if self.valid.len() < at {
            self.valid.resize(at, false);
        }
        if self.offsets.len() <= at {
            self.offsets.resize(at + 1, elements as i32);
        }
    }
}

impl Values {
    fn new(data_type: &DataType) -> Result<Self, ArrowError> {
        Ok(match data_type {
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Int32 => Self::Int(Int32Builder::new()),
            DataType::Int64 => Self::Long(Int64Builder::new()),
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Timestamp(_, _) => {
                Self::Time(TimestampMillisecondBuilder::new().with_data_type(data_type.clone()))
            }
            DataType::Decimal128(_, _) => {
                Self::Decimal(Decimal128Builder::new().with_data_type(data_type.clone()))
            }
            other => {
                let message = format!("no writer for {other}");
                return Err(ArrowError::NotYetImplemented(message));
            }
        })
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        macro_rules! finish {
            ($builder:expr) => {{
                let _complete = catch_up!($builder, rows);
                Arc::new($builder.finish())
            }};
        }
        match self {
            Self::Text(builder) => finish!(builder),
            Self::Int(builder) => finish!(builder),
            Self::Long(builder) => finish!(builder),
            Self::Bool(builder) => finish!(builder),
            Self::Time(builder) => finish!(builder),
            Self::Decimal(builder) => finish!(builder),
        }
    }
}

/// Valid where any of the arrays is; `None` where that is everywhere.
fn any_valid(arrays: &[ArrayRef]) -> Option<NullBuffer> {
    let mut valid: Option<BooleanBuffer> = None;
    for array in arrays {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0)?;
        valid = Some(match valid {
            None => nulls.inner().clone(),
            Some(so_far) => &so_far | nulls.inner(),
        });
    }
    valid.map(NullBuffer::new)
}

#[cfg(test)]
mod tests;
