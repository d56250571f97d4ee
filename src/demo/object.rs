//! One chunk as the bytes of its Parquet object.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::background::background;
use super::census::{Census, Sightings};
use super::dice::Dice;
use super::plan::Chunk;
use super::rows::{Event, Sheet};
use super::world::{REGIONS, World};
use crate::domain::lake::{Source, SourceVersion, documented_schema};

/// Rows that are turned into columns at a time.
const BATCH: usize = 8_192;
/// Rows of a row group.
const GROUP: usize = 65_536;

/// Why an object could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectError {
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

/// An object of the lake.
pub(crate) struct Object {
    /// `aws/<SOURCE>/2.0/region=…/accountId=…/eventDay=…/<32 hex>.gz.parquet`.
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) rows: usize,
    /// How often the entities of the scenario were named, in their order.
    pub(crate) sightings: Vec<Sightings>,
}

/// Makes the object of a chunk: its background with the planted events among it.
pub(crate) fn object(
    world: &World,
    chunk: &Chunk,
    planted: &[(i64, Event)],
    census: &Census,
    entities: usize,
) -> Result<Object, ObjectError> {
    let mut dice = Dice::new(world.seed, &chunk.label());
    let name = dice.hex(32);
    let mut writer = Writer::new(chunk.stream.source, census, entities)?;
    let mut background = background(world, chunk.stream);
    let mut planted = planted.iter().peekable();
    for index in 0..chunk.rows {
        let time = chunk.time(index, dice.unit());
        while let Some((at, event)) = planted.next_if(|(at, _)| *at <= time) {
            writer.push(*at, event)?;
        }
        writer.push(time, &background.next(time, &mut dice))?;
    }
    for (at, event) in planted {
        writer.push(*at, event)?;
    }
    let (bytes, rows, sightings) = writer.finish()?;
    let key = format!(
        "aws/{}/2.0/region={}/accountId={}/eventDay={}/{name}.gz.parquet",
        chunk.stream.source.key_name(),
        REGIONS[chunk.stream.region],
        world.accounts[chunk.stream.account].id,
        chunk.day.format("%Y%m%d"),
    );
    Ok(Object {
        key,
        bytes,
        rows,
        sightings,
    })
}

struct Writer<'a> {
    sheet: Sheet,
    parquet: ArrowWriter<Vec<u8>>,
    census: &'a Census,
    sightings: Vec<Sightings>,
    rows: usize,
}

impl<'a> Writer<'a> {
    fn new(source: Source, census: &'a Census, entities: usize) -> Result<Self, ObjectError> {
        let schema = documented_schema(source, SourceVersion::V2)
            .ok_or_else(|| ArrowError::SchemaError(format!("{source} has no version 2")))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(GROUP))
            .set_created_by("lakehound demo".to_owned())
            .build();
        // Without Arrow's own copy of the schema, as other writers of such files.
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true);
        Ok(Self {
            sheet: Sheet::new(source)?,
            parquet: ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&schema), options)?,
            census,
            sightings: vec![Sightings::default(); entities],
            rows: 0,
        })
    }

    fn push(&mut self, time: i64, event: &Event) -> Result<(), ObjectError> {
        self.sheet.push(time, event)?;
        if self.sheet.rows() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ObjectError> {
        let batch: RecordBatch = self.sheet.finish()?;
        self.rows += batch.num_rows();
        self.census.count(&batch, &mut self.sightings);
        self.parquet.write(&batch)?;
        Ok(())
    }

    fn finish(mut self) -> Result<(Vec<u8>, usize, Vec<Sightings>), ObjectError> {
        if self.sheet.rows() > 0 {
            self.flush()?;
        }
        Ok((self.parquet.into_inner()?, self.rows, self.sightings))
    }
}
