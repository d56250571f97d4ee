//! Reads one TOML table key by key. The keys that were asked for are the keys that are known: what
//! is left over is reported with its line and the nearest known name, and read no further.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Problem;
use crate::domain::nearest::did_you_mean;
use crate::domain::severity;

/// Key names whose values are secrets wherever they stand.
const SECRET_WORDS: [&str; 5] = [
    "secret_access_key",
    "session_token",
    "password",
    "api_key",
    "secret",
];

/// The faults found so far in one file.
pub(super) struct Faults<'a> {
    file: &'a Path,
    text: &'a str,
    found: Vec<Problem>,
}

impl<'a> Faults<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str) -> Self {
        Self {
            file,
            text,
            found: Vec::new(),
        }
    }

    /// Adds a fault at a span of the text.
    pub(super) fn add(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let line = self.line_of(span);
        let mut problem = Problem::of_file(self.file, message).at_line(line);
        problem.hint = hint;
        self.found.push(problem);
    }

    /// Adds faults that were found apart.
    pub(super) fn extend(&mut self, found: Vec<Problem>) {
        self.found.extend(found);
    }

    /// The line, from 1, on which a span begins.
    pub(super) fn line_of(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    /// How many were found so far.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// The faults in the order of their lines.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.line);
        self.found
    }
}

/// Names that a key may have for its value.
pub(super) struct Names {
    /// What they are names of.
    pub(super) what: &'static str,
    /// Whether one is known.
    pub(super) is_known: fn(&str) -> bool,
    /// Those that are, in words.
    pub(super) known: &'static str,
}

/// The severities of OCSF.
pub(super) const SEVERITY: Names = Names {
    what: "severity",
    is_known: |name| severity::rank(name).is_some(),
    known: "informational, low, medium, high, critical and fatal are",
};

/// One table while it is being read.
pub(super) struct Section<'t> {
    /// The dotted path, empty for the document itself.
    path: String,
    table: &'t DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    pub(super) fn new(path: impl Into<String>, table: &'t DeTable<'t>) -> Self {
        Self {
            path: path.into(),
            table,
            known: Vec::new(),
        }
    }

    /// A string.
    pub(super) fn text(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<String> {
        self.spanned_text(key, faults).map(Spanned::into_inner)
    }

    /// A string with its place, for a later check of what it says.
    pub(super) fn spanned_text(
        &mut self,
        key: &'static str,
        faults: &mut Faults<'_>,
    ) -> Option<Spanned<String>> {
        let value = self.take(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some(Spanned::new(value.span(), text.to_owned())),
            None => self.wrong_type(key, value, "a string", faults),
        }
    }

    /// A name that has to be known.
    pub(super) fn named(
        &mut self,
        key: &'static str,
        names: &Names,
        faults: &mut Faults<'_>,
    ) -> Option<String> {
        let value = self.spanned_text(key, faults)?;
        if !(names.is_known)(value.get_ref()) {
            let told = format!("`{}` is no {}", value.get_ref(), names.what);
            faults.add(&value.span(), told, Some(names.known.to_owned()));
            return None;
        }
        Some(value.into_inner())
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<bool> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong_type(key, value, "true or false", faults),
        }
    }

    /// A number, whole or not, that is zero or more.
    pub(super) fn amount(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<f64> {
        let value = self.take(key)?;
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if f64::is_finite(number) && number >= 0.0 => Some(number),
            _ => self.wrong_type(key, value, "a number of zero or more", faults),
        }
    }

    /// A list of strings, or one string for a list of one.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        faults: &mut Faults<'_>,
    ) -> Vec<Spanned<String>> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        texts_of(&self.dotted(key), value, faults)
    }

    /// A table inside this one.
    pub(super) fn table(
        &mut self,
        key: &'static str,
        faults: &mut Faults<'_>,
    ) -> Option<Section<'t>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Section::new(self.dotted(key), table)),
            _ => self.wrong_type(key, value, "a table", faults),
        }
    }

    /// Every key and value of a table whose keys are names that the user chose.
    pub(super) fn entries(
        &self,
    ) -> impl Iterator<Item = (&'t str, &'t Spanned<DeValue<'t>>)> + use<'t> {
        self.table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), value))
    }

    /// The path of a key of this table.
    pub(super) fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self, faults: &mut Faults<'_>) {
        for (key, value) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let span = if key.span().is_empty() {
                value.span()
            } else {
                key.span()
            };
            let lower = name.to_lowercase();
            if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
                faults.add(
                    &span,
                    format!("`{}` is a secret and is not read", self.dotted(name)),
                    Some(
                        "remove it: credentials come from the AWS SDK's own files and variables"
                            .to_owned(),
                    ),
                );
                continue;
            }
            let hint = did_you_mean(name, self.known.iter().copied())
                .unwrap_or_else(|| format!("known here: {}", self.known.join(", ")));
            faults.add(
                &span,
                format!("unknown key `{}`", self.dotted(name)),
                Some(hint),
            );
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.push(key);
        self.table.get(key)
    }

    fn wrong_type<T>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        wanted: &str,
        faults: &mut Faults<'_>,
    ) -> Option<T> {
        faults.add(
            &value.span(),
            format!("`{}` must be {wanted}", self.dotted(key)),
            None,
        );
        None
    }
}

/// A value as a list of strings; one string is a list of one, anything else is a fault.
pub(super) fn texts_of(
    name: &str,
    value: &Spanned<DeValue<'_>>,
    faults: &mut Faults<'_>,
) -> Vec<Spanned<String>> {
    let single = std::slice::from_ref(value);
    let items = match value.get_ref() {
        DeValue::Array(items) => items.as_ref(),
        _ => single,
    };
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        match item.get_ref().as_str() {
            Some(text) => texts.push(Spanned::new(item.span(), text.to_owned())),
            None => faults.add(
                &item.span(),
                format!("`{name}` must be a string or a list of strings"),
                None,
            ),
        }
    }
    texts
}
