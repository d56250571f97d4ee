//! Filling a playbook's query: values in the place of `<bucket-name>` and the like.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::domain::playbook::Placeholder;

use super::lexer::{Token, TokenKind, lex};
use super::parameters::Literal;

/// The query with every placeholder that has a value filled in; the others stay.
///
/// A value never leaves the place that it is put in: inside quotes the quotes in it are doubled,
/// outside it becomes a literal of its own unless it is a plain number or name.
pub fn fill(
    query: &str,
    placeholders: &[Placeholder],
    values: &BTreeMap<String, String>,
) -> String {
    let tokens = lex(query);
    let mut filled = String::with_capacity(query.len());
    let mut end = 0;
    for placeholder in placeholders {
        let Range { start, end: behind } = placeholder.range.clone();
        let Some(value) = values.get(&placeholder.name).filter(|_| start >= end) else {
            continue;
        };
        filled.push_str(query.get(end..start).unwrap_or_default());
        filled.push_str(&written(value, around(&tokens, start), query));
        end = behind;
    }
    filled.push_str(query.get(end..).unwrap_or_default());
    filled
}

fn around(tokens: &[Token], offset: usize) -> Option<&Token> {
    tokens.iter().find(|token| token.range.contains(&offset))
}

fn written(value: &str, inside: Option<&Token>, query: &str) -> String {
    let quote = inside
        .filter(|token| {
            matches!(
                token.kind,
                TokenKind::String | TokenKind::QuotedIdentifier | TokenKind::Unterminated
            )
        })
        .and_then(|token| token.text(query).chars().next());
    match (quote, inside.map(|token| token.kind)) {
        (Some(quote @ ('\'' | '"' | '`')), _) => value.replace(quote, &format!("{quote}{quote}")),
        // A comment ends at a line's end or at its mark: neither may come from a value.
        (_, Some(TokenKind::Comment | TokenKind::Unterminated)) => {
            value.replace(['\n', '\r'], " ").replace("*/", "* /")
        }
        _ if is_plain(value) => value.to_owned(),
        _ => Literal::text(value).into_string(),
    }
}

/// A number or a dotted name, which means the same within SQL.
fn is_plain(value: &str) -> bool {
    let mut parts = value.split('.');
    !value.is_empty()
        && parts.all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::playbook::Playbook;
    use proptest::prelude::*;

    fn filled(query: &str, value: &str) -> String {
        let playbook = Playbook::parse(
            "x.md",
            &format!("# T\n## Detect\n- [ ] a\n\n```sql\n{query}\n```\n"),
        );
        let block = playbook.blocks().next().unwrap();
        let values = [("x".to_owned(), value.to_owned())].into();
        fill(block.text.trim_end(), &block.placeholders, &values)
    }

    #[test]
    fn values_take_the_form_of_their_place() {
        assert_eq!(filled("SELECT '%<x>%'", "o'b"), "SELECT '%o''b%'");
        assert_eq!(filled("SELECT \"<x>\"", "a\"b"), "SELECT \"a\"\"b\"");
        assert_eq!(filled("SELECT <x>", "12"), "SELECT 12");
        assert_eq!(filled("SELECT * FROM <x>", "db.t"), "SELECT * FROM db.t");
        assert_eq!(filled("SELECT <x>", "a b"), "SELECT 'a b'");
        assert_eq!(filled("SELECT 1 -- <x>", "a\nb"), "SELECT 1 -- a b");
        assert_eq!(filled("SELECT '<y>'", "a"), "SELECT '<y>'");
    }

    proptest! {
        #[test]
        fn no_value_changes_the_number_of_tokens(value in any::<String>()) {
            for query in ["SELECT '<x>' AS a", "SELECT \"<x>\" AS a"] {
                let count = |text: &str| lex(text).len();
                prop_assert_eq!(count(&filled(query, &value)), count(query));
            }
        }
    }
}
