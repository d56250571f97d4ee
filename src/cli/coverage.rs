//! `lakehound coverage`: source × account × Region × hour, with the gaps named.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::context::Context;
use super::interrupt::run_until_interrupted;
use super::lake::{LakeArgs, open};
use super::listing::{self, ListFormat, grouped, print_json, size};
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::domain::coverage::{Coverage, Gap, Part, Series, Shade, Stretch, Strip};
use crate::domain::nearest::did_you_mean;
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound coverage                      every source, account and Region with its hours and gaps
  lakehound coverage vpc_flow             one source
  lakehound coverage --format json --lake ./evidence";

/// Cells of a strip.
const CELLS: usize = 48;

/// Gaps that are listed.
const GAPS: usize = 40;

/// Show which hours the lake covers: source × account × Region, from its objects
///
/// An hour counts as covered where an object may have an event of it, as the object's footer says.
/// A gap is a pause far longer than the pauses that are usual for its source, account and Region.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// One source, such as vpc_flow
    source: Option<String>,
    /// How to print it; json has every hour
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    format: ListFormat,
    #[command(flatten)]
    pub(super) lake: LakeArgs,
}

pub(super) fn run(context: &Context, args: &Args, lake: &LakeArgs) -> Result<(), Stop> {
    let place = lake.place(context)?;
    run_until_interrupted(async {
        let lake = open(context, &place).await?;
        let known = lake.catalog.coverage().await;
        let coverage = known
            .map_err(|error| Stop::query(error, ""))?
            .ok_or_else(|| {
                Stop::failed("the objects of a lake on AWS are not listed, so its coverage is not known")
                    .hint("the console shows what the notifications of this start tell; for hours of one table run `SELECT date_trunc('hour', time_dt), count(*) … GROUP BY 1`")
            })?;
        let part = part(args, &coverage)?;
        match args.format {
            ListFormat::Table => print(&coverage, &part),
            ListFormat::Json => print_json(&json_of(&coverage, &part)),
        }
    })
}

fn part(args: &Args, coverage: &Coverage) -> Result<Part, Stop> {
    let Some(source) = &args.source else {
        return Ok(Part::default());
    };
    let known = coverage.distinct(&Part::default(), |stretch| &stretch.source);
    if known.contains(source) {
        return Ok(Part::of(source));
    }
    let hint = did_you_mean(source, known.iter().map(String::as_str));
    Err(
        Stop::failed(format_args!("the lake has no object of `{source}`"))
            .hint(hint.unwrap_or_else(|| format!("it has {}", known.join(", ")))),
    )
}

fn print(coverage: &Coverage, part: &Part) -> Result<(), Stop> {
    let mut out = Stdout::lock();
    let strip = Strip::of(coverage, CELLS);
    let row = |(stretch, series): (&Stretch, &Series)| {
        let shades = strip.map(|strip| strip.shades(series)).unwrap_or_default();
        let rows = match series.rows {
            0 if series.unread > 0 => "?".to_owned(),
            rows => grouped(rows),
        };
        [
            stretch.source.to_string(),
            stretch.account.to_string(),
            stretch.region.to_string(),
            grouped(series.objects),
            rows,
            size(series.bytes),
            shades.into_iter().map(Shade::sign).collect::<String>(),
        ]
    };
    let rows: Vec<[String; 7]> = coverage.part(part).map(row).collect();
    listing::print(
        &mut out,
        [
            "SOURCE", "ACCOUNT", "REGION", "OBJECTS", "ROWS", "SIZE", "HOURS",
        ],
        [
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Left,
        ],
        &rows,
    )?;
    let gaps: Vec<Gap> = coverage
        .gaps()
        .into_iter()
        .filter(|gap| part.has(&gap.stretch))
        .collect();
    if !gaps.is_empty() {
        out.line("")?;
        let shown: Vec<[String; 6]> = gaps.iter().take(GAPS).map(gap_row).collect();
        listing::print(
            &mut out,
            ["GAP OF", "ACCOUNT", "REGION", "FROM", "TO", "HOURS"],
            [
                Align::Left,
                Align::Left,
                Align::Left,
                Align::Left,
                Align::Left,
                Align::Right,
            ],
            &shown,
        )?;
    }
    out.finish()?;
    if let Some(strip) = strip {
        let hours = strip.step.hours;
        let plural = if hours == 1 { "" } else { "s" };
        say(format_args!(
            "each sign is {hours} hour{plural}, from {} to {}; {}",
            shown_time(strip.from),
            shown_time(strip.to()),
            legend()
        ));
    }
    if gaps.len() > GAPS {
        say(format_args!(
            "{} more gaps; --format json has all",
            gaps.len() - GAPS
        ));
    }
    Ok(())
}

fn legend() -> String {
    let told = |shade: Shade| format!("{} {}", shade.sign(), shade.told());
    Shade::ALL.map(told).join(", ")
}

fn gap_row(gap: &Gap) -> [String; 6] {
    let to = if gap.open {
        format!("{} and on", shown_time(gap.to))
    } else {
        shown_time(gap.to)
    };
    [
        gap.stretch.source.to_string(),
        gap.stretch.account.to_string(),
        gap.stretch.region.to_string(),
        shown_time(gap.from),
        to,
        gap.hours().to_string(),
    ]
}

fn shown_time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn written_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn json_of(coverage: &Coverage, part: &Part) -> serde_json::Value {
    let series: Vec<serde_json::Value> = coverage.part(part).map(series_json).collect();
    let gaps: Vec<serde_json::Value> = coverage
        .gaps()
        .iter()
        .filter(|gap| part.has(&gap.stretch))
        .map(|gap| {
            json!({
                "source": &*gap.stretch.source,
                "account": &*gap.stretch.account,
                "region": &*gap.stretch.region,
                "from": written_time(gap.from),
                "to": written_time(gap.to),
                "hours": gap.hours(),
                "open": gap.open,
            })
        })
        .collect();
    json!({ "complete": coverage.is_complete(), "series": series, "gaps": gaps })
}

fn series_json((stretch, series): (&Stretch, &Series)) -> serde_json::Value {
    let hours: Vec<serde_json::Value> = series
        .hours
        .iter()
        .filter_map(|(hour, cell)| {
            let start = DateTime::from_timestamp(hour.checked_mul(3_600)?, 0)?;
            Some(json!({
                "hour": written_time(start),
                "objects": cell.objects,
                "rows": cell.rows,
                "by_day": cell.by_day,
            }))
        })
        .collect();
    json!({
        "source": &*stretch.source,
        "account": &*stretch.account,
        "region": &*stretch.region,
        "objects": series.objects,
        "bytes": series.bytes,
        "rows": series.rows,
        "objects_without_footer": series.unread,
        "first": series.extent.map(|(first, _)| written_time(first)),
        "last": series.extent.map(|(_, last)| written_time(last)),
        "hours": hours,
    })
}
