//! Literals that the parser reads otherwise than Trino: `0x1F`, `0o17`, `0b11` are numbers, and
//! `U&'…'` is a text.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::errors::{invalid, unsupported};
use super::text::span_position;
use crate::domain::query::QueryError;

/// Puts plain literals in their place.
pub(super) fn read(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, QueryError> {
    let mut read: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for mut token in tokens {
        let place = span_position(token.span);
        let at = |error: QueryError| match place {
            Some(place) => error.at(place),
            None => error,
        };
        match &token.token {
            Token::UnicodeStringLiteral(text) => {
                token.token = Token::SingleQuotedString(text.clone());
            }
            // `X'1F'` has one character more than `0x1F`.
            Token::HexStringLiteral(digits) if width(&token) == digits.chars().count() + 2 => {
                token.token = number(digits, 16).map_err(at)?;
            }
            Token::Word(word) if word.quote_style.is_none() => {
                let zero = read.last().filter(|last| {
                    matches!(&last.token, Token::Number(digits, _) if digits == "0")
                        && last.span.end == token.span.start
                });
                let radix = match word.value.chars().next() {
                    Some('b' | 'B') => 2,
                    Some('o' | 'O') => 8,
                    Some('x' | 'X') => 16,
                    _ => 0,
                };
                if let (Some(zero), true) = (zero, radix > 0) {
                    token.span.start = zero.span.start;
                    token.token = number(word.value.get(1..).unwrap_or(""), radix).map_err(at)?;
                    read.pop();
                } else if word.value.eq_ignore_ascii_case("uescape")
                    && matches!(
                        read.last().map(|last| &last.token),
                        Some(Token::SingleQuotedString(_))
                    )
                {
                    return Err(at(unsupported("UESCAPE").with_hint(
                        "Write the characters themselves, or \\ before their code",
                    )));
                }
            }
            _ => {}
        }
        read.push(token);
    }
    Ok(read)
}

/// How many characters a token has in the text; 0 where it spans lines.
fn width(token: &TokenWithSpan) -> usize {
    let (start, end) = (token.span.start, token.span.end);
    if start.line != end.line {
        return 0;
    }
    usize::try_from(end.column.saturating_sub(start.column)).unwrap_or(0)
}

fn number(digits: &str, radix: u32) -> Result<Token, QueryError> {
    let plain = digits.replace('_', "");
    i64::from_str_radix(&plain, radix)
        .map(|number| Token::Number(number.to_string(), false))
        .map_err(|_| {
            invalid(format!(
                "“{digits}” is no number with the base {radix} that a bigint can hold"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{failure, value};

    #[test]
    fn numbers_of_other_bases_are_numbers() {
        for (literal, expected) in [
            ("0x1F", "31"),
            ("0b11", "3"),
            ("0o17", "15"),
            ("0x7FFFFFFFFFFFFFFF", "9223372036854775807"),
            ("0XFF + 1", "256"),
            ("0b1_1", "3"),
            ("to_hex(X'1F')", "1F"),
            ("to_hex(x'0a1F')", "0A1F"),
        ] {
            assert_eq!(value(literal), expected, "{literal}");
        }
        for literal in ["0xFFFFFFFFFFFFFFFFFF", "0b12", "0o9"] {
            let error = failure(&format!("SELECT {literal}"));
            assert!(error.message.contains("is no number"), "{error:?}");
            assert_eq!(error.position.map(|place| place.line), Some(1), "{error:?}");
        }
    }

    #[test]
    fn a_text_may_name_characters_by_their_code() {
        assert_eq!(value("U&'caf\\00e9'"), "café");
        let error = failure("SELECT U&'caf!00e9' UESCAPE '!'");
        assert!(error.message.contains("UESCAPE"), "{error:?}");
    }

    #[test]
    fn a_mark_before_the_text_is_no_part_of_it() {
        assert_eq!(super::super::testing::rows("\u{feff}SELECT 1"), ["1"]);
    }
}
