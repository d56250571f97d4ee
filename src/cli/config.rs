//! `lakehound config`: the configuration file, the key map in force, the themes.

use super::context::Context;
use super::listing;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::config::{ContentFile, ContentKind, Origin, Problem, TEMPLATE};
use crate::domain::nearest::did_you_mean;
use crate::store::command::COMMANDS;
use crate::store::keymap::{Keymap, KeymapError};
use crate::ui::text::{Align, SafeText};
use crate::ui::theme::ThemeFile;

const EXAMPLES: &str = "\
Examples:
  lakehound config path                  where the file and the data folder are
  lakehound config init                  write a file in which every setting is explained
  lakehound config show                  what is in force
  lakehound config keys                  every command with its keys";

/// Show the configuration, and where it comes from
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum Action {
    /// Print where the file, the user's own content and the data lie
    #[command(
        after_help = "Example:\n  $EDITOR \"$(lakehound config path | sed -n 's/^file *//p')\""
    )]
    Path,
    /// Print the configuration in force, defaults included, as TOML
    #[command(after_help = "Example:\n  lakehound config show > full-config.toml")]
    Show,
    /// Write a file in which every setting is explained and none is set
    #[command(after_help = "Example:\n  LAKEHOUND_CONFIG=./config.toml lakehound config init")]
    Init,
    /// Print the key map in force: every command with its keys
    #[command(after_help = "Example:\n  lakehound config keys | grep results")]
    Keys,
    /// List the themes
    #[command(after_help = "Example:\n  lakehound config themes")]
    Themes,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<(), Stop> {
    match args.action.unwrap_or(Action::Show) {
        Action::Path => path(context),
        Action::Show => show(context),
        Action::Init => init(context),
        Action::Keys => keys(context),
        Action::Themes => themes(context),
    }
}

fn path(context: &Context) -> Result<(), Stop> {
    let paths = &context.paths;
    let mut out = Stdout::lock();
    out.line(format_args!("file     {}", paths.config_file.display()))?;
    out.line(format_args!("content  {}", paths.content_dir.display()))?;
    out.line(format_args!("data     {}", paths.data_dir.display()))?;
    if !paths.config_file.exists() {
        say("note: the file does not exist; `lakehound config init` writes one");
    }
    out.finish()
}

fn show(context: &Context) -> Result<(), Stop> {
    tell_key_faults(context);
    tell_theme_fault(context, &context.content(ContentKind::Themes));
    let text = context
        .config
        .to_toml()
        .map_err(|error| Stop::failed(format_args!("cannot print the configuration: {error}")))?;
    let mut out = Stdout::lock();
    out.foreign_text(&text)?;
    out.finish()
}

fn init(context: &Context) -> Result<(), Stop> {
    use std::io::Write as _;

    let file = &context.paths.config_file;
    let failed = |error: std::io::Error| {
        let stop = Stop::failed(format_args!("cannot write {}: {error}", file.display()));
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            stop.hint("the file is there already, and is yours to edit")
        } else {
            stop
        }
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .map_err(failed)?;
    made.write_all(TEMPLATE.as_bytes()).map_err(failed)?;
    let mut out = Stdout::lock();
    out.line(file.display())?;
    out.finish()
}

/// The key map in force; what cannot be taken into it is told with its line.
fn tell_key_faults(context: &Context) -> Keymap {
    let config = &context.config;
    let (keymap, faults) = Keymap::with_overrides(&config.keys);
    for fault in faults {
        let name = match &fault {
            KeymapError::UnknownCommand { name, .. }
            | KeymapError::BadChord { name, .. }
            | KeymapError::TypesCharacter { name, .. } => name.as_str(),
            KeymapError::Twice { second, .. } => second,
        };
        let problem = Problem::of_file(&context.paths.config_file, fault.to_string());
        say(format_args!(
            "warning: {}",
            match config.key_lines.get(name) {
                Some(line) => problem.at_line(*line),
                None => problem,
            }
        ));
    }
    keymap
}

fn keys(context: &Context) -> Result<(), Stop> {
    let keymap = tell_key_faults(context);
    let rows: Vec<[String; 4]> = COMMANDS
        .iter()
        .map(|row| {
            let chords: Vec<String> = keymap
                .chords(row.command)
                .iter()
                .map(ToString::to_string)
                .collect();
            [
                row.name.to_owned(),
                chords.join(" "),
                row.context.title().to_owned(),
                row.title.to_owned(),
            ]
        })
        .collect();
    let mut out = Stdout::lock();
    listing::print(
        &mut out,
        ["COMMAND", "KEYS", "WHERE", "WHAT"],
        [Align::Left; 4],
        &rows,
    )?;
    out.finish()
}

fn themes(context: &Context) -> Result<(), Stop> {
    let chosen = &context.config.theme.name;
    let files = context.content(ContentKind::Themes);
    let mut out = Stdout::lock();
    for file in &files {
        let path = file.path(ContentKind::Themes);
        if let Err(error) = ThemeFile::parse(&path.display().to_string(), &file.text) {
            say(format_args!("warning: {error}"));
            continue;
        }
        let mark = if file.stem() == chosen { '*' } else { ' ' };
        let origin = match &file.origin {
            Origin::Shipped => "shipped".to_owned(),
            Origin::Own(path) => path.display().to_string(),
        };
        let line = format!("{mark} {:<16} {origin}", file.stem());
        out.line(SafeText::new(&line).as_str())?;
    }
    out.finish()?;
    tell_theme_fault(context, &files);
    Ok(())
}

/// Tells where the theme that is asked for is none that can be used.
fn tell_theme_fault(context: &Context, files: &[ContentFile]) {
    let chosen = &context.config.theme.name;
    match files.iter().find(|file| file.stem() == chosen) {
        Some(file) => {
            if let Err(error) = ThemeFile::parse(&file.name, &file.text) {
                say(format_args!(
                    "warning: the theme `{chosen}` cannot be read, so `dark` is used: {error}"
                ));
            }
        }
        None => {
            let hint = did_you_mean(chosen, files.iter().map(ContentFile::stem));
            say(format_args!(
                "warning: there is no theme `{chosen}`, so `dark` is used; {}",
                hint.unwrap_or_else(|| "`lakehound config themes` lists them".to_owned())
            ));
        }
    }
}
