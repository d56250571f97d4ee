//! Reading and filling a template: its struct stands in `domain::template`.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::domain::template::{Library, Parameter, ParameterType, Site, Template, TemplateError};

use super::lexer::{Token, TokenKind, lex, marker_name};
use super::parameters::{Context, Literal, ParameterError, literal};
use super::statements;

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

#[derive(Default)]
struct Header {
    name: Option<String>,
    purpose: String,
    classes: Vec<u32>,
    tables: Vec<String>,
    /// With the line of each.
    parameters: Vec<(Parameter, usize)>,
    /// The byte behind the header.
    end: usize,
}

impl Header {
    /// Reads the comment lines before the statement. Lines of another form are plain comments.
    fn read(file: &str, text: &str) -> Result<Self, TemplateError> {
        let mut header = Self::default();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let fail = |message: String, hint: &str| TemplateError {
                file: file.to_owned(),
                line: index + 1,
                message,
                hint: hint.to_owned(),
            };
            let trimmed = line.trim();
            let Some(comment) = trimmed.strip_prefix("--") else {
                if trimmed.is_empty() {
                    header.end += line.len();
                    continue;
                }
                break;
            };
            header.end += line.len();
            let Some((key, value)) = comment.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim() {
                "name" => header.name = Some(value.to_owned()),
                "purpose" => header.purpose = value.to_owned(),
                "tables" => header.tables = list(value),
                "classes" => {
                    for class in list(value) {
                        let uid = class.parse().map_err(|_| {
                            fail(
                                format!("`{class}` is no OCSF class"),
                                "write class numbers such as 6003, with commas between",
                            )
                        })?;
                        header.classes.push(uid);
                    }
                }
                "param" => {
                    let parameter = parameter(value)
                        .map_err(|message| fail(message, "write `-- param: name type \"help\"`"))?;
                    if header
                        .parameters
                        .iter()
                        .any(|(p, _)| p.name == parameter.name)
                    {
                        return Err(fail(
                            format!("parameter `{}` is there twice", parameter.name),
                            "drop one of the lines",
                        ));
                    }
                    header.parameters.push((parameter, index + 1));
                }
                _ => {}
            }
        }
        if header.purpose.is_empty() {
            return Err(TemplateError {
                file: file.to_owned(),
                line: 1,
                message: "no purpose".to_owned(),
                hint: "add a line `-- purpose: one sentence` at the top".to_owned(),
            });
        }
        Ok(header)
    }
}

fn list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(|item| item.trim().to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

fn parameter(value: &str) -> Result<Parameter, String> {
    let mut words = value.splitn(3, char::is_whitespace);
    let (Some(name), Some(kind)) = (words.next(), words.next()) else {
        return Err("a parameter without a type".to_owned());
    };
    let kind: ParameterType = kind.parse().map_err(|()| {
        let known: Vec<&str> = ParameterType::ALL.iter().map(|kind| kind.name()).collect();
        format!(
            "`{kind}` is no type of parameter (there are {})",
            known.join(", ")
        )
    })?;
    if marker_name(&format!("/* :{name} */")).is_none() {
        return Err(format!("`{name}` is no name for a parameter"));
    }
    Ok(Parameter {
        name: name.to_owned(),
        kind,
        help: words
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches('"')
            .to_owned(),
        default_sql: String::new(),
        default_text: None,
    })
}

/// The bytes of the default that begins at the first of these tokens: a parenthesised expression,
/// a literal with or without `TIMESTAMP`, `DATE` or `INTERVAL` before it, or a signed number.
fn default_after(sql: &str, tokens: &[Token]) -> Option<Range<usize>> {
    let mut tokens = tokens.iter().filter(|token| token.is_significant());
    let first = tokens.next()?;
    let start = first.range.start;
    let end = match first.kind {
        TokenKind::String | TokenKind::Number => first.range.end,
        TokenKind::Punctuation if first.text(sql) == "(" => {
            let mut depth = 1_usize;
            loop {
                let token = tokens.next()?;
                match (token.kind, token.text(sql)) {
                    (TokenKind::Punctuation, "(") => depth += 1,
                    (TokenKind::Punctuation, ")") => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break token.range.end;
                }
            }
        }
        TokenKind::Operator if first.text(sql) == "-" => {
            let number = tokens.next()?;
            (number.kind == TokenKind::Number).then_some(number.range.end)?
        }
        TokenKind::Keyword => {
            let word = first.text(sql).to_ascii_uppercase();
            match word.as_str() {
                "TRUE" | "FALSE" | "NULL" | "CURRENT_TIMESTAMP" | "CURRENT_DATE" => first.range.end,
                "TIMESTAMP" | "DATE" | "INTERVAL" => {
                    let text = tokens.next()?;
                    (text.kind == TokenKind::String).then_some(())?;
                    if word == "INTERVAL" {
                        tokens.next()?.range.end
                    } else {
                        text.range.end
                    }
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(start..end)
}

/// A literal as a person would type it.
fn default_text(sql: &str) -> Option<String> {
    let tokens: Vec<Token> = lex(sql).into_iter().filter(Token::is_significant).collect();
    let inner = |token: &Token| token.text(sql).trim_matches('\'').replace("''", "'");
    match tokens.as_slice() {
        [token] if token.kind == TokenKind::Number => Some(sql.to_owned()),
        [token] if token.kind == TokenKind::String => Some(inner(token)),
        [sign, number] if sign.is(sql, "-") => Some(format!("-{}", number.text(sql))),
        [word, token] if word.is(sql, "TIMESTAMP") || word.is(sql, "DATE") => {
            Some(format!("{} UTC", inner(token)))
        }
        [word, token, unit] if word.is(sql, "INTERVAL") => Some(format!(
            "{} {}s",
            inner(token),
            unit.text(sql).to_ascii_lowercase()
        )),
        // The usual start of a search: some time before now.
        [open, now, minus, interval, count, unit, close]
            if open.is(sql, "(")
                && now.is(sql, "CURRENT_TIMESTAMP")
                && minus.is(sql, "-")
                && interval.is(sql, "INTERVAL")
                && close.is(sql, ")") =>
        {
            Some(format!(
                "-{} {}s",
                inner(count),
                unit.text(sql).to_ascii_lowercase()
            ))
        }
        [now] if now.is(sql, "CURRENT_TIMESTAMP") => Some("now".to_owned()),
        [open, now, close]
            if open.is(sql, "(") && now.is(sql, "CURRENT_TIMESTAMP") && close.is(sql, ")") =>
        {
            Some("now".to_owned())
        }
        _ => None,
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
#[path = "template_tests.rs"]
mod tests;
