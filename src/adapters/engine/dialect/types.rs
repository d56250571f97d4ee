//! Trino's types as they are spelled in casts and typed literals.

use std::fmt;

use sqlparser::ast::{DataType, Ident, ObjectName};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::athena::Athena;

/// A type of Trino's. `Display` gives a spelling that [`TrinoType::read`] understands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum TrinoType {
    Boolean,
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    Real,
    Double,
    Decimal(u8, i8),
    Varchar(Option<usize>),
    Char(usize),
    Varbinary,
    Date,
    Time,
    Timestamp,
    TimestampWithZone,
    Json,
    IpAddress,
    Array(Box<TrinoType>),
    Map(Box<TrinoType>, Box<TrinoType>),
    Row(Vec<(Option<String>, TrinoType)>),
}

impl TrinoType {
    /// Reads a spelling of a type.
    pub(super) fn read(text: &str) -> Result<Self, ParserError> {
        let mut parser = Parser::new(&Athena).try_with_sql(text)?;
        parse_type(&mut parser)
    }

    /// The type that a statement's cast names, where it came through [`parse`].
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Custom(ObjectName(parts), _) => match parts.as_slice() {
                [part] => Self::read(&part.as_ident()?.value).ok(),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What a field of a row without a name is called, from its place, counted from 0.
pub(super) fn row_field_name(index: usize) -> String {
    format!("field{index}")
}

impl fmt::Display for TrinoType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("boolean"),
            Self::TinyInt => f.write_str("tinyint"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::BigInt => f.write_str("bigint"),
            Self::Real => f.write_str("real"),
            Self::Double => f.write_str("double"),
            Self::Decimal(precision, scale) => write!(f, "decimal({precision}, {scale})"),
            Self::Varchar(None) => f.write_str("varchar"),
            Self::Varchar(Some(length)) => write!(f, "varchar({length})"),
            Self::Char(length) => write!(f, "char({length})"),
            Self::Varbinary => f.write_str("varbinary"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::TimestampWithZone => f.write_str("timestamp with time zone"),
            Self::Json => f.write_str("json"),
            Self::IpAddress => f.write_str("ipaddress"),
            Self::Array(element) => write!(f, "array({element})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Row(fields) => {
                f.write_str("row(")?;
                for (index, (name, data_type)) in fields.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    match name {
                        Some(name) => write!(f, "\"{}\" {data_type}", name.replace('"', "\"\""))?,
                        None => write!(f, "{data_type}")?,
                    }
                }
                f.write_str(")")
            }
        }
    }
}

/// Parses a type where the parser stands and carries it through the syntax tree by its spelling.
pub(super) fn parse(parser: &mut Parser<'_>) -> Result<DataType, ParserError> {
    Ok(carried(&parse_type(parser)?))
}

/// A type as the syntax tree carries it.
pub(super) fn carried(data_type: &TrinoType) -> DataType {
    DataType::Custom(
        ObjectName::from(vec![Ident::with_quote('"', data_type.to_string())]),
        Vec::new(),
    )
}

/// Whether a word can start a typed literal such as `IPADDRESS '10.0.0.1'`.
pub(super) fn is_literal_type(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "timestamp"
            | "date"
            | "time"
            | "ipaddress"
            | "json"
            | "uuid"
            | "decimal"
            | "double"
            | "real"
            | "bigint"
            | "integer"
            | "int"
            | "smallint"
            | "tinyint"
            | "boolean"
            | "char"
            | "varchar"
    )
}

pub(super) fn parse_type(parser: &mut Parser<'_>) -> Result<TrinoType, ParserError> {
    let mut data_type = parse_named(parser)?;
    // The older spelling of an array: `varchar array`.
    while parse_word(parser, "array") {
        data_type = TrinoType::Array(Box::new(data_type));
    }
    Ok(data_type)
}

fn parse_named(parser: &mut Parser<'_>) -> Result<TrinoType, ParserError> {
    let start = parser.next_token();
    let Token::Word(word) = &start.token else {
        return parser.expected("a type", start);
    };
    Ok(match word.value.to_ascii_lowercase().as_str() {
        "boolean" => TrinoType::Boolean,
        "tinyint" => TrinoType::TinyInt,
        "smallint" => TrinoType::SmallInt,
        "integer" | "int" => TrinoType::Integer,
        "bigint" => TrinoType::BigInt,
        "real" | "float" => TrinoType::Real,
        "double" => {
            parse_word(parser, "precision");
            TrinoType::Double
        }
        "decimal" | "numeric" | "dec" => parse_decimal(parser)?,
        "varchar" | "string" => TrinoType::Varchar(parse_length(parser)?),
        "char" => TrinoType::Char(parse_length(parser)?.unwrap_or(1)),
        "varbinary" | "binary" => TrinoType::Varbinary,
        "date" => TrinoType::Date,
        "time" => {
            parse_length(parser)?;
            if parse_zone(parser)? {
                return unsupported("TIME WITH TIME ZONE");
            }
            TrinoType::Time
        }
        "timestamp" => {
            parse_length(parser)?;
            if parse_zone(parser)? {
                TrinoType::TimestampWithZone
            } else {
                TrinoType::Timestamp
            }
        }
        "json" => TrinoType::Json,
        "ipaddress" => TrinoType::IpAddress,
        "array" => {
            let closing = parse_opening(parser)?;
            let element = parse_type(parser)?;
            parser.expect_token(&closing)?;
            TrinoType::Array(Box::new(element))
        }
        "map" => {
            let closing = parse_opening(parser)?;
            let key = parse_type(parser)?;
            parser.expect_token(&Token::Comma)?;
            let value = parse_type(parser)?;
            parser.expect_token(&closing)?;
            TrinoType::Map(Box::new(key), Box::new(value))
        }
        "row" | "struct" => {
            parser.expect_token(&Token::LParen)?;
            let fields = parser.parse_comma_separated(parse_row_field)?;
            parser.expect_token(&Token::RParen)?;
            TrinoType::Row(fields)
        }
        other => return unsupported(&format!("the type {}", other.to_uppercase())),
    })
}

/// `name type` or `type`.
fn parse_row_field(parser: &mut Parser<'_>) -> Result<(Option<String>, TrinoType), ParserError> {
    let named = matches!(parser.peek_token_ref().token, Token::Word(_))
        && matches!(&parser.peek_nth_token_ref(1).token, Token::Word(word)
            if !matches!(word.value.to_ascii_lowercase().as_str(), "precision" | "with" | "without"));
    if !named {
        return Ok((None, parse_type(parser)?));
    }
    let name = parser.parse_identifier()?.value.to_lowercase();
    Ok((Some(name), parse_type(parser)?))
}

fn parse_opening(parser: &mut Parser<'_>) -> Result<Token, ParserError> {
    if parser.consume_token(&Token::Lt) {
        Ok(Token::Gt)
    } else {
        parser.expect_token(&Token::LParen)?;
        Ok(Token::RParen)
    }
}

fn parse_decimal(parser: &mut Parser<'_>) -> Result<TrinoType, ParserError> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(TrinoType::Decimal(38, 0));
    }
    let precision = parser.parse_literal_uint()?;
    let scale = if parser.consume_token(&Token::Comma) {
        parser.parse_literal_uint()?
    } else {
        0
    };
    parser.expect_token(&Token::RParen)?;
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision @ 1..=38), Ok(scale)) if i16::from(scale) <= i16::from(precision) => {
            Ok(TrinoType::Decimal(precision, scale))
        }
        _ => Err(ParserError::ParserError(format!(
            "DECIMAL({precision}, {scale}) is out of range: at most 38 digits, of which no more \
             than all stand after the point"
        ))),
    }
}

fn parse_length(parser: &mut Parser<'_>) -> Result<Option<usize>, ParserError> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(None);
    }
    let length = parser.parse_literal_uint()?;
    parser.expect_token(&Token::RParen)?;
    Ok(usize::try_from(length).ok())
}

/// `WITH TIME ZONE` or `WITHOUT TIME ZONE` or nothing.
fn parse_zone(parser: &mut Parser<'_>) -> Result<bool, ParserError> {
    let with = parse_word(parser, "with");
    if !with && !parse_word(parser, "without") {
        return Ok(false);
    }
    if parse_word(parser, "time") && parse_word(parser, "zone") {
        Ok(with)
    } else {
        let found = parser.peek_token();
        parser.expected("TIME ZONE", found)
    }
}

fn parse_word(parser: &mut Parser<'_>, expected: &str) -> bool {
    let found = matches!(&parser.peek_token_ref().token, Token::Word(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected));
    if found {
        parser.next_token();
    }
    found
}

/// The mark by which [`super::errors`] knows a gap of the engine from a mistake in the text.
pub(super) const UNSUPPORTED: &str = "not supported by the embedded engine: ";

fn unsupported<T>(what: &str) -> Result<T, ParserError> {
    Err(ParserError::ParserError(format!("{UNSUPPORTED}{what}")))
}

#[cfg(test)]
mod tests {
    use super::TrinoType;

    #[test]
    fn a_spelling_is_read_and_written_back() {
        for (text, spelled) in [
            ("VARCHAR", "varchar"),
            ("varchar(10)", "varchar(10)"),
            ("decimal(10,2)", "decimal(10, 2)"),
            ("DOUBLE PRECISION", "double"),
            ("timestamp(3) with time zone", "timestamp with time zone"),
            (
                "array<map(varchar, array(bigint))>",
                "array(map(varchar, array(bigint)))",
            ),
            (
                "row(a bigint, user varchar, varchar)",
                "row(\"a\" bigint, \"user\" varchar, varchar)",
            ),
            ("varchar array", "array(varchar)"),
            ("IPADDRESS", "ipaddress"),
        ] {
            let data_type = TrinoType::read(text).unwrap();
            assert_eq!(data_type.to_string(), spelled, "{text}");
            assert_eq!(TrinoType::read(spelled).unwrap(), data_type, "{text}");
        }
        for text in [
            "hyperloglog",
            "decimal(39, 1)",
            "decimal(3, 5)",
            "array(",
            "1",
        ] {
            assert!(TrinoType::read(text).is_err(), "{text}");
        }
    }
}
