//! `lakehound pivot`: from a value to everything that names it.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde_json::json;
use std::io::IsTerminal as _;

use super::around;
use super::confirm::is_attended;
use super::context::Context;
use super::interrupt::run_query;
use super::lake::{LakeArgs, open};
use super::listing::{self, print_json};
use super::output::{OutputArgs, run_into};
use super::query::byte_count;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::app::{pivot_tables, pivot_templates};
use crate::config::ContentKind;
use crate::domain::entity::{Entity, EntityType};
use crate::domain::format::Format;
use crate::domain::nearest::did_you_mean;
use crate::domain::query::{QueryId, QueryRequest, Route};
use crate::sql::pivot::{PivotTemplate, PivotTemplates, statement};
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound pivot 198.51.100.7
  lakehound pivot AKIAIOSFODNN7EXAMPLE --around 2026-01-09T14:05:00Z --window 2h
  lakehound pivot example-bucket --type resource --template other-objects --format ndjson
  lakehound pivot --list --type access-key";

/// The template that answers where none is named.
const EVERYTHING: &str = "all-events";

/// Show every event that names a value, over all tables, newest last
///
/// The value may be defanged. What it is, is told by its looks where --type does not say it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// An address, key, ARN, name, bucket, instance, domain, account …
    #[arg(required_unless_present = "list", allow_hyphen_values = true)]
    value: Option<String>,
    /// What the value is
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_parser = PossibleValuesParser::new(EntityType::ALL.map(EntityType::name))
            .try_map(|name| name.parse::<EntityType>())
    )]
    kind: Option<EntityType>,
    /// Only events around this time, such as 2026-01-09T14:05:00Z or -24h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    around: Option<String>,
    /// How much before and after that time
    #[arg(long, value_name = "SPAN", default_value = "1h")]
    window: String,
    /// Another question than `all-events`; --list names them
    #[arg(short, long, value_name = "NAME")]
    template: Option<String>,
    /// List the questions that can be asked of the value or of the type
    #[arg(long, conflicts_with_all = ["template", "output"])]
    list: bool,
    #[command(flatten)]
    output: OutputArgs,
    /// Refuse to start when more than this would be read, such as 500000000 or 500MB
    #[arg(long, value_name = "N", value_parser = byte_count)]
    max_bytes: Option<u64>,
    /// Run without asking where a budget would ask first; the embedded engine never asks
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(super) lake: LakeArgs,
}

pub(super) fn run(context: &Context, args: &Args, lake: &LakeArgs) -> Result<(), Stop> {
    let entity = match &args.value {
        Some(value) => Some(entity(value, args.kind)?),
        None => None,
    };
    let templates = templates(context);
    let kind = args.kind.or(entity.as_ref().map(|entity| entity.kind));
    let Some(entity) = entity.filter(|_| !args.list) else {
        return list(&templates, kind, args.output.format);
    };
    let template = named(&templates, args.template.as_deref().unwrap_or(EVERYTHING))?;
    let window = around::window(context, args.around.as_deref(), &args.window)?;
    let place = lake.place(context)?;
    let on_aws = place.is_on_aws();
    run_query(|control| async move {
        let lake = open(context, &place).await?;
        let tables = lake.catalog.tables().await;
        let tables = tables.map_err(|error| Stop::query(error, ""))?;
        let tables = pivot_tables(&tables, on_aws);
        let pivot = statement(template, &entity, &tables, window, true).map_err(Stop::failed)?;
        if std::io::stderr().is_terminal() {
            say(format_args!("{entity}: asking {}", pivot.asked.join(", ")));
        }
        let request = QueryRequest {
            parameters: pivot.parameters,
            max_bytes: args.max_bytes,
            route: Route::default(),
            fresh: true,
            attended: is_attended(),
            confirmed: args.yes,
            ..QueryRequest::new(QueryId(1), pivot.sql.clone())
        };
        run_into(&args.output, &lake, request, control).await
    })
}

fn entity(value: &str, kind: Option<EntityType>) -> Result<Entity, Stop> {
    let entity = match kind {
        Some(kind) => Entity::parse(kind, value),
        None => Entity::guess(value),
    };
    entity.map_err(Stop::usage)
}

/// The shipped templates and the user's own; broken ones are told and hide no other.
fn templates(context: &Context) -> PivotTemplates {
    let read = pivot_templates(context.content(ContentKind::Pivots));
    for problem in &read.problems {
        say(format_args!("warning: {problem}"));
    }
    read
}

fn named<'a>(templates: &'a PivotTemplates, name: &str) -> Result<&'a PivotTemplate, Stop> {
    templates.get(name).ok_or_else(|| {
        let known = templates.templates.iter().map(|t| t.name.as_str());
        Stop::failed(format_args!("there is no pivot `{name}`")).hint(
            did_you_mean(name, known)
                .unwrap_or_else(|| "`lakehound pivot --list` lists them".to_owned()),
        )
    })
}

fn list(
    templates: &PivotTemplates,
    kind: Option<EntityType>,
    format: Option<Format>,
) -> Result<(), Stop> {
    let shown: Vec<&PivotTemplate> = templates
        .templates
        .iter()
        .filter(|template| kind.is_none_or(|kind| template.is_for(kind)))
        .collect();
    match format {
        None | Some(Format::Table) => {
            let rows: Vec<[String; 4]> = shown
                .iter()
                .map(|template| {
                    [
                        template.name.clone(),
                        template.group.clone(),
                        template.types_told(),
                        template.purpose.clone(),
                    ]
                })
                .collect();
            let mut out = Stdout::lock();
            listing::print(
                &mut out,
                ["NAME", "GROUP", "TYPES", "PURPOSE"],
                [Align::Left; 4],
                &rows,
            )?;
            out.finish()
        }
        Some(Format::Json) => {
            let list: Vec<serde_json::Value> = shown
                .iter()
                .map(|template| {
                    json!({
                        "name": template.name,
                        "group": template.group,
                        "types": template.types.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
                        "purpose": template.purpose,
                        "around": template.around,
                    })
                })
                .collect();
            print_json(&list)
        }
        Some(other) => Err(Stop::usage(format_args!(
            "--list is printed as table or json, not as {}",
            other.name()
        ))),
    }
}
