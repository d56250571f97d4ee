//! `lakehound trigger check`: what the items that detections open would start by themselves, without
//! starting anything.

use std::path::{Path, PathBuf};

use chrono::Utc;
use serde_json::{Value, json};

use super::context::Context;
use super::stdout::Stdout;
use super::stop::Stop;
use super::templates::Templates;
use crate::config::{self, ContentFile, ContentKind, parse_triggers};
use crate::domain::detection::{Cause, Detection};
use crate::domain::document::{self, Kept};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::queue::{Act, Queue};
use crate::domain::trigger::{Pace, Subject, Trigger, Verdict, When, Work};

const EXAMPLES: &str = "\
Examples:
  lakehound trigger check                              is the file of triggers sound?
  lakehound trigger check --detection finding.json     what would this detection start?
  lakehound trigger check --file new.toml --detection detections.ndjson | jq .ok";

/// Check what items of the queue start by themselves
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read the triggers, and say what they would start; nothing is started
    ///
    /// Detections are taken into an empty queue, one after the other: what joins an open item starts
    /// nothing again. Prints one JSON document. Exit 3 when a trigger has a fault, or names a saved query, a
    /// parameter or a playbook that there is not.
    #[command(after_help = EXAMPLES)]
    Check {
        /// The triggers, if not those beside the configuration
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Detections to try: JSON objects, an array, or one a line, as `watch` and `detect` print
        /// them or another tool sends them
        #[arg(long, value_name = "FILE")]
        detection: Option<PathBuf>,
    },
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Stop> {
    let Action::Check { file, detection } = args.action;
    let file = match file {
        Some(file) => Some(file),
        None => Some(context.paths.triggers_file()).filter(|file| file.exists()),
    };
    let (triggers, mut problems) = match &file {
        Some(file) => {
            let text = config::read_text(file).map_err(Stop::failed)?;
            let (triggers, problems) = parse_triggers(file, &text);
            (triggers, problems.iter().map(ToString::to_string).collect())
        }
        None => (Vec::new(), Vec::new()),
    };
    let templates = Templates::load(context);
    let playbooks = context.content(ContentKind::Playbooks);
    for trigger in &triggers {
        problems.extend(unknown(trigger, &templates, &playbooks));
    }
    let detections = match &detection {
        Some(file) => read_detections(file)?,
        None => Vec::new(),
    };
    let ok = problems.is_empty();
    let document = json!({
        "ok": ok,
        "file": file.map(|file| file.display().to_string()),
        "triggers": triggers.iter().map(of_trigger).collect::<Vec<_>>(),
        "problems": problems,
        "detections": judged(&triggers, &detections),
    });
    let mut out = Stdout::lock();
    out.foreign_text(&format!("{document:#}\n"))?;
    out.finish()?;
    if ok { Ok(()) } else { Err(Stop::No) }
}

/// What a trigger names that there is not.
fn unknown(trigger: &Trigger, templates: &Templates, playbooks: &[ContentFile]) -> Vec<String> {
    let mut faults = Vec::new();
    let name = &trigger.name;
    for work in &trigger.work {
        match work {
            Work::Query {
                name: query,
                parameters,
            } => match templates.get(query) {
                Ok((template, _)) => {
                    let known =
                        |wanted: &String| template.parameters.iter().any(|one| one.name == *wanted);
                    let unknown = parameters.keys().filter(|wanted| !known(wanted));
                    faults.extend(unknown.map(|wanted| {
                        format!("{name}: the saved query `{query}` has no parameter `{wanted}`")
                    }));
                }
                Err(stop) => faults.push(format!("{name}: {}", stop.message())),
            },
            Work::Playbook(playbook) => {
                if !playbooks.iter().any(|file| file.stem() == playbook) {
                    faults.push(format!("{name}: there is no playbook `{playbook}`"));
                }
            }
            Work::Enrich | Work::Notify(_) => {}
        }
    }
    faults
}

/// The detections of a file, each object one; lines of `watch` that are none are passed over.
fn read_detections(file: &Path) -> Result<Vec<Detection>, Stop> {
    let text = config::read_text(file).map_err(Stop::failed)?;
    let mut detections = Vec::new();
    let mut lines = document::objects(&text)
        .map_err(|error| Stop::failed(format_args!("{}: {error}", file.display())))?
        .into_iter();
    for (number, value) in (1..).zip(&mut lines) {
        let kind = value["kind"].as_str();
        if matches!(kind, Some("notification" | "event" | "source")) {
            continue;
        }
        detections.push(detection(number, &value));
    }
    Ok(detections)
}

/// An object as a detection: a line of ours has its rule and its entity beside what any tool says.
fn detection(number: i64, value: &Value) -> Detection {
    let kept = Kept {
        number,
        received: Utc::now(),
        json: value.to_string(),
    };
    let mut detection = kept.detection(value);
    if let Some(rule) = value["rule"]["id"].as_str() {
        detection.cause = Cause::Rule(rule.to_owned());
    }
    let (kind, text) = (&value["entity"]["type"], &value["entity"]["value"]);
    if let (Some(kind), Some(text)) = (kind.as_str(), text.as_str())
        && let Ok(kind) = kind.parse::<EntityType>()
        && let Ok(entity) = Entity::parse(kind, text)
    {
        detection.entity = Some(entity);
    }
    detection
}

/// What each detection would start, one after the other at one moment, in a queue that is empty before:
/// those that join an item start nothing again, and limits count.
fn judged(triggers: &[Trigger], detections: &[Detection]) -> Vec<Value> {
    let (mut queue, mut pace, now) = (Queue::default(), Pace::default(), Utc::now());
    let mut judge = |detection: &Detection| {
        let mut subjects = Vec::new();
        for event in queue.take_in(std::slice::from_ref(detection), now) {
            let Act::Detected(seen) = &event.act else {
                continue;
            };
            let id = seen.item;
            let before = queue.item(id).map_or(0, |item| item.count);
            queue.apply(event);
            subjects.extend(queue.item(id).map(|item| (id, Subject::of(item, before))));
        }
        let mut verdicts = Vec::new();
        for (_, subject) in &subjects {
            for trigger in triggers {
                let verdict = trigger.judge(subject, &mut pace, now);
                verdicts.push(of_verdict(&trigger.name, &verdict));
            }
        }
        json!({
            "title": detection.title,
            "severity": detection.severity,
            "cause": of_cause(&detection.cause),
            "entity": detection.entity.as_ref().map(of_entity),
            "item": subjects.first().map(|(id, _)| id.0),
            "opens": subjects.first().is_some_and(|(_, subject)| subject.before == 0),
            "triggers": verdicts,
        })
    };
    detections.iter().map(&mut judge).collect()
}

fn of_verdict(name: &str, verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Starts(work) => {
            let work: Vec<Value> = work.iter().map(of_work).collect();
            json!({"name": name, "starts": work})
        }
        Verdict::Unmet(reason) => json!({"name": name, "starts": [], "reason": reason}),
        Verdict::Lacks(what) => {
            json!({"name": name, "starts": [], "reason": format!("the item has no {what}")})
        }
        Verdict::TooOften(again) => {
            let reason = format!(
                "it has started enough within an hour; again at {}",
                again.to_rfc3339()
            );
            json!({"name": name, "starts": [], "reason": reason})
        }
    }
}

fn of_work(work: &Work) -> Value {
    match work {
        Work::Query { name, parameters } => json!({"query": name, "parameters": parameters}),
        Work::Enrich => json!({"enrich": true}),
        Work::Playbook(name) => json!({"playbook": name}),
        Work::Notify(notice) => json!({"notify": notice.name()}),
    }
}

fn of_trigger(trigger: &Trigger) -> Value {
    json!({
        "name": trigger.name,
        "when": of_when(&trigger.when),
        "starts": trigger.work.iter().map(of_work).collect::<Vec<_>>(),
        "most_per_hour": trigger.most_per_hour,
    })
}

fn of_when(when: &When) -> Value {
    let mut all = serde_json::Map::new();
    if let Some(severity) = &when.severity {
        all.insert("severity".to_owned(), json!(severity));
    }
    let entities: Vec<String> = when.entities.iter().map(ToString::to_string).collect();
    for (name, list) in [
        ("rules", &when.rules),
        ("findings", &when.findings),
        ("watches", &when.watches),
        ("conditions", &when.conditions),
        ("entities", &entities),
        ("accounts", &when.accounts),
        ("regions", &when.regions),
        ("operations", &when.operations),
    ] {
        if !list.is_empty() {
            all.insert(name.to_owned(), json!(list));
        }
    }
    if let Some(count) = when.count {
        all.insert("count".to_owned(), json!(count));
    }
    Value::Object(all)
}

fn of_cause(cause: &Cause) -> Value {
    match cause {
        Cause::Rule(name) => json!({"rule": name}),
        Cause::Finding(name) => json!({"finding": name}),
        Cause::Watch(name) => json!({"watch": name}),
        Cause::Condition(name) => json!({"condition": name}),
    }
}

fn of_entity(entity: &Entity) -> Value {
    json!({"type": entity.kind.name(), "value": entity.value})
}
