//! Live mode: the lake goes on. Every stream gets an object every five minutes of its own time,
//! each followed by its notification; now and then something suspicious is among the rows, from
//! addresses that no answer key names. Time is the caller's: this module never waits by itself.

mod suspects;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use md5::{Digest, Md5};
use serde_json::json;

use super::census::Census;
use super::dice::Dice;
use super::folder::{self, LiveLock};
use super::object::{self, Object};
use super::plan::{self, Chunk, Stream};
use super::world::{REGIONS, SECURITY, World};
use super::{DemoError, encode_error};
use crate::domain::lake::notification;

/// The folder of the notifications in the lake's folder.
pub const NOTIFICATIONS: &str = "notifications";

const DAY: i64 = 86_400_000;
/// How often a stream gets an object, in milliseconds of the lake's time.
const PERIOD: i64 = 300_000;
/// How likely an object has something suspicious in it.
const SUSPICIOUS: f64 = 0.05;
/// Parts of live objects begin here, past those of the lake's making.
const FIRST_PART: u64 = 1 << 32;

/// How much faster than real time a lake goes on in the console: at its own pace nothing would be
/// seen to happen for half a minute.
pub const CONSOLE_SPEED: u32 = 4;

/// How a lake goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveOptions {
    /// Rows a week over all tables.
    pub weekly_events: usize,
    /// How much faster than real time the lake's time runs; more than 0.
    pub speed: f64,
}

impl LiveOptions {
    /// What lets somebody who looks on see an object every few seconds, by day and by night.
    pub fn for_the_console() -> Self {
        Self {
            weekly_events: 1_000_000,
            speed: f64::from(CONSOLE_SPEED),
        }
    }
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            weekly_events: 300_000,
            speed: 1.0,
        }
    }
}

/// An object that live mode has written, its notification after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveObject {
    /// Counts the notifications of this lake, from 1; also names the notification's file.
    pub sequence: u64,
    /// The object's key.
    pub key: String,
    /// Its rows.
    pub rows: usize,
    /// The lake's time at which it arrived.
    pub time: DateTime<Utc>,
}

/// Goes on writing objects and notifications into the demo lake in `dir`, from the end of the
/// lake or of an earlier live run, until `pause` breaks.
///
/// `pause` is asked to let a stretch of real time pass before every object; it waits, watches for
/// cancellation, and breaks to end the run. `arrived` hears of every object. Returns how many
/// objects were written.
pub fn live(
    dir: &Path,
    options: &LiveOptions,
    pause: &mut dyn FnMut(Duration) -> ControlFlow<()>,
    arrived: &mut dyn FnMut(&LiveObject),
) -> Result<u64, DemoError> {
    if !(options.speed.is_finite() && options.speed > 0.0) {
        return Err(DemoError::Speed(options.speed));
    }
    let scenario = folder::read_scenario(dir)?;
    let _lock = LiveLock::new(dir)?;
    let world = World::new(scenario.seed);
    let (sequence, start) = resume(dir)?.unwrap_or((0, scenario.until.timestamp_millis()));
    let streams: Vec<(Stream, f64)> = plan::streams().collect();
    let step = PERIOD / streams.len() as i64;
    let real = Duration::from_millis(step as u64).div_f64(options.speed);
    let mut done = vec![start; streams.len()];
    let mut tail = Tail {
        dir,
        world: &world,
        sequence,
    };
    let mut now = start;
    for index in (0..streams.len()).cycle() {
        if pause(real).is_break() {
            break;
        }
        now += step;
        let (stream, share) = streams[index];
        while done[index] < now {
            let end = now.min(done[index].div_euclid(DAY) * DAY + DAY);
            let span = (done[index], end);
            let weekly = options.weekly_events as f64;
            let rows = plan::expected_rows(stream, share, span, weekly);
            if let Some(object) = tail.write(stream, span, rows)? {
                arrived(&object);
            }
            done[index] = end;
        }
    }
    Ok(tail.sequence - sequence)
}

/// Where an earlier live run ended: its last sequence and time.
fn resume(dir: &Path) -> Result<Option<(u64, i64)>, DemoError> {
    let Some((name, body)) = folder::last_file(dir, NOTIFICATIONS)? else {
        return Ok(None);
    };
    let broken = |why: String| DemoError::NotAScenario {
        path: dir.join(NOTIFICATIONS).join(&name),
        why,
    };
    let sequence = name
        .trim_end_matches(".json")
        .parse()
        .map_err(|_| broken("its name is no number".to_owned()))?;
    let notifications = notification::decode(&String::from_utf8_lossy(&body))
        .map_err(|error| broken(error.to_string()))?;
    let time = notifications.first().and_then(|first| first.time);
    let time = time.ok_or_else(|| broken("it has no time".to_owned()))?;
    Ok(Some((sequence, time.timestamp_millis())))
}

/// The growing end of a lake.
struct Tail<'a> {
    dir: &'a Path,
    world: &'a World,
    sequence: u64,
}

impl Tail<'_> {
    /// Writes the object of a stream's stretch of time; `None` where nothing happened.
    fn write(
        &mut self,
        stream: Stream,
        span: (i64, i64),
        expected: f64,
    ) -> Result<Option<LiveObject>, DemoError> {
        let part = (FIRST_PART + self.sequence) as usize;
        let mut dice = Dice::new(self.world.seed, &format!("live/{}/{}", part, span.0));
        let planted = if dice.chance(SUSPICIOUS) {
            suspects::act(self.world, stream, span, &mut dice)
        } else {
            Vec::new()
        };
        let start = DateTime::from_timestamp_millis(span.0).unwrap_or_default();
        let chunk = Chunk {
            stream,
            day: start.date_naive().max(NaiveDate::default()),
            part,
            span,
            rows: (expected + dice.unit()) as usize,
        };
        if chunk.rows + planted.len() == 0 {
            return Ok(None);
        }
        let nobody = Census::new(std::iter::empty()).map_err(|e| encode_error(&chunk, e))?;
        let object = object::object(self.world, &chunk, &planted, &nobody, 0)
            .map_err(|error| encode_error(&chunk, error))?;
        folder::put(self.dir, &object.key, &object.bytes)?;
        let arrived = DateTime::from_timestamp_millis(span.1).unwrap_or(start);
        let sequence = self.sequence + 1;
        let body = self.notification(stream, &object, arrived, sequence, &mut dice);
        let name = format!("{NOTIFICATIONS}/{sequence:010}.json");
        folder::put(self.dir, &name, body.as_bytes())?;
        self.sequence = sequence;
        Ok(Some(LiveObject {
            sequence,
            key: object.key,
            rows: object.rows,
            time: arrived,
        }))
    }

    /// The body that EventBridge delivers for an object.
    fn notification(
        &self,
        stream: Stream,
        object: &Object,
        time: DateTime<Utc>,
        sequence: u64,
        dice: &mut Dice,
    ) -> String {
        let region = REGIONS[stream.region];
        let bucket = self.world.lake_bucket(region);
        let digest = Md5::digest(&object.bytes);
        let etag: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let account = &self.world.accounts[SECURITY].id;
        let body = json!({
            "version": "0",
            "id": dice.uuid(),
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": account,
            "time": time.to_rfc3339_opts(SecondsFormat::Millis, true),
            "region": region,
            "resources": [format!("arn:aws:s3:::{bucket}")],
            "detail": {
                "version": "0",
                "bucket": { "name": bucket },
                "object": {
                    "key": object.key,
                    "size": object.bytes.len(),
                    "etag": etag,
                    "sequencer": format!("{sequence:018X}"),
                },
                "request-id": dice.hex(16).to_uppercase(),
                "requester": "securitylake.amazonaws.com",
                "reason": "PutObject",
            },
        });
        body.to_string()
    }
}

#[cfg(test)]
mod tests;
