//! The form of a statement: what is left of it when its values, its layout and its comments are
//! taken away. Statements of one form differ only in what they look for.

use super::lexer::{Token, TokenKind, lex};

/// The form of a statement: its words in lower case, one space between them, `?` for every value,
/// `( ? )` for every list of values.
///
/// `TIMESTAMP '…'` is a value like any other, because a parameter in its place is one.
pub fn shape(sql: &str) -> String {
    let tokens = lex(sql);
    let tokens: Vec<&Token> = tokens.iter().filter(|t| t.is_significant()).collect();
    let mut words: Vec<String> = Vec::with_capacity(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        let text = token.text(sql);
        let word = match token.kind {
            TokenKind::String | TokenKind::Number | TokenKind::Parameter => "?".to_owned(),
            TokenKind::QuotedIdentifier => plain(text),
            _ if is_type_of_next(sql, token, tokens.get(at + 1).copied()) => continue,
            _ => text.to_lowercase(),
        };
        // `?, ?` becomes `?`: a list of any length.
        let lists = word == "?" && words.ends_with(&["?".to_owned(), ",".to_owned()]);
        if lists {
            words.pop();
        } else {
            words.push(word);
        }
    }
    words.join(" ")
}

/// Whether the token only names the type of the text that follows it.
fn is_type_of_next(sql: &str, token: &Token, next: Option<&Token>) -> bool {
    let names_a_type = ["TIMESTAMP", "DATE", "TIME", "DECIMAL"]
        .iter()
        .any(|word| token.text(sql).eq_ignore_ascii_case(word));
    names_a_type && next.is_some_and(|next| next.kind == TokenKind::String)
}

/// A quoted name as it would stand without quotes, where it could.
fn plain(text: &str) -> String {
    let name = text.trim_matches(['"', '`']).to_lowercase();
    let simple = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_numeric());
    if simple { name } else { text.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parameters::quote_text;
    use proptest::prelude::*;

    #[test]
    fn values_layout_and_comments_make_no_difference() {
        let asked =
            shape("select A, b from \"lake\".\"Flows\" -- who?\nwhere a = 'x' and n > 5 limit 10");
        assert_eq!(
            asked,
            "select a , b from lake . flows where a = ? and n > ? limit ?"
        );
        for same in [
            "SELECT a,b FROM lake.flows WHERE a='it''s' AND n>0.5e3 LIMIT 1",
            "SELECT a, b FROM lake.flows WHERE a = ? AND n > ? LIMIT 99",
        ] {
            assert_eq!(shape(same), asked);
        }
        for other in [
            "SELECT a, b FROM lake.flows WHERE a = 'x' AND n >= 5 LIMIT 10",
            "SELECT a, b FROM lake.\"flows of\" WHERE a = 'x' AND n > 5 LIMIT 10",
            "SELECT a, b FROM other.flows WHERE a = 'x' AND n > 5 LIMIT 10",
        ] {
            assert_ne!(shape(other), asked);
        }
    }

    #[test]
    fn a_parameter_stands_for_any_literal() {
        let asked = shape("SELECT 1 FROM t WHERE time_dt >= ? AND d = ?");
        let typed = "SELECT 2 FROM t WHERE time_dt >= TIMESTAMP '2026-01-01 00:00' AND d = DATE '2026-01-01'";
        assert_eq!(shape(typed), asked);
        // A column of such a name stays one, and the unit of an interval counts.
        assert!(shape("SELECT date, time FROM t").contains("date , time"));
        assert_ne!(
            shape("SELECT INTERVAL '1' DAY"),
            shape("SELECT INTERVAL '1' HOUR")
        );
    }

    proptest! {
        #[test]
        fn any_values_have_one_form(
            text in any::<String>(), number in any::<u32>(), list in 1_usize..9,
        ) {
            let values = vec![quote_text(&text); list].join(", ");
            let sql = format!("SELECT a FROM t WHERE b IN ({values}) AND c = {number}");
            prop_assert_eq!(shape(&sql), "select a from t where b in ( ? ) and c = ?");
        }

        #[test]
        fn a_form_is_its_own_form(
            sql in "(select|from|a|\"B c\"|\"Flows\"|'x'|5|,|\\(|\\)|=|timestamp 'x'| |\n){0,30}",
        ) {
            let form = shape(&sql);
            prop_assert_eq!(shape(&form), form);
        }

        #[test]
        fn any_text_is_borne(sql in any::<String>()) {
            // Words come from the text alone.
            prop_assert!(shape(&sql).len() <= 2 * sql.to_lowercase().len());
        }
    }
}
