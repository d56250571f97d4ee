//! The form of a saved query: a field for each parameter.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::template::{ParameterType, Template};
use crate::store::line_input::LineInput;

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    /// The parameter's name.
    pub name: String,
    /// Its type.
    pub kind: ParameterType,
    /// What it is for.
    pub help: String,
    /// The value.
    pub input: LineInput,
    /// What the statement has where the field stays empty.
    pub default: String,
    /// The default only shows the form of a value: run with it, the statement would find nothing
    /// and seem to say that there is nothing.
    pub wants_value: bool,
    /// What is wrong with the value.
    pub error: Option<String>,
}

/// A saved query being filled in.
#[derive(Debug, Clone)]
pub struct Form {
    /// The saved query.
    pub template: Arc<Template>,
    /// Its parameters.
    pub fields: Vec<Field>,
    /// The field that takes the keys.
    pub current: usize,
}

impl Form {
    /// A form with the values that the context suggests, by type; the rest starts empty.
    pub fn new(template: Arc<Template>, suggest: impl Fn(&str, ParameterType) -> String) -> Self {
        let fields = template
            .parameters
            .iter()
            .map(|parameter| Field {
                name: parameter.name.clone(),
                kind: parameter.kind,
                help: parameter.help.clone(),
                input: LineInput::replaceable(&suggest(&parameter.name, parameter.kind)),
                default: parameter.default_sql.clone(),
                wants_value: parameter.is_example(),
                error: None,
            })
            .collect();
        Self {
            template,
            fields,
            current: 0,
        }
    }

    /// The values that were filled in.
    pub fn values(&self) -> BTreeMap<String, String> {
        self.fields
            .iter()
            .map(|field| (field.name.clone(), field.input.text().trim().to_owned()))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// Goes `by` fields further, round the end.
    pub fn step(&mut self, by: isize) {
        let count = self.fields.len().max(1).cast_signed();
        self.current = (self.current.cast_signed() + by)
            .rem_euclid(count)
            .cast_unsigned();
    }
}
