//! The default behind a marker: where it ends, and how a person would type it.

use std::ops::Range;

use crate::sql::lexer::{Token, TokenKind, lex};

/// The bytes of the default that begins at the first of these tokens: a parenthesised expression,
/// a literal with or without `TIMESTAMP`, `DATE` or `INTERVAL` before it, or a signed number.
pub(super) fn default_after(sql: &str, tokens: &[Token]) -> Option<Range<usize>> {
    let mut tokens = tokens.iter().filter(|token| token.is_significant());
    let first = tokens.next()?;
    let start = first.range.start;
    let end = match first.kind {
        TokenKind::String | TokenKind::Number => first.range.end,
        TokenKind::Punctuation if first.text(sql) == "(" => {
            let mut depth = 1_usize;
            loop {
                let token = tokens.next()?;
                match (token.kind, token.text(sql)) {
                    (TokenKind::Punctuation, "(") => depth += 1,
                    (TokenKind::Punctuation, ")") => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break token.range.end;
                }
            }
        }
        TokenKind::Operator if first.text(sql) == "-" => {
            let number = tokens.next()?;
            (number.kind == TokenKind::Number).then_some(number.range.end)?
        }
        TokenKind::Keyword => {
            let word = first.text(sql).to_ascii_uppercase();
            match word.as_str() {
                "TRUE" | "FALSE" | "NULL" | "CURRENT_TIMESTAMP" | "CURRENT_DATE" => first.range.end,
                "TIMESTAMP" | "DATE" | "INTERVAL" => {
                    let text = tokens.next()?;
                    (text.kind == TokenKind::String).then_some(())?;
                    if word == "INTERVAL" {
                        tokens.next()?.range.end
                    } else {
                        text.range.end
                    }
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(start..end)
}

/// A literal as a person would type it.
pub(super) fn default_text(sql: &str) -> Option<String> {
    let tokens: Vec<Token> = lex(sql).into_iter().filter(Token::is_significant).collect();
    let inner = |token: &Token| token.text(sql).trim_matches('\'').replace("''", "'");
    match tokens.as_slice() {
        [token] if token.kind == TokenKind::Number => Some(sql.to_owned()),
        [token] if token.kind == TokenKind::String => Some(inner(token)),
        [sign, number] if sign.is(sql, "-") => Some(format!("-{}", number.text(sql))),
        [word, token] if word.is(sql, "TIMESTAMP") || word.is(sql, "DATE") => {
            Some(format!("{} UTC", inner(token)))
        }
        [word, token, unit] if word.is(sql, "INTERVAL") => Some(format!(
            "{} {}s",
            inner(token),
            unit.text(sql).to_ascii_lowercase()
        )),
        // The usual start of a search: some time before now.
        [open, now, minus, interval, count, unit, close]
            if open.is(sql, "(")
                && now.is(sql, "CURRENT_TIMESTAMP")
                && minus.is(sql, "-")
                && interval.is(sql, "INTERVAL")
                && close.is(sql, ")") =>
        {
            Some(format!(
                "-{} {}s",
                inner(count),
                unit.text(sql).to_ascii_lowercase()
            ))
        }
        [now] if now.is(sql, "CURRENT_TIMESTAMP") => Some("now".to_owned()),
        [open, now, close]
            if open.is(sql, "(") && now.is(sql, "CURRENT_TIMESTAMP") && close.is(sql, ")") =>
        {
            Some("now".to_owned())
        }
        _ => None,
    }
}
