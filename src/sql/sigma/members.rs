//! Members of a JSON text that lie behind lists: a field's name leads through every element of each
//! list on its way, so that `containerDefinitions.command` is any command of any container.
//!
//! Written with the functions that Trino and the embedded engine share: its JSON paths know no
//! wildcard, and `json_query` the embedded engine does not.

use super::field::coalesced;
use crate::sql::parameters::quote_text;

/// A way into a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    /// SQL of the text.
    text: String,
    /// The names on the way.
    names: Vec<String>,
}

impl Members {
    /// The members that a dotted name leads to.
    pub(super) fn of(text: String, member: &str) -> Self {
        Self {
            text,
            names: member.split('.').map(str::to_owned).collect(),
        }
    }

    /// The values where no list is on the way, in the order of preference: a scalar, or what is a list
    /// or an object itself by its JSON.
    pub(super) fn plain(&self) -> [String; 2] {
        let (text, path) = (&self.text, path(&self.names));
        [
            format!("json_extract_scalar({text}, {path})"),
            format!("nullif(json_format(json_extract({text}, {path})), 'null')"),
        ]
    }

    /// A test of any member behind a list.
    pub(super) fn any(&self, test: &dyn Fn(&str) -> String) -> String {
        let inside = test(&value("member"));
        format!(
            "({} AND any_match({}, member -> {inside}))",
            self.guard(),
            self.all()
        )
    }

    /// The first member behind a list, as text.
    pub(super) fn first(&self) -> String {
        let first = format!("element_at(filter({}, v -> v IS NOT NULL), 1)", self.all());
        format!("CASE WHEN {} THEN {} END", self.guard(), value(&first))
    }

    /// Almost no call has a list on the way; this is quickly said of those that have none.
    fn guard(&self) -> String {
        format!("strpos({}, '[') > 0", self.text)
    }

    /// All members, as an array of JSON.
    fn all(&self) -> String {
        let mut sql = String::new();
        for (at, name) in self.names.iter().enumerate() {
            let path = path(std::slice::from_ref(name));
            sql = match at {
                0 => listed(&format!("json_extract({}, {path})", self.text)),
                _ => {
                    let element = format!("j{at}");
                    let inside = listed(&format!("json_extract({element}, {path})"));
                    format!("flatten(transform({sql}, {element} -> {inside}))")
                }
            };
        }
        sql
    }
}

/// A JSON text with its escapes taken away, as somebody would write it who has not seen it: quoted
/// JSON inside it reads as JSON.
pub(super) fn unescaped(text: &str) -> String {
    let plain = format!("json_format(json_extract({text}, '$'))");
    format!(r#"replace(replace({plain}, '\"', '"'), '\\', '\')"#)
}

/// The same as tools write it that flatten it: `key=value`, without quotes.
pub(super) fn spelled(text: &str) -> String {
    let plain = unescaped(text);
    format!(r#"replace(regexp_replace({plain}, '"([^"]+)":', '$1='), '"', '')"#)
}

/// The elements of a JSON list; what is none is the only one.
fn listed(json: &str) -> String {
    format!("coalesce(TRY_CAST({json} AS array(json)), ARRAY[{json}])")
}

/// The text of a JSON value.
fn value(json: &str) -> String {
    coalesced(vec![
        format!("json_extract_scalar({json}, '$')"),
        format!("nullif(json_format({json}), 'null')"),
    ])
}

fn path(names: &[String]) -> String {
    let mut path = "$".to_owned();
    for name in names {
        path.push_str("[\"");
        path.push_str(name);
        path.push_str("\"]");
    }
    quote_text(&path)
}
