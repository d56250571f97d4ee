//! `lakehound lineage`: the tree of credentials around a key, session, role or principal.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde_json::json;

use super::around;
use super::confirm::{agreed, is_attended};
use super::context::Context;
use super::interrupt::run_query;
use super::lake::{LakeArgs, open};
use super::listing::{self, ListFormat, grouped, print_json};
use super::query::byte_count;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::app::pivot_tables;
use crate::domain::entity::{Entity, EntityType};
use crate::domain::lineage::{Forest, Line, Node};
use crate::domain::query::{QueryErrorKind, QueryId};
use crate::runtime::lineage;
use crate::sql::pivot;
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound lineage AKIAIOSFODNN7EXAMPLE
  lakehound lineage arn:aws:iam::111122223333:role/deployer --around 2026-01-09T14:05:00Z --window 2d
  lakehound lineage release-check --type session --format json";

/// The types that credentials are found by.
const TYPES: [EntityType; 6] = [
    EntityType::AccessKey,
    EntityType::Session,
    EntityType::Role,
    EntityType::Principal,
    EntityType::Account,
    EntityType::Ip,
];

/// The deepest place that is still indented; what is below it says its depth.
const DEEPEST_INDENT: usize = 24;

/// Show the tree of credentials around a key, session, role or principal, over all accounts
///
/// From the key that started it, through every role that was assumed, down to the last session,
/// with what was done with each. Exit code 3: no such credential is in the lake.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// An access key id, a session's name or ARN, a role, a user, an account or a source address
    value: String,
    /// What the value is
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_parser = PossibleValuesParser::new(TYPES.map(EntityType::name))
            .try_map(|name| name.parse::<EntityType>())
    )]
    kind: Option<EntityType>,
    /// Only events around this time, such as 2026-01-09T14:05:00Z or -24h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    around: Option<String>,
    /// How much before and after that time
    #[arg(long, value_name = "SPAN", default_value = "7d")]
    window: String,
    /// How the tree is printed
    #[arg(long, value_enum, default_value = "table")]
    format: ListFormat,
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
    let entity = match args.kind {
        Some(kind) => Entity::parse(kind, &args.value),
        None => Entity::guess(&args.value),
    };
    let entity = entity.map_err(Stop::usage)?;
    if !TYPES.contains(&entity.kind) {
        let known = TYPES.map(EntityType::name).join(", ");
        return Err(Stop::usage(format_args!(
            "`{}` looks like a {}, which has no credentials",
            args.value, entity.kind
        ))
        .hint(format!("say what it is with --type: {known}")));
    }
    let window = around::window(context, args.around.as_deref(), &args.window)?;
    let place = lake.place(context)?;
    let on_aws = place.is_on_aws();
    let forest = run_query(|control| async move {
        let lake = open(context, &place).await?;
        let tables = lake.catalog.tables().await;
        let tables = pivot_tables(&tables.map_err(|error| Stop::query(error, ""))?, on_aws);
        let statements = pivot::lineage(&tables, window).map_err(Stop::failed)?;
        let requests = statements.requests([QueryId(1), QueryId(2)]);
        let requests = requests.with(|request| {
            request.max_bytes = args.max_bytes;
            request.attended = is_attended();
            request.confirmed = args.yes;
        });
        let mut made = lineage(lake.queries.as_ref(), requests.clone(), control.clone()).await;
        if let Err(error) = &made
            && error.kind == QueryErrorKind::Unconfirmed
            && is_attended()
            && agreed(&error.message, &control).await
        {
            let requests = requests.with(|request| request.confirmed = true);
            made = lineage(lake.queries.as_ref(), requests, control).await;
        }
        made.map_err(|error| Stop::query(error, ""))
    })?;
    let found = forest.find(&entity);
    if found.is_empty() {
        say(format_args!(
            "no credential of {entity} is among the {} of this lake",
            forest.nodes().len()
        ));
        return Err(Stop::No);
    }
    let shown = forest.around(&found);
    let lines = forest.lines(Some(&shown), &HashSet::new());
    match args.format {
        ListFormat::Table => print_table(&forest, &lines, &found),
        ListFormat::Json => print_nodes(&forest, &lines, &found),
    }
}

fn print_table(forest: &Forest, lines: &[Line], found: &[usize]) -> Result<(), Stop> {
    let found: HashSet<usize> = found.iter().copied().collect();
    let row = |line: &Line| {
        let node = forest.node(line.node)?;
        let text = |time: Option<DateTime<Utc>>| {
            time.map(|time| time.format("%Y-%m-%d %H:%M:%SZ").to_string())
                .unwrap_or_default()
        };
        Some([
            indented(line, node, found.contains(&line.node)),
            node.who(),
            node.account.clone().unwrap_or_default(),
            node.issued
                .as_ref()
                .map_or_else(String::new, |issued| issued.operation.clone()),
            text(node.since()),
            text(node.last),
            grouped(node.calls),
            grouped(node.failures),
            with_others(node.main_service()),
            with_others(node.main_address()),
            notes(node),
        ])
    };
    let rows: Vec<[String; 11]> = lines.iter().filter_map(row).collect();
    let mut out = Stdout::lock();
    listing::print(
        &mut out,
        [
            "CREDENTIAL",
            "WHO",
            "ACCOUNT",
            "BY",
            "SINCE",
            "LAST",
            "CALLS",
            "FAILED",
            "SERVICE",
            "ADDRESS",
            "NOTES",
        ],
        [
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Left,
            Align::Left,
            Align::Left,
        ],
        &rows,
    )?;
    out.finish()
}

/// The credential behind its place in the tree; what was asked for bears a `*`.
fn indented(line: &Line, node: &Node, is_found: bool) -> String {
    let mark = if is_found { " *" } else { "" };
    let lead = match line.depth {
        0 => String::new(),
        depth if depth > DEEPEST_INDENT => format!("{}[{depth}] ", "  ".repeat(DEEPEST_INDENT)),
        depth => "  ".repeat(depth),
    };
    format!("{lead}{}{mark}", node.id)
}

fn with_others(most: Option<(&str, usize)>) -> String {
    match most {
        None => String::new(),
        Some((name, 0)) => name.to_owned(),
        Some((name, others)) => format!("{name} +{others}"),
    }
}

fn notes(node: &Node) -> String {
    let notes: Vec<String> = node.notes.iter().map(ToString::to_string).collect();
    notes.join("; ")
}

/// One object a node, each before those below it: a nested document would be as deep as a chain.
fn print_nodes(forest: &Forest, lines: &[Line], found: &[usize]) -> Result<(), Stop> {
    let found: HashSet<usize> = found.iter().copied().collect();
    let object = |line: &Line| {
        let node = forest.node(line.node)?;
        let parent = node.parent.and_then(|at| forest.node(at));
        let time = |time: Option<DateTime<Utc>>| {
            time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
        };
        Some(json!({
            "id": node.id,
            "kind": node.kind.name(),
            "asked_for": found.contains(&line.node),
            "depth": line.depth,
            "parent": parent.map(|parent| &parent.id),
            "principal": node.principal,
            "account": node.account,
            "role": node.role,
            "session": node.session,
            "issued_at": time(node.issued.as_ref().map(|issued| issued.at)),
            "issued_by": node.issued.as_ref().map(|issued| &issued.operation),
            "issued_from": node.issued.as_ref().and_then(|issued| issued.address.as_ref()),
            "first_seen": time(node.first),
            "last_seen": time(node.last),
            "calls": node.calls,
            "failures": node.failures,
            "calls_with_all_below": node.calls_below,
            "credentials_below": node.below,
            "services": node.services,
            "addresses": node.addresses,
            "recorded_in": node.accounts,
            "notes": node.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))
    };
    let objects: Vec<serde_json::Value> = lines.iter().filter_map(object).collect();
    print_json(&objects)
}
