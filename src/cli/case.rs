//! `lakehound case`: make, list, show, hand over, take in and verify cases. Their timeline has a file
//! of its own.

use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::context::{ANALYST_VARIABLE, Context, author};
use super::listing::{self, ListFormat, grouped};
use super::out_file::OutFile;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use super::timeline;
use crate::adapters::case::{CaseError, CaseSummary, Cases, Report, verify_capsule};
use crate::domain::case::{CaseState, EntryHash, Stamp};
use crate::ui::text::{Align, SafeText};

const EXAMPLES: &str = "\
Examples:
  lakehound case new \"Leaked access key\"      make a case; prints its id
  lakehound case                              the cases, the one last worked on first
  lakehound case timeline 3f1c                what happened when, as its pins tell
  lakehound case export 3f1c -o leak.lhcase   hand it over as one file
  lakehound case import leak.lhcase           take it in, or merge it into your copy
  lakehound case verify leak.lhcase           recompute every hash; exit 3 when one does not fit

A case is meant by its id, by the beginning of its id, or by its name.";

/// Make, list, show, hand over, take in and verify cases
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the cases, the one last worked on first
    #[command(after_help = "Example:\n  lakehound case list --format json | jq '.[].id'")]
    List {
        /// How the list is printed
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Make a case and print its id
    #[command(after_help = "Example:\n  lakehound case new \"Leaked access key\"")]
    New {
        /// What the case is called
        #[arg(value_name = "NAME")]
        name: String,
        /// Who opens it; the name of the login, if not given
        #[arg(long, value_name = "NAME", env = ANALYST_VARIABLE)]
        analyst: Option<String>,
    },
    /// Show what a case holds
    #[command(after_help = "Example:\n  lakehound case show 3f1c")]
    Show {
        /// The case
        #[arg(value_name = "ID")]
        id: String,
        /// How it is printed
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Show what the pins of a case tell, by the time at which it happened
    #[command(after_help = timeline::EXAMPLES)]
    Timeline(timeline::Args),
    /// Show which value led to which query, as a tree
    #[command(
        after_help = "Example:\n  lakehound case trail 3f1c --format json | jq '.[] | select(.name)'"
    )]
    Trail {
        /// The case
        #[arg(value_name = "ID")]
        id: String,
        /// How it is printed
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Write a case as one file that opens without AWS; prints its SHA-256
    #[command(
        after_help = "Example:\n  lakehound case export 3f1c -o leak.lhcase\n\nThe file is a tar archive: `tar xf leak.lhcase && sha256sum -c SHA256SUMS`."
    )]
    Export {
        /// The case
        #[arg(value_name = "ID")]
        id: String,
        /// The file; an earlier one is replaced when the new one is whole
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Take a case in, or merge it into the copy that is here
    #[command(after_help = "Example:\n  lakehound case import leak.lhcase")]
    Import {
        /// A file that `case export` wrote
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Recompute every hash and print what was looked at as JSON; exit 3 when one does not fit
    #[command(
        after_help = "Example:\n  lakehound case verify leak.lhcase | jq .problems\n  lakehound case verify 3f1c --noted HASH\n\nWho rewrites everything or cuts the end off makes hashes that fit. Note the heads that are\nprinted somewhere else: with --noted, everything up to that entry is proven."
    )]
    Verify {
        /// A file that `case export` wrote, or a case
        #[arg(value_name = "FILE|ID")]
        what: String,
        /// An entry's hash that was noted elsewhere and must be there
        #[arg(long, value_name = "HASH")]
        noted: Option<EntryHash>,
    },
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Stop> {
    let cases = Cases::at(context.paths.cases_dir());
    let action = args.action.unwrap_or(Action::List {
        format: ListFormat::Table,
    });
    match action {
        Action::List { format } => list(&cases, format),
        Action::New { name, analyst } => new(&cases, &name, analyst),
        Action::Show { id, format } => show(&cases, &id, format),
        Action::Timeline(args) => {
            let history = cases.read(args.case()).map_err(stop)?;
            let kept = cases.kept(args.case()).and_then(|kept| kept.results());
            let results = args.chosen(kept.map_err(stop)?);
            timeline::run(context, &args, &CaseState::of(&history), results)
        }
        Action::Trail { id, format } => super::trail::trail(&cases, &id, format),
        Action::Export { id, output } => export(&cases, &id, &output),
        Action::Import { file } => import(&cases, &file),
        Action::Verify { what, noted } => verify(&cases, &what, noted),
    }
}

pub(super) fn stop(error: CaseError) -> Stop {
    let hint = match &error {
        CaseError::Unknown { .. } => Some("`lakehound case list` lists them"),
        CaseError::Capsule { .. } => Some(
            "`lakehound case verify` tells everything that does not fit; ask for the file again",
        ),
        _ => None,
    };
    let stop = Stop::failed(error);
    match hint {
        Some(hint) => stop.hint(hint),
        None => stop,
    }
}

fn list(cases: &Cases, format: ListFormat) -> Result<(), Stop> {
    let listing = cases.list().map_err(stop)?;
    for error in &listing.unreadable {
        say(format_args!("warning: {error}"));
    }
    if matches!(format, ListFormat::Json) {
        let all: Vec<Value> = listing.cases.iter().map(summary).collect();
        return print_json(&all);
    }
    let rows: Vec<[String; 6]> = listing
        .cases
        .iter()
        .map(|case| {
            let state = &case.state;
            [
                case.id.clone(),
                time(state.last.as_ref()),
                if state.closed.is_some() {
                    "closed"
                } else {
                    "open"
                }
                .to_owned(),
                grouped(state.live_pins().count() as u64),
                grouped(state.entries),
                state.name.clone(),
            ]
        })
        .collect();
    let mut out = Stdout::lock();
    listing::print(
        &mut out,
        ["ID", "LAST (UTC)", "STATE", "PINS", "ENTRIES", "NAME"],
        [
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Left,
        ],
        &rows,
    )?;
    out.finish()
}

fn new(cases: &Cases, name: &str, analyst: Option<String>) -> Result<(), Stop> {
    if name.trim().is_empty() {
        return Err(Stop::usage("a case needs a name").hint("lakehound case new \"Leaked key\""));
    }
    let case = cases.create(name, author(analyst), now()).map_err(stop)?;
    let mut out = Stdout::lock();
    out.line(case.id())?;
    out.finish()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the command line is where the time comes in"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn show(cases: &Cases, id: &str, format: ListFormat) -> Result<(), Stop> {
    let history = cases.read(id).map_err(stop)?;
    let case = CaseSummary {
        id: history.id().map(|id| id.short()).unwrap_or_default(),
        state: CaseState::of(&history),
        heads: history.heads().collect(),
    };
    if matches!(format, ListFormat::Json) {
        return print_json(&summary(&case));
    }
    let state = &case.state;
    let closed = state.closed.as_ref().map_or_else(
        || "open".to_owned(),
        |closing| format!("closed {}: {}", by(&closing.stamp), closing.reason),
    );
    let mut lines = vec![
        ("case", format!("{}  {}", case.id, state.name)),
        ("opened", state.opened.as_ref().map(by).unwrap_or_default()),
        ("state", closed),
        (
            "last entry",
            state.last.as_ref().map(by).unwrap_or_default(),
        ),
        ("entries", grouped(state.entries)),
        (
            "pins",
            format!(
                "{} ({} taken back)",
                state.live_pins().count(),
                state
                    .pins
                    .iter()
                    .filter(|pin| pin.unpinned.is_some())
                    .count()
            ),
        ),
        (
            "notes",
            state
                .notes
                .iter()
                .filter(|note| note.removed.is_none())
                .count()
                .to_string(),
        ),
        ("queries", state.trail.nodes().len().to_string()),
        ("results", state.results.len().to_string()),
        (
            "steps done",
            state
                .steps
                .values()
                .filter(|step| matches!(step.tick, Some((true, _))))
                .count()
                .to_string(),
        ),
        ("decisions", state.decisions.len().to_string()),
        ("verdicts", state.verdicts.len().to_string()),
    ];
    if !state.not_understood.is_empty() {
        let what = format!(
            "{} entries of a later version: they are kept",
            state.not_understood.len()
        );
        lines.push(("unknown", what));
    }
    lines.extend(case.heads.iter().map(|head| ("head", head.to_string())));
    let mut out = Stdout::lock();
    for (name, value) in lines {
        out.line(format_args!(
            "{name:<11} {}",
            SafeText::new(&value).as_str()
        ))?;
    }
    out.finish()
}

/// Prints one JSON document. It may hold what somebody else wrote.
pub(super) fn print_json(value: &impl serde::Serialize) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Stop::failed(format_args!("cannot write JSON: {error}")))?;
    let mut out = Stdout::lock();
    out.foreign_text(&(text + "\n"))?;
    out.finish()
}

/// A case as JSON.
fn summary(case: &CaseSummary) -> Value {
    let state = &case.state;
    let stamp = |stamp: &Stamp| json!({"by": stamp.by, "at": rfc3339(stamp.at)});
    let pins: Vec<Value> = state
        .pins
        .iter()
        .map(|pin| {
            json!({
                "pin": pin.pin.pin,
                "event_time": pin.pin.event_time.map(rfc3339),
                "pinned": stamp(&pin.pinned),
                "tags": pin.tags,
                "note": pin.note,
                "source": pin.pin.source,
                "row_sha256": pin.pin.row_sha256,
                "unpinned": pin.unpinned.as_ref().map(|(by, _)| stamp(by)),
            })
        })
        .collect();
    let results: Vec<Value> = state
        .results
        .iter()
        .map(|kept| {
            json!({
                "name": kept.result.name,
                "sha256": kept.result.sha256,
                "rows": kept.rows,
            })
        })
        .collect();
    json!({
        "id": case.id,
        "name": state.name,
        "opened": state.opened.as_ref().map(stamp),
        "closed": state.closed.as_ref().map(|closing| stamp(&closing.stamp)),
        "last": state.last.as_ref().map(stamp),
        "entries": state.entries,
        "heads": case.heads,
        "pins": pins,
        "results": results,
        "queries": state.trail.nodes().len(),
        "notes": state.notes.iter().filter(|note| note.removed.is_none()).count(),
        "decisions": state.decisions.len(),
        "not_understood": state.not_understood.len(),
    })
}

pub(super) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn time(stamp: Option<&Stamp>) -> String {
    stamp.map_or_else(String::new, |stamp| {
        stamp.at.format("%Y-%m-%d %H:%M:%S").to_string()
    })
}

fn by(stamp: &Stamp) -> String {
    format!("{} UTC by {}", time(Some(stamp)), stamp.by)
}

fn export(cases: &Cases, id: &str, output: &Path) -> Result<(), Stop> {
    // Before anything is written, so that a mistyped id leaves no file behind.
    cases.find(id).map_err(stop)?;
    let mut file = OutFile::create(output)?;
    let exported = cases.export(id, &mut file).map_err(stop)?;
    file.finish()?;
    for absent in &exported.absent {
        say(format_args!(
            "note: the rows of {absent} are not in it: they were not kept with the case"
        ));
    }
    let mut out = Stdout::lock();
    let name = output.display().to_string();
    out.line(format_args!(
        "{}  {}",
        exported.sha256,
        SafeText::new(&name).as_str()
    ))?;
    out.finish()
}

fn import(cases: &Cases, file: &Path) -> Result<(), Stop> {
    let imported = cases.import(file).map_err(stop)?;
    let what = if imported.new {
        format!(
            "new case, {} entries, {} files",
            grouped(imported.entries),
            grouped(imported.files_added)
        )
    } else {
        format!(
            "merged, {} entries and {} files new, {} entries in all",
            grouped(imported.entries_added),
            grouped(imported.files_added),
            grouped(imported.entries)
        )
    };
    let mut out = Stdout::lock();
    out.line(format_args!(
        "{}  {what}  {}",
        imported.id,
        SafeText::new(&imported.name).as_str()
    ))?;
    out.finish()
}

fn verify(cases: &Cases, what: &str, noted: Option<EntryHash>) -> Result<(), Stop> {
    let path = Path::new(what);
    let report: Report = if path.is_file() {
        verify_capsule(path, noted).map_err(stop)?
    } else {
        cases.verify(what, noted).map_err(|error| match error {
            CaseError::Unknown { .. } => {
                Stop::failed(format_args!("there is no file and no case `{what}`"))
                    .hint("`lakehound case list` lists the cases")
            }
            error => stop(error),
        })?
    };
    print_json(&report)?;
    if report.ok { Ok(()) } else { Err(Stop::No) }
}
