//! `lakehound templates`: the saved queries with their parameters.

use serde_json::json;

use super::context::Context;
use super::listing::{self, ListFormat};
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::config::{ContentFile, ContentKind, Origin};
use crate::domain::nearest::did_you_mean;
use crate::domain::template::Template;
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound templates                    the saved queries and what they answer
  lakehound templates list --format json
  lakehound templates show NAME > my-query.sql";

/// List the saved queries, or show one
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the saved queries with their parameters
    #[command(after_help = "Example:\n  lakehound templates list --format json")]
    List {
        /// How to print the list
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Print one saved query, byte for byte
    #[command(after_help = "Example:\n  lakehound templates show NAME > my-query.sql")]
    Show {
        /// The query's name
        name: String,
    },
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Stop> {
    let action = args.action.unwrap_or(Action::List {
        format: ListFormat::Table,
    });
    let library = Templates::load(context);
    match action {
        Action::List {
            format: ListFormat::Table,
        } => library.print(),
        Action::List {
            format: ListFormat::Json,
        } => library.print_json(),
        Action::Show { name } => {
            let mut out = Stdout::lock();
            out.foreign_text(&library.get(&name)?.1.text)?;
            out.finish()
        }
    }
}

/// The usable saved queries with the files that they come from, sorted by name.
pub(super) struct Templates(Vec<(Template, ContentFile)>);

impl Templates {
    /// Reads the shipped and the user's own; broken ones are told and hide no other. A query of the
    /// user's takes the place of a shipped one of its name.
    pub(super) fn load(context: &Context) -> Self {
        let mut templates: Vec<(Template, ContentFile)> = Vec::new();
        for file in context.content(ContentKind::SavedQueries) {
            let path = file.path(ContentKind::SavedQueries);
            match Template::parse(&path.display().to_string(), &file.text) {
                Ok(template) => templates.push((template, file)),
                Err(error) => say(format_args!("warning: {error}")),
            }
        }
        templates.sort_by(|(a, file_a), (b, file_b)| {
            let shipped = |file: &ContentFile| file.origin == Origin::Shipped;
            (&a.name, shipped(file_a)).cmp(&(&b.name, shipped(file_b)))
        });
        templates.dedup_by(|(later, file), (first, _)| {
            let twice = later.name == first.name;
            if twice && file.origin != Origin::Shipped {
                say(format_args!(
                    "warning: {}: there is another saved query `{}`; give it another name",
                    file.path(ContentKind::SavedQueries).display(),
                    later.name
                ));
            }
            twice
        });
        Self(templates)
    }

    /// The saved query of a name; an unknown one offers the nearest.
    pub(super) fn get(&self, name: &str) -> Result<&(Template, ContentFile), Stop> {
        self.0
            .iter()
            .find(|(template, _)| template.name == name)
            .ok_or_else(|| {
                let known = self.0.iter().map(|(template, _)| template.name.as_str());
                Stop::failed(format_args!("there is no saved query `{name}`")).hint(
                    did_you_mean(name, known)
                        .unwrap_or_else(|| "`lakehound templates` lists them".to_owned()),
                )
            })
    }

    fn print(&self) -> Result<(), Stop> {
        let rows: Vec<[String; 3]> = self
            .0
            .iter()
            .map(|(template, _)| {
                let parameters: Vec<&str> = template
                    .parameters
                    .iter()
                    .map(|parameter| parameter.name.as_str())
                    .collect();
                [
                    template.name.clone(),
                    parameters.join(" "),
                    template.purpose.clone(),
                ]
            })
            .collect();
        let mut out = Stdout::lock();
        listing::print(
            &mut out,
            ["NAME", "PARAMETERS", "PURPOSE"],
            [Align::Left; 3],
            &rows,
        )?;
        out.finish()
    }

    fn print_json(&self) -> Result<(), Stop> {
        let list: Vec<serde_json::Value> = self
            .0
            .iter()
            .map(|(template, file)| {
                let parameters: Vec<serde_json::Value> = template
                    .parameters
                    .iter()
                    .map(|parameter| {
                        json!({
                            "name": parameter.name,
                            "type": parameter.kind.name(),
                            "help": parameter.help,
                            "default": parameter.default_sql,
                            "required": parameter.is_example(),
                        })
                    })
                    .collect();
                json!({
                    "name": template.name,
                    "purpose": template.purpose,
                    "classes": template.classes,
                    "tables": template.tables,
                    "parameters": parameters,
                    "file": file.path(ContentKind::SavedQueries),
                    "sql": template.sql,
                })
            })
            .collect();
        listing::print_json(&list)
    }
}
