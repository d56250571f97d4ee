//! Trino's subset of JSONPath: `$`, `.key`, `["key"]` and `[0]`.

use datafusion::common::{Result, exec_datafusion_err};

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into an object's member (or an array's element, where the key is a number).
    Key(String),
    /// Into an array's element, from 0.
    Place(usize),
}

/// Reads a path.
pub(crate) fn parse_path(text: &str) -> Result<Vec<Step>> {
    steps(text).ok_or_else(|| {
        exec_datafusion_err!(
            "'{text}' is not a JSON path of the kind that Trino has, such as $.a[0][\"b c\"]; wildcards and filters are none"
        )
    })
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '@');
            let end = after.find(|c| !plain(c)).unwrap_or(after.len());
            if end == 0 {
                return None;
            }
            steps.push(Step::Key(after[..end].to_owned()));
            rest = &after[end..];
        } else {
            let inside = rest.strip_prefix('[')?;
            let quote = inside.chars().next().filter(|c| matches!(c, '"' | '\''));
            rest = match quote {
                Some(quote) => {
                    let (key, after) = quoted(&inside[1..], quote)?;
                    steps.push(Step::Key(key));
                    after.strip_prefix(']')?
                }
                None => {
                    let (place, after) = inside.split_once(']')?;
                    steps.push(match place.parse() {
                        Ok(place) => Step::Place(place),
                        Err(_)
                            if !place.is_empty()
                                && place.chars().all(|c| c.is_alphanumeric() || c == '_') =>
                        {
                            Step::Key(place.to_owned())
                        }
                        Err(_) => return None,
                    });
                    after
                }
            };
        }
    }
    Some(steps)
}

/// The key up to the closing quote, and what follows that.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => key.push(characters.next()?.1),
            other if other == quote => return Some((key, &text[at + quote.len_utf8()..])),
            other => key.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Step {
        Step::Key(text.to_owned())
    }

    #[test]
    fn steps_of_every_form() {
        assert_eq!(parse_path("$").unwrap(), []);
        assert_eq!(parse_path("$.a.b-c").unwrap(), [key("a"), key("b-c")]);
        assert_eq!(parse_path("$.a[2]").unwrap(), [key("a"), Step::Place(2)]);
        assert_eq!(
            parse_path(r#"$["a.b"]["c\"d"]"#).unwrap(),
            [key("a.b"), key("c\"d")]
        );
        assert_eq!(parse_path("$['x y'].z").unwrap(), [key("x y"), key("z")]);
    }

    #[test]
    fn what_trino_lacks_is_refused() {
        for path in [
            "",
            "a",
            "$.",
            "$..a",
            "$[*]",
            "$.a[?(@.b)]",
            "$.*",
            "$[",
            "$[\"a",
        ] {
            assert!(parse_path(path).is_err(), "{path}");
        }
    }
}
