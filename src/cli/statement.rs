//! Where the statement of `lakehound query` comes from: an argument, a file, stdin or a template.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use chrono::Utc;

use super::context::Context;
use super::stop::Stop;
use super::templates::Templates;
use crate::config;
use crate::domain::template::Template;
use crate::sql::parameters::{self, Literal};
use crate::sql::statements;
use crate::sql::table_names::TableNames;

/// The most bytes of a statement that Athena takes.
const LONGEST_STATEMENT: u64 = 262_144;

/// One statement, ready to run.
#[derive(Debug)]
pub(super) struct Statement {
    /// The text, with what stood before it, so that places in it are places in its file.
    pub(super) sql: String,
    /// The literals of its `?`.
    pub(super) parameters: Vec<String>,
}

/// Where a statement comes from.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct StatementArgs {
    /// One statement of Athena SQL
    #[arg(value_name = "SQL", allow_hyphen_values = true, value_parser = sql_text)]
    sql: Option<String>,
    /// Read the statement from a file; - is stdin
    #[arg(short, long, value_name = "FILE")]
    file: Option<std::path::PathBuf>,
    /// Run a saved query
    #[arg(short, long, value_name = "NAME")]
    template: Option<String>,
}

/// The text of a statement, read and not yet filled in.
pub(super) struct StatementText {
    /// What an error calls it.
    name: String,
    text: String,
    /// A saved query of the library, whose table names are the lake's to give.
    from_library: bool,
}

impl StatementArgs {
    /// Reads the text.
    pub(super) fn read(&self, context: &Context) -> Result<StatementText, Stop> {
        let (name, text, from_library) = match (&self.template, &self.sql, &self.file) {
            (Some(name), _, _) => {
                let templates = Templates::load(context);
                (name.clone(), templates.get(name)?.1.text.clone(), true)
            }
            (None, Some(sql), _) => ("the statement".to_owned(), sql.clone(), false),
            (None, None, Some(file)) => (file.display().to_string(), read_file(file)?, false),
            (None, None, None) => return Err(Stop::usage("no statement is given")),
        };
        Ok(StatementText {
            name,
            text,
            from_library,
        })
    }
}

impl StatementText {
    /// Whether its table names are to be bound to the lake's.
    pub(super) fn names_tables(&self) -> bool {
        self.from_library
    }

    /// The statement with the values bound to it, over the lake's own table names.
    pub(super) fn bind(
        &self,
        context: &Context,
        values: &BTreeMap<String, String>,
        tables: &TableNames,
    ) -> Result<Statement, Stop> {
        let name = &self.name;
        let text = match self.from_library {
            true => tables.bind(&self.text),
            false => self.text.as_str().into(),
        };
        // A saved query is one wherever it comes from: run without a value where its default only
        // shows the form, it would find nothing and seem to say that there is nothing.
        match Template::parse(name, &text) {
            Ok(template) if !template.parameters.is_empty() => bind(&template, context, values),
            Err(error) if !values.is_empty() && declares_parameters(&text) => {
                Err(Stop::failed(error))
            }
            Ok(_) | Err(_) => match values.keys().next() {
                None => only_statement(&text),
                Some(value) => Err(Stop::usage(format_args!(
                    "{name} has no parameter `{value}`"
                ))
                .hint(
                    "a parameter is declared by `-- param: NAME TYPE \"help\"` above the statement",
                )),
            },
        }
    }
}

/// Whether a text means to be a saved query.
fn declares_parameters(text: &str) -> bool {
    text.lines()
        .any(|line| line.trim_start().starts_with("-- param:"))
}

/// A statement may begin with a `-- comment`, which looks like an option; a mistyped option is one
/// word, which no statement is.
fn sql_text(text: &str) -> Result<String, String> {
    if text.starts_with('-') && !text.contains(char::is_whitespace) {
        return Err("there is no such option".to_owned());
    }
    Ok(text.to_owned())
}

fn read_file(file: &Path) -> Result<String, Stop> {
    if file != Path::new("-") {
        return config::read_text(file).map_err(Stop::failed);
    }
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_STATEMENT * 16)
        .read_to_string(&mut text)
        .map_err(|error| Stop::failed(format_args!("cannot read stdin: {error}")))?;
    Ok(text)
}

/// The one statement of a text. What stands before it stays, so that places are the file's.
fn only_statement(text: &str) -> Result<Statement, Stop> {
    match statements::split(text).as_slice() {
        [] => Err(Stop::failed("there is no statement in the text")),
        [only] => Ok(Statement {
            sql: text.get(..only.range.end).unwrap_or(text).to_owned(),
            parameters: Vec::new(),
        }),
        [_, second, ..] => Err(Stop::failed(format_args!(
            "there are several statements, the second at line {}",
            statements::position_of(text, second.range.start)
        ))
        .hint("`lakehound query` runs exactly one: run them one by one")),
    }
}

/// A template with its values. A parameter whose default is only an example wants a value: run
/// without one, the query would find nothing and seem to say that there is nothing.
fn bind(
    template: &Template,
    context: &Context,
    values: &BTreeMap<String, String>,
) -> Result<Statement, Stop> {
    let context = parameters::Context {
        zone: context.config.zone,
        now: Utc::now(),
    };
    let bound = template.bind(values, &context).map_err(Stop::usage)?;
    let missing = template
        .parameters
        .iter()
        .find(|parameter| parameter.is_example() && !values.contains_key(&parameter.name));
    if let Some(parameter) = missing {
        return Err(Stop::usage(format_args!(
            "`{}` needs a value for `{}` ({}, {})",
            template.name, parameter.name, parameter.kind, parameter.help
        ))
        .hint(format!("add -p {}=VALUE", parameter.name)));
    }
    Ok(Statement {
        sql: bound.sql,
        parameters: bound
            .literals
            .into_iter()
            .map(Literal::into_string)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_statement_keeps_the_places() {
        let statement = only_statement("-- why\n\nSELECT 1 ; -- done\n").unwrap();
        assert_eq!(statement.sql.trim_end(), "-- why\n\nSELECT 1");
    }

    #[test]
    fn several_and_no_statements_are_refused() {
        assert!(matches!(
            only_statement("SELECT 1; SELECT 2"),
            Err(Stop::Failed(_))
        ));
        assert!(matches!(
            only_statement(" ; -- nothing"),
            Err(Stop::Failed(_))
        ));
    }
}
