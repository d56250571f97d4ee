use super::*;
use proptest::prelude::*;

fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
    lex(text)
        .iter()
        .filter(|token| token.kind != TokenKind::Whitespace)
        .map(|token| (token.kind, token.text(text)))
        .collect()
}

#[test]
fn a_statement_falls_into_its_tokens() {
    use TokenKind::*;
    assert_eq!(
        kinds("SELECT count(*), actor.user.uid AS \"who\" FROM t WHERE a >= .5e-3 -- end"),
        vec![
            (Keyword, "SELECT"),
            (Function, "count"),
            (Punctuation, "("),
            (Operator, "*"),
            (Punctuation, ")"),
            (Punctuation, ","),
            (Identifier, "actor"),
            (Punctuation, "."),
            (Identifier, "user"),
            (Punctuation, "."),
            (Identifier, "uid"),
            (Keyword, "AS"),
            (QuotedIdentifier, "\"who\""),
            (Keyword, "FROM"),
            (Identifier, "t"),
            (Keyword, "WHERE"),
            (Identifier, "a"),
            (Operator, ">="),
            (Number, ".5e-3"),
            (Comment, "-- end"),
        ]
    );
}

#[test]
fn keywords_inside_a_path_are_fields() {
    assert_eq!(
        kinds("query.type, api.group.first")
            .iter()
            .filter(|(kind, _)| *kind == TokenKind::Keyword)
            .count(),
        0
    );
}

#[test]
fn keywords_that_can_be_called_are_calls_only_before_a_parenthesis() {
    assert_eq!(kinds("date '2026-01-01'")[0].0, TokenKind::Keyword);
    assert_eq!(kinds("date (x)")[0].0, TokenKind::Function);
    assert_eq!(kinds("IN (1)")[0].0, TokenKind::Keyword);
}

#[test]
fn doubled_quotes_stay_inside() {
    assert_eq!(kinds("'it''s'"), vec![(TokenKind::String, "'it''s'")]);
    assert_eq!(
        kinds("\"a\"\"b\""),
        vec![(TokenKind::QuotedIdentifier, "\"a\"\"b\"")]
    );
}

#[test]
fn what_is_left_open_runs_to_the_end() {
    assert_eq!(
        kinds("a 'b; c").last(),
        Some(&(TokenKind::Unterminated, "'b; c"))
    );
    assert_eq!(
        kinds("a /* b").last(),
        Some(&(TokenKind::Unterminated, "/* b"))
    );
}

#[test]
fn a_line_hands_its_open_end_to_the_next() {
    let (_, state) = lex_line(LineState::Plain, "WHERE a = 'x");
    assert_eq!(state, LineState::String);
    let (tokens, state) = lex_line(state, "y' AND b");
    assert_eq!(tokens[0].kind, TokenKind::String);
    assert_eq!(tokens[0].range, 0..2);
    assert_eq!(state, LineState::Plain);
    let (tokens, state) = lex_line(LineState::BlockComment, "");
    assert!(tokens.is_empty());
    assert_eq!(state, LineState::BlockComment);
}

#[test]
fn markers_are_told_from_other_comments() {
    assert_eq!(marker_name("/* :from */"), Some("from"));
    assert_eq!(marker_name("/*:access_key*/"), Some("access_key"));
    assert_eq!(marker_name("/* note: x */"), None);
    assert_eq!(marker_name("/* : */"), None);
    assert_eq!(marker_name("-- :from"), None);
}

fn sql_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("`".to_owned()),
        Just("/*".to_owned()),
        Just("*/".to_owned()),
        Just("--".to_owned()),
        Just("\n".to_owned()),
        Just(";".to_owned()),
        Just(".".to_owned()),
        Just(" ".to_owned()),
        Just("(".to_owned()),
        "[a-z0-9_]{1,4}",
        "\\PC",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_byte_belongs_to_exactly_one_token(text in prop_oneof![sql_like(), any::<String>()]) {
        let mut end = 0;
        for token in lex(&text) {
            prop_assert_eq!(token.range.start, end);
            prop_assert!(token.range.end > end);
            prop_assert!(text.get(token.range.clone()).is_some());
            end = token.range.end;
        }
        prop_assert_eq!(end, text.len());
    }

    #[test]
    fn line_by_line_gives_the_same_kinds_as_the_whole(text in sql_like()) {
        let mut state = LineState::Plain;
        let mut start = 0;
        let whole = lex(&text);
        let kind_at = |offset: usize| {
            whole.iter().find(|token| token.range.contains(&offset)).map(|token| token.kind)
        };
        for line in text.split('\n') {
            let (tokens, next) = lex_line(state, line);
            let mut end = 0;
            for token in &tokens {
                prop_assert_eq!(token.range.start, end);
                end = token.range.end;
                let expected = kind_at(start + token.range.start);
                if expected != Some(TokenKind::Unterminated) {
                    prop_assert_eq!(Some(token.kind), expected, "{:?}", token);
                }
            }
            prop_assert_eq!(end, line.len());
            start += line.len() + 1;
            state = next;
        }
    }
}
