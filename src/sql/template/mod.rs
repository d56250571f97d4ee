//! Reading and filling a template: its struct stands in `domain::template`.

mod default;
mod header;

use std::collections::BTreeMap;

use crate::domain::template::{Library, Parameter, Site, Template, TemplateError};

use super::lexer::{TokenKind, lex, marker_name};
use super::parameters::{Context, Literal, ParameterError, literal};
use super::statements;
use default::{default_after, default_text};
use header::Header;

/// A template with its values: what a query request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The statement with `?` where values go.
    pub sql: String,
    /// The values of the `?`, in order.
    pub literals: Vec<Literal>,
}

/// Values that do not fit a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// No parameter has this name.
    #[error("`{template}` has no parameter `{name}`; it has: {known}")]
    Unknown {
        /// The template's name.
        template: String,
        /// The name given.
        name: String,
        /// The names that it has.
        known: String,
    },
    /// The value does not fit the parameter's type.
    #[error("parameter `{name}`: {source}")]
    Invalid {
        /// The parameter's name.
        name: String,
        /// Why.
        source: ParameterError,
    },
}

impl Template {
    /// Reads a template file.
    pub fn parse(file: &str, text: &str) -> Result<Self, TemplateError> {
        let fail = |line: usize, message: String, hint: &str| TemplateError {
            file: file.to_owned(),
            line,
            message,
            hint: hint.to_owned(),
        };
        let header = Header::read(file, text)?;
        let statements = statements::split(text);
        let [statement] = statements.as_slice() else {
            let line = statements
                .get(1)
                .map_or(1, |s| line_of(text, s.range.start));
            return Err(fail(
                line,
                format!("{} statements instead of one", statements.len()),
                "keep exactly one statement in a template file",
            ));
        };
        let body_start = text
            .get(..statement.range.start)
            .and_then(|before| before.rfind("/* :"))
            .filter(|start| *start >= header.end)
            .unwrap_or(statement.range.start);
        let sql = text
            .get(body_start..statement.range.end)
            .unwrap_or_default()
            .to_owned();
        let tokens = lex(&sql);
        let place = |offset: usize| line_of(text, body_start + offset);
        if let Some(open) = tokens.iter().find(|t| t.kind == TokenKind::Unterminated) {
            return Err(fail(
                place(open.range.start),
                "a string or comment without an end".to_owned(),
                "close it",
            ));
        }
        let mut parameters: Vec<(Parameter, usize)> = header.parameters;
        let mut sites = Vec::new();
        let mut defaults: Vec<Option<String>> = vec![None; parameters.len()];
        for (index, token) in tokens.iter().enumerate() {
            let Some(name) = (token.kind == TokenKind::Comment)
                .then(|| marker_name(token.text(&sql)))
                .flatten()
            else {
                continue;
            };
            let line = place(token.range.start);
            let Some(parameter) = parameters.iter().position(|(p, _)| p.name == name) else {
                return Err(fail(
                    line,
                    format!("`{name}` is no parameter of the header"),
                    "add a line `-- param: name type \"help\"` at the top",
                ));
            };
            let range = default_after(&sql, tokens.get(index + 1..).unwrap_or_default())
                .ok_or_else(|| {
                    fail(
                        line,
                        format!("no default behind the marker of `{name}`"),
                        "write a literal, TIMESTAMP '…', INTERVAL '…' DAY or an expression in parentheses behind it",
                    )
                })?;
            let default = sql.get(range.clone()).unwrap_or_default().to_owned();
            match defaults.get_mut(parameter) {
                Some(Some(known)) if *known != default => {
                    return Err(fail(
                        line,
                        format!("`{name}` has two defaults, {known} and {default}"),
                        "write the same default at each of its places",
                    ));
                }
                Some(slot) => *slot = Some(default),
                None => {}
            }
            sites.push(Site { parameter, range });
        }
        for ((parameter, line), default) in parameters.iter_mut().zip(defaults) {
            let Some(default) = default else {
                return Err(fail(
                    *line,
                    format!(
                        "parameter `{}` stands nowhere in the statement",
                        parameter.name
                    ),
                    "write /* :name */ and a default where its value goes, or drop the line",
                ));
            };
            parameter.default_text = default_text(&default);
            parameter.default_sql = default;
        }
        Ok(Self {
            name: header.name.unwrap_or_else(|| stem(file)),
            purpose: header.purpose,
            classes: header.classes,
            tables: header.tables,
            parameters: parameters
                .into_iter()
                .map(|(parameter, _)| parameter)
                .collect(),
            sql,
            sites,
        })
    }

    /// The statement with `?` where values go, and their literals in order. Parameters without a
    /// value keep their default.
    pub fn bind(
        &self,
        values: &BTreeMap<String, String>,
        context: &Context,
    ) -> Result<Bound, BindError> {
        let mut literals = Vec::new();
        let sql = self.substitute(values, context, |literal, sql| {
            literals.push(literal);
            sql.push('?');
        })?;
        Ok(Bound { sql, literals })
    }

    /// The statement with the values' literals in place of their defaults, behind their markers, so
    /// that it can be read, changed and filled in again. Parameters without a value keep theirs.
    pub fn fill(
        &self,
        values: &BTreeMap<String, String>,
        context: &Context,
    ) -> Result<String, BindError> {
        self.substitute(values, context, |literal, sql| {
            sql.push_str(literal.as_str())
        })
    }

    /// Copies the statement with every value's site written by `write`.
    fn substitute(
        &self,
        values: &BTreeMap<String, String>,
        context: &Context,
        mut write: impl FnMut(Literal, &mut String),
    ) -> Result<String, BindError> {
        if let Some(name) = values
            .keys()
            .find(|name| !self.parameters.iter().any(|p| p.name == **name))
        {
            let known: Vec<&str> = self.parameters.iter().map(|p| p.name.as_str()).collect();
            return Err(BindError::Unknown {
                template: self.name.clone(),
                name: name.clone(),
                known: known.join(", "),
            });
        }
        let mut sql = String::with_capacity(self.sql.len());
        let mut end = 0;
        for site in &self.sites {
            let Some(parameter) = self.parameters.get(site.parameter) else {
                continue;
            };
            let Some(value) = values.get(&parameter.name) else {
                continue;
            };
            let value =
                literal(parameter.kind, value, context).map_err(|source| BindError::Invalid {
                    name: parameter.name.clone(),
                    source,
                })?;
            sql.push_str(self.sql.get(end..site.range.start).unwrap_or_default());
            write(value, &mut sql);
            end = site.range.end;
        }
        sql.push_str(self.sql.get(end..).unwrap_or_default());
        Ok(sql)
    }
}

impl Library {
    /// Reads files, each a name and its text. A broken one becomes a problem and hides no other.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut library = Self::default();
        for (file, text) in files {
            match Template::parse(file, text) {
                Ok(template) if library.get(&template.name).is_some() => {
                    library.problems.push(TemplateError {
                        file: file.to_owned(),
                        line: 1,
                        message: format!("a template `{}` exists already", template.name),
                        hint: "give it another name".to_owned(),
                    });
                }
                Ok(template) => library.templates.push(template),
                Err(problem) => library.problems.push(problem),
            }
        }
        library.templates.sort_by(|a, b| a.name.cmp(&b.name));
        library
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    statements::position_of(text, offset).line
}

fn stem(file: &str) -> String {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    base.strip_suffix(".sql").unwrap_or(base).to_owned()
}

#[cfg(test)]
mod tests;
