//! Laying a statement out for reading.

use sqlformat::{Dialect, FormatOptions, Indent, QueryParams};

use super::lexer::{Token, TokenKind, lex};

/// The text with two-space indents, one clause a line and upper-case keywords.
///
/// The layout may never change what a statement means: where the formatter would alter, drop or
/// join a token, the text comes back as it was.
pub fn format(text: &str) -> String {
    if lex(text)
        .last()
        .is_some_and(|token| token.kind == TokenKind::Unterminated)
    {
        return text.to_owned();
    }
    let options = FormatOptions {
        indent: Indent::Spaces(2),
        uppercase: Some(false),
        dialect: Dialect::PostgreSql,
        ..FormatOptions::default()
    };
    let laid_out = sqlformat::format(text, &QueryParams::None, &options);
    let raised = raise_keywords(&laid_out);
    if same_tokens(text, &raised) {
        raised
    } else {
        text.to_owned()
    }
}

/// Only what the lexer calls a keyword is raised: fields such as `query.type` stay as they are.
fn raise_keywords(text: &str) -> String {
    lex(text)
        .iter()
        .map(|token| match token.kind {
            TokenKind::Keyword => token.text(text).to_ascii_uppercase(),
            _ => token.text(text).to_owned(),
        })
        .collect()
}

fn same_tokens(before: &str, after: &str) -> bool {
    let (old, new) = (lex(before), lex(after));
    let mut old = old
        .iter()
        .filter(|token| token.kind != TokenKind::Whitespace);
    let mut new = new
        .iter()
        .filter(|token| token.kind != TokenKind::Whitespace);
    loop {
        match (old.next(), new.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if same_token(a, before, b, after) => {}
            _ => return false,
        }
    }
}

fn same_token(a: &Token, before: &str, b: &Token, after: &str) -> bool {
    let (x, y) = (a.text(before), b.text(after));
    match a.kind {
        TokenKind::Keyword | TokenKind::Function => x.eq_ignore_ascii_case(y),
        TokenKind::Comment => x.trim_end() == y.trim_end(),
        _ => a.kind == b.kind && x == y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clauses_stand_on_their_own_lines() {
        let text =
            "select time_dt, actor.user.uid from t where any_match(r, x -> x.uid = 'A') limit 5";
        let laid_out = format(text);
        assert!(laid_out.starts_with("SELECT\n  time_dt,\n  actor.user.uid\n"));
        assert!(laid_out.contains("LIMIT"));
        assert!(same_tokens(text, &laid_out));
    }

    #[test]
    fn strings_fields_and_quoted_names_keep_their_case() {
        let text = "select \"Select\".\"b\", query.type from t where a = 'From X'";
        let laid_out = format(text);
        for kept in ["\"Select\".\"b\"", "query.type", "'From X'"] {
            assert!(laid_out.contains(kept), "{laid_out}");
        }
    }

    #[test]
    fn an_open_string_is_left_alone() {
        assert_eq!(format("select  'a"), "select  'a");
    }

    proptest! {
        #[test]
        fn no_layout_changes_the_tokens(text in "[a-z ,.()'\"=<>|\n;*-]{0,60}") {
            let laid_out = format(&text);
            prop_assert!(laid_out == text || same_tokens(&text, &laid_out));
        }
    }
}
