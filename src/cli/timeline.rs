//! `lakehound case timeline`: what the pins of a case tell, by the time at which it happened.

use chrono_tz::{TZ_VARIANTS, Tz};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::context::Context;
use super::output::OutputArgs;
use super::stop::{Stop, say};
use crate::adapters::case::CaseResult;
use crate::adapters::kept::KeptResults;
use crate::domain::case::CaseState;
use crate::domain::nearest::did_you_mean;
use crate::domain::rows::RowsHandle;
use crate::domain::timeline::{Grouping, Moment, Sources, items_of, table, time_column};
use crate::sql::parameters;

pub(super) const EXAMPLES: &str = "\
Examples:
  lakehound case timeline 3f1c
  lakehound case timeline 3f1c --group stage --zone Europe/Berlin
  lakehound case timeline 3f1c --result result_3 -o timeline.md

An item is of the stage that one of its tags names: a tactic of MITRE ATT&CK
(`initial-access`, `exfiltration` …) or `stage:NAME`.";

/// How the timeline is made.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The case
    #[arg(value_name = "ID")]
    id: String,
    /// Put together what is of one entity, tag or stage
    #[arg(
        long,
        value_name = "BY",
        value_parser = PossibleValuesParser::new(["entity", "tag", "stage"])
            .try_map(|name| name.parse::<Grouping>())
    )]
    group: Option<Grouping>,
    /// The zone of the times, such as Europe/Berlin [default: that of the configuration]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    zone: Option<Tz>,
    /// Put a kept result of the case into it as a whole; may be given more than once
    #[arg(long, value_name = "NAME")]
    result: Vec<String>,
    /// Put every kept result of the case into it as a whole
    #[arg(long, conflicts_with = "result")]
    all_results: bool,
    /// How long a gap is marked, such as 2h [default: an outlier of the gaps]
    #[arg(long, value_name = "SPAN", value_parser = span)]
    gap: Option<Moment>,
    #[command(flatten)]
    output: OutputArgs,
}

impl Args {
    /// The case, by its id, the beginning of it, or its name.
    pub(super) fn case(&self) -> &str {
        &self.id
    }

    /// Those of the case's kept results that were asked for, or the names that it has not.
    pub(super) fn chosen(&self, kept: Vec<CaseResult>) -> Vec<Result<CaseResult, String>> {
        if self.all_results {
            return kept.into_iter().map(Ok).collect();
        }
        let mut chosen = Vec::new();
        for name in &self.result {
            // Copies of a merged case may have two results of one name: both are meant.
            let named = kept.iter().filter(|result| result.name == *name);
            let before = chosen.len();
            chosen.extend(named.cloned().map(Ok));
            if chosen.len() == before {
                chosen.push(Err(name.clone()));
            }
        }
        chosen
    }
}

fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| {
        let hint = did_you_mean(name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        let hint = hint.unwrap_or_else(|| "name it as in Europe/Berlin or UTC".to_owned());
        format!("there is no zone `{name}`; {hint}")
    })
}

fn span(text: &str) -> Result<Moment, String> {
    let span = parameters::span(text).map_err(|error| error.to_string())?;
    span.num_microseconds()
        .ok_or_else(|| format!("`{text}` is too long"))
}

/// Writes the timeline of a case: its pins, and the kept results that were asked for.
pub(super) fn run(
    context: &Context,
    args: &Args,
    case: &CaseState,
    results: Vec<Result<CaseResult, String>>,
) -> Result<(), Stop> {
    let items = items_of(case);
    let grouping = args.group.unwrap_or_default();
    let zone = args.zone.unwrap_or(context.config.zone);
    let mut whole = Vec::new();
    for result in results {
        let result = result.map_err(|name| {
            Stop::failed(format_args!("the case has no kept result `{name}`"))
                .hint("`lakehound case show ID --format json` lists them")
        })?;
        let (_, rows) =
            KeptResults::open_files(&result.rows, &result.manifest).map_err(Stop::failed)?;
        let rows: RowsHandle = rows;
        if time_column(&rows.schema(), rows.columns()).is_none() {
            say(format_args!(
                "note: {} has no column that tells a time; its rows stand at the end",
                result.name
            ));
        }
        whole.push((result.name, Some(rows)));
    }
    if items.is_empty() && whole.is_empty() {
        say(format_args!(
            "note: nothing is pinned in this case, so its timeline is empty"
        ));
    }
    let sources = Sources::new(&items, whole);
    let outline = sources.outline(grouping, args.gap);
    let rows = table(&outline, grouping, zone, |mark| sources.item(mark));
    let (schema, columns) = (rows.schema.clone(), rows.columns.clone());
    args.output.write_rows(&schema, &columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_zone_is_told_the_nearest() {
        assert_eq!(zone("Europe/Berlin"), Ok(chrono_tz::Europe::Berlin));
        let told = zone("Europe/Berln").unwrap_err();
        assert!(told.contains("Europe/Berlin"), "{told}");
        assert_eq!(span("2h"), Ok(7_200_000_000));
        assert!(span("soon").is_err());
    }
}
