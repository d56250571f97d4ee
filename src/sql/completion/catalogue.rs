//! What can be completed: a snapshot of tables, functions and templates.

/// Names to offer. Built by whoever holds the catalogue, handed in whole: completion is pure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    tables: Vec<Table>,
    functions: Vec<(String, String)>,
    templates: Vec<(String, String)>,
}

/// A table with its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// `database.table`.
    pub(super) name: String,
    pub(super) alias: Option<String>,
    pub(super) columns: Vec<Field>,
}

/// A column or a field of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) type_text: String,
    /// The fields inside: of a struct, or of an array's elements.
    pub(super) fields: Vec<Field>,
    /// An array or a map: its fields are reached by a subscript or UNNEST only.
    pub(super) repeated: bool,
}

impl Catalogue {
    /// Adds a table: its full name, its short one, and its columns as name and type in the
    /// spelling of Athena's DDL (`struct<uid:string>`).
    pub fn add_table<'a>(
        &mut self,
        name: impl Into<String>,
        alias: Option<String>,
        columns: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        self.tables.push(Table {
            name: name.into(),
            alias,
            columns: columns
                .into_iter()
                .map(|(name, type_text)| Field::new(name, type_text))
                .collect(),
        });
    }

    /// Adds a function with its signature.
    pub fn add_function(&mut self, name: impl Into<String>, signature: impl Into<String>) {
        self.functions.push((name.into(), signature.into()));
    }

    /// Adds a template with its purpose.
    pub fn add_template(&mut self, name: impl Into<String>, purpose: impl Into<String>) {
        self.templates.push((name.into(), purpose.into()));
    }

    pub(super) fn tables(&self) -> &[Table] {
        &self.tables
    }

    pub(super) fn functions(&self) -> &[(String, String)] {
        &self.functions
    }

    pub(super) fn templates(&self) -> &[(String, String)] {
        &self.templates
    }

    /// The table that a statement names: by full name, last part or alias, in any case.
    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| {
            let last = table.name.rsplit('.').next().unwrap_or(&table.name);
            table.name.eq_ignore_ascii_case(name)
                || last.eq_ignore_ascii_case(name)
                || table
                    .alias
                    .as_deref()
                    .is_some_and(|alias| alias.eq_ignore_ascii_case(name))
        })
    }
}

impl Field {
    fn new(name: &str, type_text: &str) -> Self {
        Self::nested(name, type_text, 0)
    }

    fn nested(name: &str, type_text: &str, depth: usize) -> Self {
        let type_text = type_text.trim();
        let mut inner = type_text;
        let mut repeated = false;
        while let Some(element) = argument(inner, "array") {
            inner = element;
            repeated = true;
        }
        repeated |= argument(inner, "map").is_some();
        // Deeper than any documented type; bounds the recursion on hostile text.
        let fields = match argument(inner, "struct").filter(|_| depth < 16) {
            Some(list) => split_top(list)
                .filter_map(|field| field.split_once(':'))
                .map(|(name, type_text)| Self::nested(name.trim(), type_text, depth + 1))
                .collect(),
            None => Vec::new(),
        };
        Self {
            name: name.to_owned(),
            type_text: type_text.to_owned(),
            fields,
            repeated,
        }
    }
}

/// The text between the angle brackets of `name<…>`.
fn argument<'a>(type_text: &'a str, name: &str) -> Option<&'a str> {
    let start = type_text.get(..name.len())?;
    start
        .eq_ignore_ascii_case(name)
        .then(|| type_text.get(name.len()..))?
        .and_then(|rest| rest.trim().strip_prefix('<')?.strip_suffix('>'))
}

/// Splits at the commas outside all brackets.
fn split_top(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    list.split(move |c| {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nested_types_become_trees() {
        let field = Field::new(
            "vulnerabilities",
            "array<struct<cve:struct<score:decimal(3,1),uid:string>,title:string>>",
        );
        assert!(field.repeated);
        assert_eq!(field.fields[0].fields[0].type_text, "decimal(3,1)");
        assert_eq!(field.fields[1].name, "title");
        assert!(Field::new("unmapped", "map<string,string>").repeated);
    }

    proptest! {
        #[test]
        fn no_type_text_makes_it_panic(text in "(struct<|array<|a:|,|>|ß| ){0,30}") {
            prop_assert_eq!(Field::new("x", &text).type_text, text.trim());
        }
    }
}
