//! `lakehound demo`: a lake with an incident hidden in it; and the one that the first use makes.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::context::Context;
use super::interrupt::run_until_interrupted;
use super::listing::{grouped, size};
use super::progress::bar;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::demo::{self, DemoError, DemoOptions, LiveOptions, Progress, SCENARIO_FILE, SCENARIOS};
use crate::domain::nearest::did_you_mean;
use crate::sql::parameters;

const EXAMPLES: &str = "\
Examples:
  lakehound demo                         make the demo lake anew, ending now
  lakehound demo --dir ./lake --seed 7 --events 1000000 --days 14 --until 2026-01-31
  lakehound demo --live --speed 60       let it go on, sixty times as fast as real time";

/// Make a demo lake with an incident hidden in it
///
/// The same arguments give the same bytes. The answer key lies in the lake's folder as
/// scenario.json; a folder that is no demo lake is never touched.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Where to make it [default: the data folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// What chance starts from [default: 42]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many events [default: 300000]
    #[arg(long, value_name = "N")]
    events: Option<usize>,
    /// How many days they span [default: 7]
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// When the lake ends, such as 2026-01-31 or 2026-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Which incident
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// Let the lake go on until interrupted: new objects with their notifications, one JSON line
    /// each. A lake that is there is not made anew unless another option asks for it
    #[arg(long)]
    live: bool,
    /// How many times as fast as real time
    #[arg(long, value_name = "X", requires = "live", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
}

impl Args {
    /// Whether an option says how the lake is to be made.
    fn shapes_the_lake(&self) -> bool {
        self.seed.is_some()
            || self.events.is_some()
            || self.days.is_some()
            || self.until.is_some()
            || self.scenario.is_some()
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Stop> {
    let folder = match &args.dir {
        Some(folder) => folder.clone(),
        None => context.paths.demo_lake(),
    };
    if !args.live {
        make(&folder, options(context, args)?)?;
        let mut out = Stdout::lock();
        out.line(folder.display())?;
        return out.finish();
    }
    let speed = args.speed;
    if args.shapes_the_lake() || !folder.join(SCENARIO_FILE).exists() {
        make(&folder, options(context, args)?)?;
    }
    go_on(folder, speed)
}

/// What the lake is made from.
fn options(context: &Context, args: Args) -> Result<DemoOptions, Stop> {
    let until = match &args.until {
        Some(text) => time(text, context)?,
        None => Utc::now(),
    };
    let mut options = DemoOptions::new(until);
    options.seed = args.seed.unwrap_or(options.seed);
    options.events = args.events.unwrap_or(options.events);
    options.days = args.days.unwrap_or(options.days);
    if let Some(name) = args.scenario {
        if !SCENARIOS.contains(&name.as_str()) {
            return Err(
                Stop::usage(format_args!("there is no scenario `{name}`")).hint(
                    did_you_mean(&name, SCENARIOS.iter().copied())
                        .unwrap_or_else(|| format!("known are: {}", SCENARIOS.join(", "))),
                ),
            );
        }
        options.scenario = name;
    }
    Ok(options)
}

/// Writes new objects until interrupted, and tells each on stdout.
fn go_on(folder: PathBuf, speed: f64) -> Result<(), Stop> {
    let options = LiveOptions {
        speed,
        ..LiveOptions::default()
    };
    run_until_interrupted(async move {
        // Dropping `alive` with this future tells the writer to end.
        let (alive, stopped) = std::sync::mpsc::channel::<()>();
        let (arrived, mut objects) = tokio::sync::mpsc::channel(64);
        let writer = tokio::task::spawn_blocking(move || {
            demo::live(
                &folder,
                &options,
                &mut |pause| match stopped.recv_timeout(pause) {
                    Err(RecvTimeoutError::Timeout) => ControlFlow::Continue(()),
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(()),
                },
                &mut |object| {
                    // Nobody listens only when all of this is ending.
                    let _ = arrived.blocking_send(object.clone());
                },
            )
        });
        let mut out = Stdout::lock();
        while let Some(object) = objects.recv().await {
            out.line(json!({
                "sequence": object.sequence,
                "key": object.key,
                "rows": object.rows,
                "time": object.time.to_rfc3339_opts(SecondsFormat::Millis, true),
            }))?;
            out.flush().map_err(|error| Stop::stdout(&error))?;
        }
        drop(alive);
        match writer.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Stop::failed(error)),
            Err(_) => Err(Stop::failed("the writing of new objects broke off")),
        }
    })
}

/// The folder of the demo lake, which the first use makes.
pub(super) fn ready(context: &Context) -> Result<PathBuf, Stop> {
    let folder = context.paths.demo_lake();
    if !folder.join(SCENARIO_FILE).exists() {
        say(format_args!(
            "note: no lake is named, so a demo lake is made in {}",
            folder.display()
        ));
        make(&folder, DemoOptions::new(Utc::now()))?;
    }
    Ok(folder)
}

fn make(folder: &Path, options: DemoOptions) -> Result<(), Stop> {
    let events = u64::try_from(options.events).unwrap_or(u64::MAX);
    let bar = bar(events, "{bar:24} {pos} of {len} events, {msg}");
    let shown = bar.clone();
    let folder = folder.to_owned();
    let written = run_until_interrupted(async move {
        let work = tokio::task::spawn_blocking(move || {
            let mut last = Progress::default();
            demo::write_lake(&folder, &options, &mut |progress| {
                shown.set_length(progress.events_total);
                shown.set_position(progress.events);
                shown.set_message(size(progress.bytes));
                last = progress;
            })
            .map(|_| last)
        });
        match work.await {
            Ok(Ok(written)) => Ok(written),
            Ok(Err(
                error @ (DemoError::Days(_)
                | DemoError::TooFewEvents { .. }
                | DemoError::UnknownScenario { .. }),
            )) => Err(Stop::usage(error)),
            Ok(Err(error)) => Err(Stop::failed(error)),
            Err(_) => Err(Stop::failed("the making of the demo lake broke off")),
        }
    });
    bar.finish_and_clear();
    let written = written?;
    tracing::info!(
        events = grouped(written.events),
        bytes = size(written.bytes),
        "made a demo lake"
    );
    Ok(())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("it is a number above 0, such as 60 or 0.5".to_owned()),
    }
}

/// A time as a person types it, in the shown zone where it names none.
fn time(text: &str, context: &Context) -> Result<DateTime<Utc>, Stop> {
    let context = parameters::Context {
        zone: context.config.zone,
        now: Utc::now(),
    };
    parameters::timestamp(text, &context).map_err(|error| Stop::usage(error.to_string()))
}
