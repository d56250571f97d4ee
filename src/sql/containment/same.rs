//! Statements as texts: whether two are the same, and one with its parameters filled in.

use crate::sql::lexer::{Token, TokenKind, lex};

/// Whether two texts are the same statement, up to spaces, comments, a `;` at the end, and the
/// case of words outside quotes.
pub fn same_text(a: &str, b: &str) -> bool {
    let (of_a, of_b) = (meaningful(a), meaningful(b));
    of_a.len() == of_b.len()
        && of_a.iter().zip(&of_b).all(|(one, other)| {
            let (one_text, other_text) = (one.text(a), other.text(b));
            one.kind == other.kind
                && if is_word(one.kind) {
                    one_text.to_lowercase() == other_text.to_lowercase()
                } else {
                    one_text == other_text
                }
        })
}

/// A statement with the SQL literals of its parameters in the places of the `?`; `None` where
/// there are more or fewer.
pub fn with_parameters(sql: &str, parameters: &[String]) -> Option<String> {
    let mut filled = String::with_capacity(sql.len());
    let mut values = parameters.iter();
    for token in lex(sql) {
        if token.kind == TokenKind::Parameter {
            filled.push_str(values.next()?);
        } else {
            filled.push_str(token.text(sql));
        }
    }
    values.next().is_none().then_some(filled)
}

fn meaningful(text: &str) -> Vec<Token> {
    let mut tokens = lex(text);
    tokens.retain(Token::is_significant);
    while tokens.last().is_some_and(|last| last.is(text, ";")) {
        tokens.pop();
    }
    tokens
}

fn is_word(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Keyword | TokenKind::Function | TokenKind::Identifier | TokenKind::Number
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spaces_comments_and_case_make_no_other_statement() {
        let sql = "SELECT api.operation, 'It''s' FROM cloudtrail WHERE \"Name\" = 'a -- b'";
        for other in [
            "select API.Operation ,'It''s'\n\tfrom CloudTrail -- all\nwhere \"Name\"='a -- b' ;",
            "/* x */SELECT api . operation, 'It''s' FROM cloudtrail WHERE \"Name\" = 'a -- b';;",
        ] {
            assert!(same_text(sql, other), "{other}");
            assert!(same_text(other, sql), "{other}");
        }
        for other in [
            "SELECT api.operation, 'it''s' FROM cloudtrail WHERE \"Name\" = 'a -- b'",
            "SELECT api.operation, 'It''s' FROM cloudtrail WHERE \"name\" = 'a -- b'",
            "SELECT api.operation, 'It''s' FROM cloudtrail WHERE \"Name\" = 'a --  b'",
            "SELECT apioperation, 'It''s' FROM cloudtrail WHERE \"Name\" = 'a -- b'",
            "SELECT api.operation, 'It''s' FROM cloudtrail",
            "",
        ] {
            assert!(!same_text(sql, other), "{other}");
        }
        assert!(same_text("", " -- nothing\n;"));
        assert!(same_text("SELECT 1E5", "select 1e5"));
    }

    #[test]
    fn parameters_take_their_places() {
        let values = ["'?'".to_owned(), "7".to_owned()];
        assert_eq!(
            with_parameters("SELECT '?' FROM t WHERE a = ? AND b = ? -- ?", &values).as_deref(),
            Some("SELECT '?' FROM t WHERE a = '?' AND b = 7 -- ?")
        );
        assert_eq!(with_parameters("SELECT ?", &values), None);
        assert_eq!(with_parameters("SELECT ?, ?, ?", &values), None);
    }

    proptest! {
        #[test]
        fn every_text_is_the_same_as_itself(text in ".{0,80}") {
            prop_assert!(same_text(&text, &text));
            if !text.contains(['\'', '"', '`', '/']) {
                let spaced = format!(" {text}\n;");
                prop_assert!(same_text(&text, &spaced));
            }
        }
    }
}
