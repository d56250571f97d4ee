//! The demo lake: a deterministic generator of life-like OCSF events with an incident inside.
//!
//! Seed, size, days, end and scenario fix every byte of it; neither the clock nor the number of
//! threads has a say. The world ([`world`]) is made from the seed, the plan ([`plan`]) cuts the
//! lake into chunks, each with chance of its own, and every chunk becomes one object
//! ([`object`]): the background of its source ([`background`]) with the planted events of the
//! scenario ([`incident`]) among it. The answer key ([`Scenario`]) is counted on the rows that
//! were written. This module owns the lake's folder and nothing else: no output, no clock.

mod background;
mod census;
mod dice;
mod folder;
mod incident;
mod live;
mod object;
mod plan;
mod rows;
mod scenario;
mod world;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use chrono::{DateTime, Duration, Utc};

pub use incident::SCENARIOS;
pub use live::{CONSOLE_SPEED, LiveObject, LiveOptions, NOTIFICATIONS, live};
pub use scenario::{Entity, Scenario, StolenObject};

use census::{Census, Sightings};
use folder::Site;
use incident::Plot;
use plan::Chunk;
use world::World;

/// The answer key's name in the lake's folder; also what marks a folder as a demo lake.
pub const SCENARIO_FILE: &str = "scenario.json";

/// What a demo lake is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoOptions {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Rows over all tables, those of the incident included.
    pub events: usize,
    /// Days that the lake covers, ending at `until`; at least 1.
    pub days: u32,
    /// All events are before this time.
    pub until: DateTime<Utc>,
    /// One of [`SCENARIOS`].
    pub scenario: String,
}

impl DemoOptions {
    /// The default lake: 300,000 events over the seven days before `until`.
    pub fn new(until: DateTime<Utc>) -> Self {
        Self {
            seed: 42,
            events: 300_000,
            days: 7,
            until,
            scenario: SCENARIOS[0].to_owned(),
        }
    }
}

/// How far the making of a lake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Rows written.
    pub events: u64,
    /// Rows to be written.
    pub events_total: u64,
    /// Objects written.
    pub objects: u64,
    /// Objects to be written; those without rows are counted, too.
    pub objects_total: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Why a demo lake could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Nobody knows the scenario.
    #[error("there is no scenario `{name}`; known are: {}", SCENARIOS.join(", "))]
    UnknownScenario {
        /// The name asked for.
        name: String,
    },
    /// The scenario alone has more events.
    #[error(
        "the scenario alone has {needed} events, so {events} are too few; ask for at least {needed}"
    )]
    TooFewEvents {
        /// The events asked for.
        events: usize,
        /// The events of the scenario.
        needed: usize,
    },
    /// The days are none, or more than the calendar has.
    #[error("a demo lake covers 1 to 3,650 days, not {0}")]
    Days(u32),
    /// The folder holds something else.
    #[error(
        "`{}` is not empty and no demo lake (it has no `scenario.json` of ours): nothing was changed; choose another folder", path.display()
    )]
    NotADemoLake {
        /// The folder.
        path: PathBuf,
    },
    /// The answer key cannot be read.
    #[error("`{}` is no answer key of a demo lake: {why}", path.display())]
    NotAScenario {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another process makes the same lake.
    #[error("another process is making the demo lake `{}`; wait for it to end", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Another process goes on writing the same lake.
    #[error("another process is writing to the demo lake `{}`; stop that one first", path.display())]
    Live {
        /// The folder.
        path: PathBuf,
    },
    /// The speed is nothing that time can have.
    #[error("a lake cannot run at {0} times real time; give a number above 0")]
    Speed(f64),
    /// A file could not be read or written.
    #[error("could not {what} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// An object could not be encoded: a fault of the program.
    #[error("could not encode the object of {chunk}: {why}")]
    Encode {
        /// The object's source, account, Region and day.
        chunk: String,
        /// Why not.
        why: String,
    },
}

/// Makes a demo lake in `dir`, in place of the demo lake that may be there, on all cores.
///
/// The folder appears complete or not at all. A folder that is neither empty nor a demo lake is
/// left as it is: [`DemoError::NotADemoLake`]. `progress` is called after every object, in no
/// particular order of objects, from the calling thread.
pub fn write_lake(
    dir: &Path,
    options: &DemoOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Scenario, DemoError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    write_with(dir, options, threads, progress)
}

fn write_with(
    dir: &Path,
    options: &DemoOptions,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<Scenario, DemoError> {
    if !(1..=3_650).contains(&options.days) {
        return Err(DemoError::Days(options.days));
    }
    let until =
        DateTime::from_timestamp_millis(options.until.timestamp_millis()).unwrap_or(options.until);
    let from = until - Duration::days(i64::from(options.days));
    let world = World::new(options.seed);
    let plot =
        Plot::new(&options.scenario, &world, from, until, options.events).ok_or_else(|| {
            DemoError::UnknownScenario {
                name: options.scenario.clone(),
            }
        })?;
    let Some(rows) = options.events.checked_sub(plot.events()) else {
        return Err(DemoError::TooFewEvents {
            events: options.events,
            needed: plot.events(),
        });
    };
    let chunks = plan::chunks(from, until, rows, object_rows(options.events));
    let site = Site::new(dir)?;
    let sightings = write_chunks(&site, &world, &plot, &chunks, threads, progress)?;
    let scenario = answer_key(options, from, until, plot, &sightings);
    site.publish(&scenario)?;
    Ok(scenario)
}

/// Rows of an object at most: a few hundred objects for a small lake, so that it opens fast, and
/// objects of a bounded size for a large one.
fn object_rows(events: usize) -> usize {
    (events / 100).clamp(1_500, 250_000)
}

/// What is left of an object in memory once it is on disk.
#[derive(Default)]
struct Written {
    rows: u64,
    bytes: u64,
    sightings: Vec<Sightings>,
}

/// Writes all objects on `threads` threads and counts the entities.
fn write_chunks(
    site: &Site,
    world: &World,
    plot: &Plot,
    chunks: &[Chunk],
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Sightings>, DemoError> {
    let values = plot.parts.iter().map(|part| part.value.as_str());
    let census = Census::new(values).map_err(|error| DemoError::Encode {
        chunk: "the answer key".to_owned(),
        why: error.to_string(),
    })?;
    let work = |chunk: &Chunk| -> Result<Written, DemoError> {
        let planted = plot.between(chunk.stream, chunk.span);
        if chunk.rows + planted.len() == 0 {
            return Ok(Written::default());
        }
        let object = object::object(world, chunk, planted, &census, plot.parts.len());
        let object = object.map_err(|error| encode_error(chunk, error))?;
        site.write(&object.key, &object.bytes)?;
        Ok(Written {
            rows: object.rows as u64,
            bytes: object.bytes.len() as u64,
            sightings: object.sightings,
        })
    };
    let mut totals = vec![Sightings::default(); plot.parts.len()];
    let mut done = Progress {
        events_total: (chunks.iter().map(|chunk| chunk.rows).sum::<usize>() + plot.events()) as u64,
        objects_total: chunks.len() as u64,
        ..Progress::default()
    };
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(threads);
        for _ in 0..threads.max(1) {
            let (send, work, next, stop) = (send.clone(), &work, &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed)
                    && let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    // The receiver is gone only after an error of another object.
                    if send.send(work(chunk)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        for made in receive {
            let made = made.inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            done.objects += 1;
            done.events += made.rows;
            done.bytes += made.bytes;
            for (total, seen) in totals.iter_mut().zip(&made.sightings) {
                total.add(seen);
            }
            progress(done);
        }
        Ok(totals)
    })
}

fn encode_error(chunk: &Chunk, error: impl std::fmt::Display) -> DemoError {
    DemoError::Encode {
        chunk: chunk.label(),
        why: error.to_string(),
    }
}

fn answer_key(
    options: &DemoOptions,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    plot: Plot,
    sightings: &[Sightings],
) -> Scenario {
    let time = |millis| DateTime::from_timestamp_millis(millis).unwrap_or(from);
    let entities = plot
        .parts
        .into_iter()
        .zip(sightings)
        .map(|(part, seen)| {
            let (first, last) = seen.span.map_or((from, from), |(a, b)| (time(a), time(b)));
            Entity {
                role: part.role.to_owned(),
                kind: part.kind.to_owned(),
                value: part.value,
                first_seen: first,
                last_seen: last,
                events: seen.events,
            }
        })
        .collect();
    Scenario {
        name: options.scenario.clone(),
        seed: options.seed,
        from,
        until,
        entities,
        stolen_objects: plot.stolen,
        findings: plot.findings,
    }
}

/// Reads the answer key of the demo lake in `dir`.
pub fn read_scenario(dir: &Path) -> Result<Scenario, DemoError> {
    folder::read_scenario(dir)
}

#[cfg(test)]
mod tests;
