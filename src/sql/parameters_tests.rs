use super::*;
use crate::sql::lexer::{TokenKind, lex};
use proptest::prelude::*;
use sqlparser::ast::{Expr, Value};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

fn context() -> Context {
    Context {
        zone: chrono_tz::Europe::Berlin,
        now: Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap(),
    }
}

fn read(kind: ParameterType, value: &str) -> Result<String, String> {
    literal(kind, value, &context())
        .map(Literal::into_string)
        .map_err(|error| error.to_string())
}

#[test]
fn each_type_takes_its_values() {
    use ParameterType::*;
    for (kind, value, expected) in [
        (Text, "it's", "'it''s'"),
        (Ip, " 192[.]0[.]2[.]1 ", "'192.0.2.1'"),
        (Ip, "2001:db8::1", "'2001:db8::1'"),
        (Cidr, "10.0.0.0/8", "'10.0.0.0/8'"),
        (Account, "012345678901", "'012345678901'"),
        (Region, "ap-southeast-2", "'ap-southeast-2'"),
        (AccessKey, "AKIAIOSFODNN7EXAMPLE", "'AKIAIOSFODNN7EXAMPLE'"),
        (
            Principal,
            "AIDACKCEVSQ6C2EXAMPLE",
            "'AIDACKCEVSQ6C2EXAMPLE'",
        ),
        (
            Arn,
            "arn:aws:iam::111122223333:role/x",
            "'arn:aws:iam::111122223333:role/x'",
        ),
        (
            Bucket,
            "s3://amzn-s3-demo-bucket/a/b",
            "'amzn-s3-demo-bucket'",
        ),
        (
            Bucket,
            "arn:aws:s3:::amzn-s3-demo-bucket",
            "'amzn-s3-demo-bucket'",
        ),
        (Domain, "Evil[.]Example.COM.", "'evil.example.com'"),
        (Integer, "-5", "-5"),
        (Interval, "2 weeks", "INTERVAL '14' DAY"),
        (Interval, "12h", "INTERVAL '12' HOUR"),
        (
            Timestamp,
            "2026-11-22 14:05",
            "TIMESTAMP '2026-11-22 13:05:00.000'",
        ),
        (
            Timestamp,
            "2026-11-22 14:05 UTC",
            "TIMESTAMP '2026-11-22 14:05:00.000'",
        ),
        (
            Timestamp,
            "2026-11-22T14:05:06.789+02:00",
            "TIMESTAMP '2026-11-22 12:05:06.789'",
        ),
        (
            Timestamp,
            "2026-11-22Z",
            "TIMESTAMP '2026-11-22 00:00:00.000'",
        ),
        (Timestamp, "-24h", "TIMESTAMP '2026-11-21 12:00:00.000'"),
        (Timestamp, "now", "TIMESTAMP '2026-11-22 12:00:00.000'"),
    ] {
        assert_eq!(read(kind, value).as_deref(), Ok(expected), "{kind} {value}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_what_to_do() {
    use ParameterType::*;
    for (kind, value, part) in [
        (Ip, "192.0.2.1.", "dot at its end"),
        (Ip, "192.0.2", "192.0.2.1"),
        (Cidr, "10.0.0.0/33", "10.0.0.0/8"),
        (Account, "1111222233", "twelve digits"),
        (Region, "useast1", "us-east-1"),
        (AccessKey, "AIDACKCEVSQ6C2EXAMPLE", "unique id"),
        (AccessKey, "akia", "capital"),
        (Principal, " ", "ARN"),
        (Arn, "arn:aws:iam", "role/name"),
        (Bucket, "Bad_Bucket", "lower-case"),
        (Domain, "a..b", "host.example.com"),
        (Integer, "1.5", "digits"),
        (Interval, "soon", "7 days"),
        (Timestamp, "yesterday", "2026-11-22 14:05"),
        // The night on which Berlin's clocks go forward has no half past two.
        (Timestamp, "2026-03-29 02:30", "UTC"),
    ] {
        let message = read(kind, value).unwrap_err();
        assert!(message.contains(part), "{kind} {value}: {message}");
        assert!(message.contains(value), "{message}");
    }
}

fn any_type() -> impl Strategy<Value = ParameterType> {
    proptest::sample::select(ParameterType::ALL.to_vec())
}

#[test]
fn literals_take_the_places_of_their_marks_and_no_other() {
    let sql = "SELECT '?' /* ? */ FROM \"a?\" WHERE b = ? AND c > ? -- ?";
    let literals = ["'it''s'".to_owned(), "7".to_owned()];
    assert_eq!(
        in_place(sql, &literals).as_deref(),
        Some("SELECT '?' /* ? */ FROM \"a?\" WHERE b = 'it''s' AND c > 7 -- ?")
    );
    assert_eq!(in_place(sql, &literals[..1]), None);
    assert_eq!(in_place("SELECT 1", &literals), None);
    assert_eq!(in_place("SELECT 1", &[]).as_deref(), Some("SELECT 1"));
}

proptest! {
    #[test]
    fn a_text_comes_back_from_the_lexer_and_the_parser(value in any::<String>()) {
        let quoted = Literal::text(&value).into_string();
        let tokens = lex(&quoted);
        prop_assert_eq!(tokens.len(), 1);
        prop_assert_eq!(tokens[0].kind, TokenKind::String);
        let mut parser = Parser::new(&GenericDialect {}).try_with_sql(&quoted).unwrap();
        let Expr::Value(parsed) = parser.parse_expr().unwrap() else {
            return Err(TestCaseError::fail("not a value"));
        };
        prop_assert_eq!(parsed.value, Value::SingleQuotedString(value));
    }

    #[test]
    fn whatever_is_typed_becomes_one_literal_or_an_error(
        kind in any_type(),
        value in prop_oneof![
            any::<String>(),
            "[0-9a-z.:/' -]{0,24}",
            "[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2})?",
        ],
    ) {
        if let Ok(sql) = literal(kind, &value, &context()) {
            let significant = lex(sql.as_str()).iter().filter(|t| t.is_significant()).count();
            prop_assert!(significant <= 3);
            let mut parser = Parser::new(&GenericDialect {}).try_with_sql(sql.as_str()).unwrap();
            parser.parse_expr().unwrap();
            prop_assert_eq!(parser.peek_token().token, sqlparser::tokenizer::Token::EOF);
        }
    }
}
