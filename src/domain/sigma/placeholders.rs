//! Values that stand in a rule by a name, `%name%`, and are given beside it.

use std::collections::BTreeMap;

/// Forms that one value may be expanded into.
const MOST_FORMS: usize = 20_000;

/// The values of placeholders, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placeholders(pub BTreeMap<String, Vec<String>>);

impl Placeholders {
    /// A text with each of its placeholders as each of its values.
    pub(super) fn expanded(&self, text: &str) -> Result<Vec<String>, String> {
        let mut forms = vec![String::new()];
        let mut rest = text;
        while let Some((before, name, after)) = next(rest) {
            let values = self.0.get(name).filter(|values| !values.is_empty());
            let values = values.ok_or_else(|| {
                format!(
                    "its placeholder `%{name}%` has no value; a file placeholders.toml beside the rules gives them: {name} = [\"…\"]"
                )
            })?;
            if forms.len().saturating_mul(values.len()) > MOST_FORMS {
                return Err(format!(
                    "its placeholders stand for more than {MOST_FORMS} values"
                ));
            }
            forms = forms
                .iter()
                .flat_map(|form| {
                    values
                        .iter()
                        .map(move |value| format!("{form}{before}{value}"))
                })
                .collect();
            rest = after;
        }
        forms.iter_mut().for_each(|form| form.push_str(rest));
        Ok(forms)
    }
}

/// The first placeholder of a text: what is before it, its name, what is after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let is_name = |name: &str| {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        !name.is_empty() && name.chars().all(fits)
    };
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find('%')?;
        let inside = text.get(start + 1..)?;
        let (name, after) = inside.split_once('%')?;
        if is_name(name) {
            return Some((text.get(..start)?, name, after));
        }
        from = start + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_each_of_its_values() {
        let known = [("a", vec!["1", "2"]), ("b-c", vec!["x"]), ("none", vec![])];
        let known = Placeholders(
            known
                .into_iter()
                .map(|(name, values)| {
                    (
                        name.to_owned(),
                        values.into_iter().map(str::to_owned).collect(),
                    )
                })
                .collect(),
        );
        for (text, forms) in [
            ("%a%", vec!["1", "2"]),
            ("arn:%b-c%/%a%!", vec!["arn:x/1!", "arn:x/2!"]),
            ("100% of %b-c%", vec!["100% of x"]),
            ("50%", vec!["50%"]),
            ("", vec![""]),
        ] {
            assert_eq!(known.expanded(text).unwrap(), forms, "{text}");
        }
        for text in ["%d%", "%none%"] {
            assert!(
                known
                    .expanded(text)
                    .unwrap_err()
                    .contains("placeholders.toml")
            );
        }
        let many = Placeholders([("a".to_owned(), vec![String::new(); 200])].into());
        assert!(many.expanded("%a%%a%%a%").is_err());
    }
}
