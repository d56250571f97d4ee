//! The type that a cast names.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use datafusion::common::{Result, plan_datafusion_err};

use super::super::types::{self, IPADDRESS};

/// A type of Trino's.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// One that Arrow has.
    Arrow(DataType),
    /// `varchar`, or `varchar(n)` with its length.
    Varchar(Option<usize>),
    /// `json`
    Json,
    /// `ipaddress`
    Address,
    /// `array(T)`
    Array(Box<Target>),
    /// `map(K, V)`
    Map(Box<Target>, Box<Target>),
    /// `row(name T, …)`
    Row(Vec<(String, Target)>),
}

impl Target {
    /// Reads a type's name.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { rest: text };
        parser
            .target()
            .filter(|_| parser.rest.trim().is_empty())
            .ok_or_else(|| {
                plan_datafusion_err!("'{text}' is not a type to which the embedded engine casts")
            })
    }

    /// The Arrow type that carries the values.
    pub(super) fn arrow(&self) -> DataType {
        match self {
            Self::Arrow(data_type) => data_type.clone(),
            Self::Varchar(_) | Self::Json => DataType::Utf8,
            Self::Address => IPADDRESS,
            Self::Array(element) => types::list(element.arrow()),
            Self::Map(key, value) => types::map(key.arrow(), value.arrow()),
            Self::Row(_) => DataType::Struct(self.fields()),
        }
    }

    /// The fields of a row; none for other types.
    pub(super) fn fields(&self) -> Fields {
        match self {
            Self::Row(fields) => fields
                .iter()
                .map(|(name, target)| Arc::new(Field::new(name, target.arrow(), true)))
                .collect(),
            _ => Fields::empty(),
        }
    }

    /// Whether Trino has a cast from a value of this field.
    pub(super) fn takes(&self, source: &Field) -> bool {
        types::is_json(source) || self.takes_type(source.data_type())
    }

    fn takes_type(&self, source: &DataType) -> bool {
        use DataType as T;
        if source.is_null() {
            return true;
        }
        let text = source.is_string();
        let number = source.is_numeric();
        let bytes = matches!(source, T::Binary | T::LargeBinary | T::BinaryView);
        match self {
            Self::Json => !bytes,
            Self::Varchar(_) => !source.is_nested() && !bytes,
            Self::Address => text || bytes || *source == IPADDRESS,
            Self::Array(element) => match source {
                T::List(item) | T::LargeList(item) | T::FixedSizeList(item, _) => {
                    element.takes_type(item.data_type())
                }
                _ => false,
            },
            Self::Map(key, value) => {
                types::map_types(source).is_some_and(|(from_key, from_value)| {
                    key.takes_type(from_key) && value.takes_type(from_value)
                })
            }
            Self::Row(fields) => match source {
                T::Struct(from) => {
                    from.len() == fields.len()
                        && fields
                            .iter()
                            .zip(from)
                            .all(|((_, target), from)| target.takes_type(from.data_type()))
                }
                _ => false,
            },
            Self::Arrow(T::Boolean) => text || number || *source == T::Boolean,
            Self::Arrow(T::Binary) => bytes || text || *source == IPADDRESS,
            Self::Arrow(T::Date32 | T::Timestamp(_, _)) => text || source.is_temporal(),
            Self::Arrow(T::Time32(_)) => text || source.is_temporal(),
            Self::Arrow(_) => text || number || *source == T::Boolean,
        }
    }

    /// Whether Arrow's cast of such a field means what Trino's does.
    pub(super) fn arrow_agrees(&self, source: &Field) -> bool {
        use DataType as T;
        if types::is_json(source) {
            return false;
        }
        let source = source.data_type();
        match self {
            Self::Varchar(None) => {
                source.is_string() || source.is_integer() || *source == T::Boolean
            }
            Self::Arrow(target) if target.is_integer() => source.is_integer() || source.is_string(),
            Self::Arrow(T::Float64 | T::Float32) => source.is_numeric() || source.is_string(),
            Self::Arrow(T::Decimal128(_, _)) => source.is_numeric() || source.is_string(),
            // Arrow keeps the instant of a time with a zone, Trino what its clock shows.
            Self::Arrow(T::Timestamp(_, None)) if matches!(source, T::Timestamp(_, Some(zone)) if zone.as_ref() != "UTC") => {
                false
            }
            Self::Arrow(T::Timestamp(_, _)) => source.is_temporal() || source.is_string(),
            Self::Arrow(T::Date32) => matches!(source, T::Timestamp(_, _) | T::Date32),
            Self::Arrow(T::Boolean) => *source == T::Boolean,
            _ => false,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Varchar(Some(length)) => write!(f, "varchar({length})"),
            Self::Json => f.write_str("json"),
            other => f.write_str(&types::trino_name(&other.arrow())),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn sign(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(sign)?;
        Some(())
    }

    fn word(&mut self) -> Option<String> {
        let rest = self.rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            let (word, after) = quoted.split_once('"')?;
            self.rest = after;
            return Some(word.to_owned());
        }
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        self.rest = &rest[end..];
        Some(rest[..end].to_lowercase())
    }

    fn number<T: std::str::FromStr>(&mut self) -> Option<T> {
        self.word()?.parse().ok()
    }

    /// `(n)`, where one follows.
    fn length(&mut self) -> Option<Option<usize>> {
        if self.sign('(').is_none() {
            return Some(None);
        }
        let length = self.number()?;
        self.sign(')')?;
        Some(Some(length))
    }

    fn phrase(&mut self, words: &str) -> bool {
        let before = self.rest;
        let all = words
            .split(' ')
            .all(|word| self.word().as_deref() == Some(word));
        if !all {
            self.rest = before;
        }
        all
    }

    fn target(&mut self) -> Option<Target> {
        use DataType as T;
        let name = self.word()?;
        Some(match name.as_str() {
            "boolean" => Target::Arrow(T::Boolean),
            "tinyint" => Target::Arrow(T::Int8),
            "smallint" => Target::Arrow(T::Int16),
            "integer" | "int" => Target::Arrow(T::Int32),
            "bigint" => Target::Arrow(T::Int64),
            "real" | "float" => Target::Arrow(T::Float32),
            "double" => {
                self.phrase("precision");
                Target::Arrow(T::Float64)
            }
            "decimal" | "numeric" => self.decimal()?,
            "varchar" | "char" | "string" => Target::Varchar(self.length()?),
            "varbinary" => Target::Arrow(T::Binary),
            "date" => Target::Arrow(T::Date32),
            "time" => {
                self.length()?;
                Target::Arrow(T::Time32(TimeUnit::Millisecond))
            }
            "timestamp" => {
                // Athena's engine keeps milliseconds whatever is asked for.
                self.length()?;
                let zoned = self.phrase("with time zone");
                if !zoned {
                    self.phrase("without time zone");
                }
                Target::Arrow(if zoned {
                    types::timestamp_utc()
                } else {
                    types::TIMESTAMP
                })
            }
            "json" => Target::Json,
            "ipaddress" => Target::Address,
            "array" => {
                let close = if self.sign('(').is_some() {
                    ')'
                } else {
                    self.sign('<').map(|()| '>')?
                };
                let element = self.target()?;
                self.sign(close)?;
                Target::Array(Box::new(element))
            }
            "map" => {
                let close = if self.sign('(').is_some() {
                    ')'
                } else {
                    self.sign('<').map(|()| '>')?
                };
                let key = self.target()?;
                self.sign(',')?;
                let value = self.target()?;
                self.sign(close)?;
                Target::Map(Box::new(key), Box::new(value))
            }
            "row" => self.row()?,
            _ => return None,
        })
    }

    fn decimal(&mut self) -> Option<Target> {
        let (mut precision, mut scale) = (38, 0);
        if self.sign('(').is_some() {
            precision = self.number()?;
            if self.sign(',').is_some() {
                scale = self.number()?;
            }
            self.sign(')')?;
        }
        let fits = (1..=38).contains(&precision) && (0..=38).contains(&scale);
        fits.then_some(Target::Arrow(DataType::Decimal128(precision, scale)))
    }

    fn row(&mut self) -> Option<Target> {
        self.sign('(')?;
        let mut fields = Vec::new();
        loop {
            // A field without a name begins with a type that is followed by a comma or bracket.
            let before = self.rest;
            let unnamed = self
                .target()
                .filter(|_| self.rest.trim_start().starts_with([',', ')']));
            fields.push(match unnamed {
                Some(target) => (format!("field{}", fields.len()), target),
                None => {
                    self.rest = before;
                    (self.word()?, self.target()?)
                }
            });
            if self.sign(',').is_none() {
                self.sign(')')?;
                return Some(Target::Row(fields));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_read() {
        for (text, shown) in [
            ("BIGINT", "bigint"),
            ("varchar(12)", "varchar(12)"),
            ("decimal(10, 2)", "decimal(10,2)"),
            ("timestamp(6) with time zone", "timestamp(3) with time zone"),
            (
                "array(map(varchar, array(bigint)))",
                "array(map(varchar, array(bigint)))",
            ),
            (
                "row(a bigint, \"B c\" varchar)",
                "row(a bigint, B c varchar)",
            ),
            ("row(bigint, date)", "row(field0 bigint, field1 date)"),
            ("double precision", "double"),
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            "bigint x",
            "hyperloglog",
            "array(",
            "decimal(99)",
            "row()",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(row|array|map|bigint|decimal|[(),<> a-z0-9\"]){0,8}") {
            if let Ok(target) = Target::parse(&text) {
                prop_assert!(!target.to_string().is_empty());
            }
        }
    }
}
