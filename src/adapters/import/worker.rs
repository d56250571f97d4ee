//! One of the threads of an import: takes blocks of records, from whichever file has one, and makes
//! rows of them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::flow::FlowSheet;
use super::frame::Piece;
use super::json::{Kind, Tape, Value};
use super::objects::Objects;
use super::ocsf::{self, OcsfSheet};
use super::page::Page;
use super::refused::{Refused, RefusedFile};
use super::resolver::DnsSheet;
use super::source_file::{Block, Shape};
use super::trail::{self, TrailSheet};
use super::{ImportError, LogType};
use crate::domain::lake::Source;

/// What a thread has counted of one file or in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) read: u64,
    pub(super) written: u64,
    pub(super) refused: u64,
}

enum Sheet {
    Trail(Box<TrailSheet>),
    Flow(Box<FlowSheet>),
    Dns(Box<DnsSheet>),
    Ocsf(Box<OcsfSheet>),
}

impl Sheet {
    fn page(&mut self) -> &mut Page {
        match self {
            Self::Trail(sheet) => &mut sheet.page,
            Self::Flow(sheet) => &mut sheet.page,
            Self::Dns(sheet) => &mut sheet.page,
            Self::Ocsf(sheet) => &mut sheet.page,
        }
    }

    fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        match self {
            Self::Trail(sheet) => sheet.frame.table.finish(),
            Self::Flow(sheet) => sheet.frame.table.finish(),
            Self::Dns(sheet) => sheet.frame.table.finish(),
            Self::Ocsf(sheet) => sheet.table.finish(),
        }
    }
}

/// Which log a record is of, and which table it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Target {
    Trail(Source),
    Flow,
    Dns,
    Ocsf(Source),
}

impl Target {
    fn sheet(self) -> Result<Sheet, ArrowError> {
        Ok(match self {
            Self::Trail(source) => Sheet::Trail(Box::new(TrailSheet::new(source)?)),
            Self::Flow => Sheet::Flow(Box::new(FlowSheet::new()?)),
            Self::Dns => Sheet::Dns(Box::new(DnsSheet::new()?)),
            Self::Ocsf(source) => Sheet::Ocsf(Box::new(OcsfSheet::new(source)?)),
        })
    }

    /// What a record says that it is.
    fn of(record: Value<'_>, log: LogType) -> Result<Self, String> {
        if record.kind() != Kind::Object {
            return Err("it is no JSON object".to_owned());
        }
        let has = |name: &str| record.member(name).is_some();
        match log {
            LogType::CloudTrail => Ok(Self::Trail(trail::table_of(record))),
            LogType::Route53 => Ok(Self::Dns),
            LogType::Ocsf => ocsf::table_of(record).map(Self::Ocsf),
            LogType::VpcFlow => Err("it is no line of a flow log".to_owned()),
            LogType::Auto if has("eventName") && has("eventTime") => {
                Ok(Self::Trail(trail::table_of(record)))
            }
            LogType::Auto if has("query_timestamp") => Ok(Self::Dns),
            LogType::Auto if has("class_uid") => ocsf::table_of(record).map(Self::Ocsf),
            LogType::Auto => Err(
                "it is neither a CloudTrail record (eventName, eventTime), nor one of the resolver \
                 (query_timestamp), nor OCSF (class_uid)"
                    .to_owned(),
            ),
        }
    }
}

/// Rows that one thread is making.
pub(super) struct Worker<'a> {
    objects: &'a Objects,
    refused: &'a RefusedFile,
    log: LogType,
    sheets: HashMap<Target, Sheet>,
    tape: Tape,
    pub(super) tally: Tally,
    pub(super) rows: HashMap<Source, u64>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(objects: &'a Objects, refused: &'a RefusedFile, log: LogType) -> Self {
        Self {
            objects,
            refused,
            log,
            sheets: HashMap::new(),
            tape: Tape::default(),
            tally: Tally::default(),
            rows: HashMap::new(),
        }
    }

    /// Makes rows of a block; tells what came of it.
    pub(super) fn take(&mut self, block: &Block) -> Result<Tally, ImportError> {
        let before = self.tally;
        let mut tape = std::mem::take(&mut self.tape);
        let mut result = Ok(());
        for piece in &block.pieces {
            result = self.piece(&mut tape, block, piece);
            if result.is_err() {
                break;
            }
        }
        self.tape = tape;
        result?;
        if let Some(why) = &block.broken {
            let end = Piece {
                start: block.bytes.len(),
                end: block.bytes.len(),
                fault: None,
            };
            self.refuse(block, &end, why)?;
        }
        Ok(Tally {
            read: self.tally.read - before.read,
            written: self.tally.written - before.written,
            refused: self.tally.refused - before.refused,
        })
    }

    fn refuse(&mut self, block: &Block, piece: &Piece, why: &str) -> Result<(), ImportError> {
        self.tally.read += 1;
        self.tally.refused += 1;
        let bytes = block.bytes.get(piece.start..piece.end).unwrap_or_default();
        let offset = block.offset + piece.start as u64;
        self.refused
            .keep(&Refused::new(&block.file.path, offset, bytes, why))
    }

    fn piece(&mut self, tape: &mut Tape, block: &Block, piece: &Piece) -> Result<(), ImportError> {
        if let Some(why) = piece.fault {
            return self.refuse(block, piece, why);
        }
        let bytes = block.bytes.get(piece.start..piece.end).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.refuse(block, piece, "it is no UTF-8");
        };
        if let Shape::Flow(fields) = &block.shape {
            let pushed = self.with(Target::Flow, |sheet| match sheet {
                Sheet::Flow(sheet) => sheet.push(text, fields, &block.file),
                _ => Ok(()),
            })?;
            return self.count(block, piece, Source::VpcFlow, pushed);
        }
        let record = match tape.read(text) {
            Ok(record) => record,
            Err(fault) => {
                let why = format!("it is no JSON: {} (byte {})", fault.what, fault.at);
                return self.refuse(block, piece, &why);
            }
        };
        match record
            .member("Records")
            .filter(|list| list.kind() == Kind::Array)
        {
            Some(list) => self.all(block, piece, list),
            None if record.kind() == Kind::Array => self.all(block, piece, record),
            None => self.record(block, piece, record, text.len()),
        }
    }

    fn all(&mut self, block: &Block, piece: &Piece, list: Value<'_>) -> Result<(), ImportError> {
        for item in list.items() {
            self.record(block, piece, item, item.size())?;
        }
        Ok(())
    }

    fn record(
        &mut self,
        block: &Block,
        piece: &Piece,
        record: Value<'_>,
        bytes: usize,
    ) -> Result<(), ImportError> {
        let target = match Target::of(record, self.log) {
            Ok(target) => target,
            Err(why) => return self.refuse(block, piece, &why),
        };
        let source = match target {
            Target::Trail(source) | Target::Ocsf(source) => source,
            Target::Flow => Source::VpcFlow,
            Target::Dns => Source::Route53,
        };
        let pushed = self.with(target, |sheet| match sheet {
            Sheet::Trail(sheet) => sheet.push(record, bytes),
            Sheet::Dns(sheet) => sheet.push(record, bytes, &block.file),
            Sheet::Ocsf(sheet) => sheet.push(record, bytes, &block.file),
            Sheet::Flow(_) => Ok(()),
        })?;
        self.count(block, piece, source, pushed)
    }

    fn count(
        &mut self,
        block: &Block,
        piece: &Piece,
        source: Source,
        pushed: Result<(), String>,
    ) -> Result<(), ImportError> {
        match pushed {
            Ok(()) => {
                self.tally.read += 1;
                self.tally.written += 1;
                *self.rows.entry(source).or_default() += 1;
                Ok(())
            }
            Err(why) => self.refuse(block, piece, &why),
        }
    }

    /// Writes into the sheet of a target, and hands its rows over when they are many.
    fn with(
        &mut self,
        target: Target,
        push: impl FnOnce(&mut Sheet) -> Result<(), String>,
    ) -> Result<Result<(), String>, ImportError> {
        let sheet = match self.sheets.entry(target) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(target.sheet()?),
        };
        let pushed = push(sheet);
        if sheet.page().is_full() {
            hand_over(self.objects, sheet)?;
        }
        Ok(pushed)
    }

    /// Hands over what is left.
    pub(super) fn finish(&mut self) -> Result<(), ImportError> {
        for sheet in self.sheets.values_mut() {
            hand_over(self.objects, sheet)?;
        }
        Ok(())
    }
}

fn hand_over(objects: &Objects, sheet: &mut Sheet) -> Result<(), ImportError> {
    if sheet.page().is_empty() {
        return Ok(());
    }
    let batch = sheet.finish()?;
    for (partition, rows) in sheet.page().split(batch)? {
        let partition = Arc::clone(&partition);
        objects.append(&partition, &rows)?;
    }
    Ok(())
}
