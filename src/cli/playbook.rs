//! `lakehound playbook`: list, show and check playbooks.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::listing;
use super::stdout::Stdout;
use super::stop::Stop;
use crate::config::{self, ContentFile, ContentKind};
use crate::domain::nearest::did_you_mean;
use crate::domain::playbook::{Check, Playbook, Unreadable};
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound playbook                     the playbooks with their phases and steps
  lakehound playbook show NAME | less
  lakehound playbook check playbooks/*.md";

/// List, show or check playbooks
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the playbooks
    #[command(after_help = "Example:\n  lakehound playbook list")]
    List,
    /// Print a playbook, byte for byte
    #[command(after_help = "Example:\n  lakehound playbook show NAME | less")]
    Show {
        /// The name of a playbook of the list, or a file
        #[arg(value_name = "FILE")]
        name: String,
    },
    /// Print what is recognised in playbooks as JSON; exit 3 when one cannot be worked down
    #[command(after_help = "Example:\n  lakehound playbook check team/*.md | jq .ok")]
    Check {
        /// The names of playbooks of the list, or files
        #[arg(value_name = "FILE", required = true)]
        names: Vec<String>,
    },
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Stop> {
    match args.action.unwrap_or(Action::List) {
        Action::List => list(context),
        Action::Show { name } => {
            let mut out = Stdout::lock();
            out.foreign_text(&find(&context.content(ContentKind::Playbooks), &name)?.1)?;
            out.finish()
        }
        Action::Check { names } => check(context, &names),
    }
}

fn list(context: &Context) -> Result<(), Stop> {
    let rows: Vec<[String; 4]> = context
        .content(ContentKind::Playbooks)
        .iter()
        .map(|file| {
            let playbook = Playbook::parse(&file.name, &file.text);
            [
                file.stem().to_owned(),
                playbook.phases.len().to_string(),
                playbook.steps().count().to_string(),
                playbook.title,
            ]
        })
        .collect();
    let mut out = Stdout::lock();
    listing::print(
        &mut out,
        ["NAME", "PHASES", "STEPS", "TITLE"],
        [Align::Left, Align::Right, Align::Right, Align::Left],
        &rows,
    )?;
    out.finish()
}

fn check(context: &Context, names: &[String]) -> Result<(), Stop> {
    let mut playbooks = Vec::with_capacity(names.len());
    let mut unreadable = Vec::new();
    let mut failure = None;
    let files = context.content(ContentKind::Playbooks);
    for name in names {
        match find(&files, name) {
            Ok((path, text)) => playbooks.push(Playbook::parse(&path.display().to_string(), &text)),
            Err(stop) => {
                unreadable.push(Unreadable {
                    file: name.clone(),
                    reason: stop.message().to_owned(),
                });
                failure.get_or_insert(stop);
            }
        }
    }
    let check = Check::of(&playbooks, unreadable);
    listing::print_json(&check)?;
    match failure {
        Some(stop) => Err(stop),
        None if check.ok => Ok(()),
        None => Err(Stop::No),
    }
}

/// A playbook by the name in the list, else by its path: where it lies and its text.
fn find(files: &[ContentFile], name: &str) -> Result<(PathBuf, String), Stop> {
    let known = |file: &&ContentFile| file.stem() == name || file.name == name;
    if let Some(file) = files.iter().find(known) {
        return Ok((file.path(ContentKind::Playbooks), file.text.clone()));
    }
    let path = Path::new(name);
    if path.exists() {
        return match config::read_text(path) {
            Ok(text) => Ok((path.to_owned(), text)),
            Err(problem) => Err(Stop::failed(problem)),
        };
    }
    Err(
        Stop::failed(format_args!("there is no playbook and no file `{name}`")).hint(
            did_you_mean(name, files.iter().map(ContentFile::stem))
                .unwrap_or_else(|| "`lakehound playbook list` lists them".to_owned()),
        ),
    )
}
