//! A result's CSV, as Athena writes it, into typed batches: every value quoted, NULL bare.
//!
//! The batches follow from the document alone, not from the chunks in which it comes. They begin
//! small, so that the first rows show at once, and grow. A text that is none of its column's type
//! ends the reading with its row and column, after the rows before it: nothing is dropped and
//! nothing bent. [`CsvReader::begin`] first tries the document's beginning, where a column whose
//! texts do not fit becomes text as a whole.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::types::{ColumnBuilder, athena_name};
use crate::adapters::csv::{CsvFault, Room, Splitter, Value, Window};

/// Rows and bytes of the first batch, about.
const FIRST: Room = Room {
    rows: 256,
    bytes: 64 << 10,
};

/// The same of a batch at most.
const MOST: Room = Room {
    rows: 16_384,
    bytes: 4 << 20,
};

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// A result that cannot be read to its end. The rows before the fault have been handed out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ResultFault {
    /// The text is no CSV.
    #[error("row {row} of the result cannot be read: {reason}")]
    Malformed {
        /// The row's number, from 1; 0 is the header.
        row: u64,
        /// What is wrong.
        reason: String,
    },
    /// Other columns than the result's metadata says.
    #[error("the result's file has {found} columns, its metadata {expected}")]
    Columns {
        /// In the file.
        found: usize,
        /// In the metadata.
        expected: usize,
    },
    /// A value that is none of its column's type.
    #[error(
        "row {row}, column {} (\"{name}\"): the text {text:?} is no {}",
        index + 1,
        athena_name(data_type)
    )]
    Misfit {
        /// The row's number, from 1.
        row: u64,
        /// The column's number, from 0.
        index: usize,
        /// The column's name.
        name: String,
        /// The column's type.
        data_type: DataType,
        /// The beginning of the value.
        text: String,
    },
    /// A fault of the program: the batch does not fit its schema.
    #[error("the rows do not fit the result's columns: {0}")]
    Batch(String),
}

impl From<ArrowError> for ResultFault {
    fn from(error: ArrowError) -> Self {
        Self::Batch(error.to_string())
    }
}

/// Reads one result.
#[derive(Debug)]
pub struct CsvReader {
    schema: SchemaRef,
    splitter: Splitter,
    columns: Vec<ColumnBuilder>,
    /// Whether the first row, which names the columns, has been seen.
    begun: bool,
    /// Rows handed out.
    before: u64,
    /// Rows and bytes of the batch in the making.
    rows: usize,
    bytes: usize,
    room: Room,
    /// Whether a fault has ended the reading.
    ended: bool,
}

impl CsvReader {
    /// For a result with these columns. A type that [`super::types::arrow_type`] does not give is
    /// read as text, and the reader's schema says so.
    pub fn new(schema: &Schema) -> Self {
        let columns: Vec<ColumnBuilder> = schema
            .fields()
            .iter()
            .map(|field| ColumnBuilder::new(field.data_type()))
            .collect();
        let fields = schema.fields().iter().zip(&columns);
        let fields: Vec<Field> = fields
            .map(|(field, column)| {
                let field = field.as_ref().clone();
                field.with_data_type(column.data_type().clone())
            })
            .collect();
        Self {
            schema: Arc::new(Schema::new(fields)),
            splitter: Splitter::new(b','),
            columns,
            begun: false,
            before: 0,
            rows: 0,
            bytes: 0,
            room: FIRST,
            ended: false,
        }
    }

    /// Reads the document's beginning, or all of it where it `ends` there. Columns whose texts do
    /// not fit become text. Also gives the batches that are full by then, or all.
    pub fn begin(
        schema: &Schema,
        beginning: &[u8],
        ends: bool,
    ) -> Result<(Self, Vec<RecordBatch>), ResultFault> {
        let mut types: Vec<DataType> = schema
            .fields()
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        loop {
            let fields = schema.fields().iter().zip(&types);
            let fields: Vec<Field> = fields
                .map(|(field, data_type)| field.as_ref().clone().with_data_type(data_type.clone()))
                .collect();
            let mut reader = Self::new(&Schema::new(fields));
            reader.set_on_trial(true);
            let mut batches = Vec::new();
            let mut take = |batch| batches.push(batch);
            let mut outcome = reader.push(beginning, &mut take);
            if outcome.is_ok() && ends {
                outcome = reader.finish(&mut take);
            }
            match outcome {
                Ok(()) => {
                    reader.set_on_trial(false);
                    return Ok((reader, batches));
                }
                // Each turn takes one type away, so there are no more turns than columns.
                Err(ResultFault::Misfit { index, .. }) => match types.get_mut(index) {
                    Some(data_type) => *data_type = DataType::Utf8,
                    None => return Ok((reader, batches)),
                },
                Err(fault) => return Err(fault),
            }
        }
    }

    fn set_on_trial(&mut self, on_trial: bool) {
        for column in &mut self.columns {
            column.set_on_trial(on_trial);
        }
    }

    /// The columns as they are read.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Takes the document's next bytes and gives each batch that is full.
    ///
    /// # Errors
    ///
    /// A fault ends the reading, after the rows before it; nothing is read past it.
    pub fn push(
        &mut self,
        mut chunk: &[u8],
        take: &mut dyn FnMut(RecordBatch),
    ) -> Result<(), ResultFault> {
        while !self.ended {
            let room = self.left();
            let fault = match self.splitter.next(&mut chunk, room) {
                Ok(None) => return Ok(()),
                Ok(Some(window)) if !self.begun => {
                    self.begun = true;
                    head(&window, self.columns.len()).err()
                }
                Ok(Some(window)) => {
                    let (rows, bytes) = (window.rows(), window.bytes());
                    match append(&mut self.columns, &window) {
                        Ok(()) => {
                            self.rows += rows;
                            self.bytes += bytes;
                            None
                        }
                        Err(misfit) => Some(self.misfit(misfit)),
                    }
                }
                Err(fault) => Some(self.malformed(&fault)),
            };
            if let Some(fault) = fault {
                self.ended = true;
                self.hand_out(take)?;
                return Err(fault);
            }
            if self.rows >= self.room.rows || self.bytes >= self.room.bytes {
                self.hand_out(take)?;
            }
        }
        Ok(())
    }

    /// Ends the document and gives the last rows. To be called after the last bytes.
    ///
    /// # Errors
    ///
    /// As for [`Self::push`]; also where the document ends within a value.
    pub fn finish(&mut self, take: &mut dyn FnMut(RecordBatch)) -> Result<(), ResultFault> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        let fault = match self.splitter.finish() {
            // Athena names the columns even where there are no rows.
            Ok(None) if !self.begun => Some(ResultFault::Columns {
                found: 0,
                expected: self.columns.len(),
            }),
            Ok(None) => None,
            Ok(Some(window)) if !self.begun => head(&window, self.columns.len()).err(),
            Ok(Some(window)) => {
                let rows = window.rows();
                match append(&mut self.columns, &window) {
                    Ok(()) => {
                        self.rows += rows;
                        None
                    }
                    Err(misfit) => Some(self.misfit(misfit)),
                }
            }
            Err(fault) => Some(self.malformed(&fault)),
        };
        self.hand_out(take)?;
        fault.map_or(Ok(()), Err)
    }

    /// Gives the rows that have been read, where no more bytes will come although some should. A
    /// row that is not whole is none.
    ///
    /// # Errors
    ///
    /// A fault of the program alone.
    pub fn give_up(&mut self, take: &mut dyn FnMut(RecordBatch)) -> Result<(), ResultFault> {
        self.ended = true;
        self.hand_out(take)
    }

    /// What the batch in the making may still take.
    fn left(&self) -> Room {
        Room {
            rows: self.room.rows - self.rows,
            bytes: self.room.bytes - self.bytes,
        }
    }

    fn malformed(&self, fault: &CsvFault) -> ResultFault {
        let row = self.before + self.rows as u64;
        ResultFault::Malformed {
            row: row + u64::from(self.begun),
            reason: fault.to_string(),
        }
    }

    /// The rows before the misfit are still whole in every column, and counted.
    fn misfit(&mut self, misfit: WindowMisfit) -> ResultFault {
        self.rows += misfit.row;
        let field = self.schema.fields().get(misfit.column);
        ResultFault::Misfit {
            row: self.before + self.rows as u64 + 1,
            index: misfit.column,
            name: field.map(|field| field.name().clone()).unwrap_or_default(),
            data_type: field.map_or(DataType::Utf8, |field| field.data_type().clone()),
            text: misfit.text,
        }
    }

    /// Gives the batch in the making, and makes the next one larger.
    fn hand_out(&mut self, take: &mut dyn FnMut(RecordBatch)) -> Result<(), ResultFault> {
        let rows = self.rows;
        if rows == 0 {
            return Ok(());
        }
        let columns = self.columns.iter_mut();
        let columns: Vec<ArrayRef> = columns
            .map(|column| {
                let array = column.finish();
                // Longer where a misfit in another column ended the rows.
                if array.len() > rows {
                    array.slice(0, rows)
                } else {
                    array
                }
            })
            .collect();
        take(RecordBatch::try_new(Arc::clone(&self.schema), columns)?);
        self.before += rows as u64;
        (self.rows, self.bytes) = (0, 0);
        self.room = Room {
            rows: (self.room.rows * 2).min(MOST.rows),
            bytes: (self.room.bytes * 2).min(MOST.bytes),
        };
        Ok(())
    }
}

/// A value that does not fit, in a window.
struct WindowMisfit {
    row: usize,
    column: usize,
    text: String,
}

/// Checks the row that names the columns.
fn head(window: &Window<'_>, expected: usize) -> Result<(), ResultFault> {
    let found = window.values().count();
    if found == expected {
        Ok(())
    } else {
        Err(ResultFault::Columns { found, expected })
    }
}

/// Appends a window's rows, column by column. A misfit is the first one by row, so that it does not
/// depend on how the rows were parted into windows.
fn append(columns: &mut [ColumnBuilder], window: &Window<'_>) -> Result<(), WindowMisfit> {
    let mut first: Option<(usize, usize)> = None;
    for (index, column) in columns.iter_mut().enumerate() {
        if let Err(row) = column.extend_from(window, index)
            && first.is_none_or(|(before, _)| row < before)
        {
            first = Some((row, index));
        }
    }
    let Some((row, column)) = first else {
        return Ok(());
    };
    let value = window.column(column).nth(row).and_then(Value::text);
    let text = value.unwrap_or_default().chars().take(SHOWN).collect();
    Err(WindowMisfit { row, column, text })
}

#[cfg(test)]
mod tests;
