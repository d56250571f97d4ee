//! `lakehound case timeline`: what the pins of a case tell, by the time at which it happened.

use chrono_tz::{TZ_VARIANTS, Tz};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::context::Context;
use super::output::OutputArgs;
use super::stop::{Stop, say};
use crate::domain::case::CaseState;
use crate::domain::nearest::did_you_mean;
use crate::domain::timeline::{Grouping, Moment, Outline, TimelineItem, items_of, table};
use crate::sql::parameters;

pub(super) const EXAMPLES: &str = "\
Examples:
  lakehound case timeline 3f1c
  lakehound case timeline 3f1c --group stage --zone Europe/Berlin
  lakehound case timeline 3f1c -o timeline.md

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

/// Writes the timeline of a case.
pub(super) fn run(context: &Context, args: &Args, case: &CaseState) -> Result<(), Stop> {
    let items = items_of(case);
    let grouping = args.group.unwrap_or_default();
    let zone = args.zone.unwrap_or(context.config.zone);
    let run = items.iter().map(TimelineItem::moment).zip(0..);
    let outline = Outline::new([run], grouping, args.gap, |mark| {
        let item = items.get(mark.row as usize);
        item.map(|item| item.groups(grouping)).unwrap_or_default()
    });
    let rows = table(&outline, grouping, zone, |number| {
        let mark = outline.mark(number)?;
        items.get(mark.row as usize).cloned()
    });
    if items.is_empty() {
        say(format_args!(
            "note: nothing is pinned in this case, so its timeline is empty"
        ));
    }
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
