//! `lakehound case trail`: which value led to which query, as a tree.

use serde_json::{Value, json};

use super::case::{print_json, rfc3339, stop};
use super::listing::{self, ListFormat};
use super::stdout::Stdout;
use super::stop::Stop;
use crate::adapters::case::Cases;
use crate::domain::case::{CaseState, Outcome, TrailNode};
use crate::ui::text::Align;

/// Prints the trail of a case.
pub(super) fn trail(cases: &Cases, id: &str, format: ListFormat) -> Result<(), Stop> {
    let history = cases.read(id).map_err(stop)?;
    let state = CaseState::of(&history);
    let walked = state.trail.walk();
    if matches!(format, ListFormat::Json) {
        let places: Vec<Value> = walked.iter().map(|(_, node)| place(&state, node)).collect();
        return print_json(&places);
    }
    let rows: Vec<[String; 3]> = walked
        .iter()
        .map(|(depth, node)| {
            let begun = node.begun.as_ref();
            let time = begun.map(|stamp| stamp.at.format("%Y-%m-%d %H:%M:%S").to_string());
            [
                time.unwrap_or_default(),
                outcome(node),
                format!("{}{}", "  ".repeat(*depth), name(node)),
            ]
        })
        .collect();
    let mut out = Stdout::lock();
    listing::print(
        &mut out,
        ["BEGUN (UTC)", "OUTCOME", "WHAT LED TO WHICH QUERY"],
        [Align::Left, Align::Left, Align::Left],
        &rows,
    )?;
    out.finish()
}

fn name(node: &TrailNode) -> String {
    let asked = match &node.pivot {
        Some((from, template)) => format!(
            "{} {} → {template}",
            from.entity.entity_type, from.entity.value
        ),
        None => node.sql.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    match &node.name {
        Some(name) => format!("“{name}” {asked}"),
        None => asked,
    }
}

fn outcome(node: &TrailNode) -> String {
    match &node.outcome {
        Some(Outcome::Finished { rows, .. }) => format!("{} rows", listing::grouped(*rows)),
        Some(Outcome::Failed { .. }) => "failed".to_owned(),
        Some(Outcome::Cancelled) => "stopped".to_owned(),
        None => "not ended".to_owned(),
    }
}

fn place(state: &CaseState, node: &TrailNode) -> Value {
    let parent = node.parent.and_then(|at| state.trail.nodes().get(at));
    let from = node.pivot.as_ref().map(|(from, _)| from);
    let template = node.pivot.as_ref().map(|(_, template)| template);
    json!({
        "query": node.query,
        "parent": parent.map(|parent| &parent.query),
        "name": node.name,
        "from": from,
        "template": template,
        "sql": node.sql,
        "parameters": node.parameters,
        "engine": node.engine,
        "profile": node.profile,
        "begun": node.begun.as_ref().map(|stamp| rfc3339(stamp.at)),
        "by": node.begun.as_ref().map(|stamp| &stamp.by),
        "outcome": node.outcome,
    })
}
