//! Rows of one table on their way into objects: each remembers its partition, and many are handed
//! over at once.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};

use crate::domain::lake::Source;

/// Rows that are handed over at a time, at most.
const ROWS: usize = 8_192;

/// Bytes of records that are handed over at a time, about.
const BYTES: usize = 16 << 20;

/// What stands for a Region or account that no record and no path names.
pub(super) const UNKNOWN: &str = "unknown";

/// Where rows belong in the lake.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Partition {
    pub(super) source: Source,
    pub(super) region: String,
    pub(super) account: String,
    /// `YYYYMMDD`, in UTC.
    pub(super) day: String,
}

impl Partition {
    /// The partition of a row. A Region or account that would be no safe name of a folder counts
    /// as not known here; the row keeps it.
    pub(super) fn of(source: Source, region: &str, account: &str, time: i64) -> Self {
        let safe = |text: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if !text.is_empty() && text.len() <= 40 && text.bytes().all(fits) {
                text.to_owned()
            } else {
                UNKNOWN.to_owned()
            }
        };
        let day = DateTime::<Utc>::from_timestamp_millis(time).map_or_else(
            || UNKNOWN.to_owned(),
            |time| time.format("%Y%m%d").to_string(),
        );
        Self {
            source,
            region: safe(region),
            account: safe(account),
            day,
        }
    }

    /// The folder of its objects.
    pub(super) fn folder(&self) -> String {
        format!(
            "aws/{}/2.0/region={}/accountId={}/eventDay={}",
            self.source.key_name(),
            self.region,
            self.account,
            self.day
        )
    }
}

/// The partitions of the rows of one table that were not handed over yet.
pub(super) struct Page {
    source: Source,
    places: Vec<u32>,
    partitions: Vec<Arc<Partition>>,
    known: HashMap<(String, String, i64), u32>,
    last: Option<(String, String, i64, u32)>,
    bytes: usize,
}

const DAY: i64 = 86_400_000;

impl Page {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            places: Vec::new(),
            partitions: Vec::new(),
            known: HashMap::new(),
            last: None,
            bytes: 0,
        }
    }

    /// Notes a row that was ended in the table.
    pub(super) fn note(&mut self, region: &str, account: &str, time: i64, bytes: usize) {
        let day = time.div_euclid(DAY);
        self.bytes += bytes;
        if let Some((last_region, last_account, last_day, place)) = &self.last
            && last_region == region
            && last_account == account
            && *last_day == day
        {
            self.places.push(*place);
            return;
        }
        let key = (region.to_owned(), account.to_owned(), day);
        let next = self.partitions.len() as u32;
        let place = *self.known.entry(key.clone()).or_insert(next);
        if place == next {
            let partition = Partition::of(self.source, region, account, time);
            self.partitions.push(Arc::new(partition));
        }
        self.last = Some((key.0, key.1, key.2, place));
        self.places.push(place);
    }

    /// Whether it is time to hand over.
    pub(super) fn is_full(&self) -> bool {
        self.places.len() >= ROWS || self.bytes >= BYTES
    }

    /// Whether there is nothing to hand over.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The rows of each partition, in their order.
    pub(super) fn split(
        &mut self,
        batch: RecordBatch,
    ) -> Result<Vec<(Arc<Partition>, RecordBatch)>, ArrowError> {
        let places = std::mem::take(&mut self.places);
        let partitions = std::mem::take(&mut self.partitions);
        self.known.clear();
        self.last = None;
        self.bytes = 0;
        if let [partition] = partitions.as_slice() {
            return Ok(vec![(Arc::clone(partition), batch)]);
        }
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); partitions.len()];
        for (row, place) in places.iter().enumerate() {
            if let Some(rows) = rows.get_mut(*place as usize) {
                rows.push(row as u32);
            }
        }
        let part = |(partition, rows): (Arc<Partition>, Vec<u32>)| {
            let part = take_record_batch(&batch, &UInt32Array::from(rows))?;
            Ok((partition, part))
        };
        partitions.into_iter().zip(rows).map(part).collect()
    }
}
