//! The only place where a value becomes SQL.
//!
//! A [`Literal`] can be made nowhere else, and holds exactly one SQL literal whatever the value
//! was: data never becomes syntax.

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::lexer::{TokenKind, lex};
use crate::domain::template::ParameterType;

/// One literal of Athena SQL, quoted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Literal(String);

impl Literal {
    /// Its SQL text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its SQL text.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Any text as a string literal: `'` is doubled, nothing else has a meaning inside.
    pub fn text(value: &str) -> Self {
        Self(format!("'{}'", value.replace('\'', "''")))
    }

    /// A whole number.
    pub fn integer(value: i64) -> Self {
        Self(value.to_string())
    }

    /// A point in time in UTC, to the millisecond, as Athena's engine rounds it.
    pub fn timestamp(value: DateTime<Utc>) -> Self {
        Self(format!(
            "TIMESTAMP '{}'",
            value.naive_utc().format("%Y-%m-%d %H:%M:%S%.3f")
        ))
    }

    /// A span of time.
    pub fn interval(count: u32, unit: Unit) -> Self {
        Self(format!("INTERVAL '{count}' {unit}"))
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Any text as an SQL string literal.
pub fn quote_text(value: &str) -> String {
    Literal::text(value).into_string()
}

/// A name as a quoted identifier.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A statement with literals in the place of its `?`, in order, for a service that takes no values
/// beside the text; `None` where there are more or fewer of them than places.
pub fn in_place(sql: &str, literals: &[String]) -> Option<String> {
    let mut filled = String::with_capacity(sql.len());
    let mut waiting = literals.iter();
    for token in lex(sql) {
        match token.kind {
            TokenKind::Parameter => filled.push_str(waiting.next()?),
            _ => filled.push_str(token.text(sql)),
        }
    }
    waiting.next().is_none().then_some(filled)
}

/// The units of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "MINUTE",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
        })
    }
}

/// What typed values are read against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The zone of times typed without one.
    pub zone: Tz,
    /// The present, for times such as `-24h`.
    pub now: DateTime<Utc>,
}

/// A value that does not fit its type; says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {expected}: {hint}")]
pub struct ParameterError {
    /// What was typed.
    pub value: String,
    /// What it should have been.
    pub expected: &'static str,
    /// What to do.
    pub hint: String,
}

/// Reads a value as a person typed it and quotes it.
///
/// Addresses and domains may be defanged (`192[.]0[.]2[.]1`).
pub fn literal(
    kind: ParameterType,
    value: &str,
    context: &Context,
) -> Result<Literal, ParameterError> {
    let trimmed = value.trim();
    let refuse = |expected, hint: &str| {
        Err(ParameterError {
            value: value.to_owned(),
            expected,
            hint: hint.to_owned(),
        })
    };
    let checked = match kind {
        ParameterType::Text => return Ok(Literal::text(value)),
        ParameterType::Integer => {
            return match trimmed.parse() {
                Ok(number) => Ok(Literal::integer(number)),
                Err(_) => refuse("a whole number", "write it in digits, such as 100"),
            };
        }
        ParameterType::Timestamp => return timestamp(trimmed, context).map(Literal::timestamp),
        ParameterType::Interval => {
            let (count, unit) = interval(trimmed)?;
            return Ok(Literal::interval(count, unit));
        }
        ParameterType::Ip => {
            let address = refang(trimmed);
            if address.trim_end_matches('.').parse::<IpAddr>().is_err() {
                return refuse("an IP address", "write it as 192.0.2.1 or 2001:db8::1");
            }
            if address.ends_with('.') {
                return refuse("an IP address", "take away the dot at its end");
            }
            address
        }
        ParameterType::Cidr => match cidr(&refang(trimmed)) {
            Some(network) => network,
            None => return refuse("a network", "write it as 10.0.0.0/8 or 2001:db8::/32"),
        },
        ParameterType::Account => {
            if trimmed.len() != 12 || !trimmed.bytes().all(|b| b.is_ascii_digit()) {
                return refuse(
                    "an AWS account id",
                    "it has twelve digits, leading zeros included",
                );
            }
            trimmed.to_owned()
        }
        ParameterType::Region => match trimmed.rsplit_once('-') {
            Some((area, number))
                if area.contains('-')
                    && area.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                    && !number.is_empty()
                    && number.bytes().all(|b| b.is_ascii_digit()) =>
            {
                trimmed.to_owned()
            }
            _ => return refuse("an AWS Region", "write it as us-east-1"),
        },
        ParameterType::AccessKey => {
            if ["AIDA", "AROA", "AGPA", "ANPA"]
                .iter()
                .any(|p| trimmed.starts_with(p))
            {
                return refuse(
                    "an access key id",
                    "this is the unique id of a user, role, group or policy; a key begins with AKIA or ASIA",
                );
            }
            let fits = (16..=128).contains(&trimmed.len())
                && trimmed
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            if !fits {
                return refuse(
                    "an access key id",
                    "it is at least 16 capital letters and digits and begins with AKIA or ASIA",
                );
            }
            trimmed.to_owned()
        }
        ParameterType::Principal => {
            if trimmed.is_empty() {
                return refuse(
                    "a principal",
                    "write an ARN, a user or role name, or a unique id such as AIDA…",
                );
            }
            trimmed.to_owned()
        }
        ParameterType::Arn => {
            let parts: Vec<&str> = trimmed.splitn(6, ':').collect();
            if parts.len() < 6 || parts.first() != Some(&"arn") || trimmed.contains(' ') {
                return refuse("an ARN", "write it as arn:aws:iam::111122223333:role/name");
            }
            trimmed.to_owned()
        }
        ParameterType::Bucket => match bucket(trimmed) {
            Some(name) => name.to_owned(),
            None => {
                return refuse(
                    "a bucket name",
                    "3 to 63 lower-case letters, digits, dots and hyphens; s3://name and its ARN are read too",
                );
            }
        },
        ParameterType::Domain => match domain(&refang(trimmed)) {
            Some(name) => name,
            None => return refuse("a domain name", "write it as host.example.com"),
        },
    };
    Ok(Literal::text(&checked))
}

/// Takes the guards of a defanged indicator away.
fn refang(value: &str) -> String {
    value.replace("[.]", ".").replace("[:]", ":")
}

fn cidr(value: &str) -> Option<String> {
    let (address, prefix) = value.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length: u8 = prefix.parse().ok().filter(|length| *length <= longest)?;
    Some(format!("{address}/{length}"))
}

fn bucket(value: &str) -> Option<&str> {
    let name = value
        .strip_prefix("s3://")
        .map(|rest| rest.split('/').next().unwrap_or(rest))
        .or_else(|| value.strip_prefix("arn:aws:s3:::"))
        .unwrap_or(value);
    let edges = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    ((3..=63).contains(&name.len())
        && name.chars().all(|c| edges(c) || matches!(c, '.' | '-'))
        && name.starts_with(edges)
        && name.ends_with(edges))
    .then_some(name)
}

fn domain(value: &str) -> Option<String> {
    let name = value.trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'*'))
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

/// Reads a time: RFC 3339, `2026-11-22`, `2026-11-22 14:05[:06[.123]]` in the context's zone or
/// with `Z`/`UTC` behind it, `now`, or a span before now such as `-24h`.
pub fn timestamp(value: &str, context: &Context) -> Result<DateTime<Utc>, ParameterError> {
    let refuse = |hint: &str| ParameterError {
        value: value.to_owned(),
        expected: "a time",
        hint: hint.to_owned(),
    };
    let value = value.trim();
    if value.eq_ignore_ascii_case("now") {
        return Ok(context.now);
    }
    if let Some(span) = value.strip_prefix('-') {
        let (count, unit) = interval(span)?;
        let count = i64::from(count);
        let span = match unit {
            Unit::Minute => Duration::minutes(count),
            Unit::Hour => Duration::hours(count),
            Unit::Day => Duration::days(count),
        };
        return context
            .now
            .checked_sub_signed(span)
            .ok_or_else(|| refuse("that is before all time"));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(value) {
        return Ok(time.to_utc());
    }
    let in_utc = ["UTC", "utc", "Z", "z"]
        .iter()
        .find_map(|zone| value.strip_suffix(zone))
        .map(str::trim_end);
    let bare = in_utc.unwrap_or(value);
    let naive = [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
    ]
    .iter()
    .find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok())
    .or_else(|| {
        NaiveDate::parse_from_str(bare, "%Y-%m-%d")
            .ok()
            .and_then(|day| day.and_hms_opt(0, 0, 0))
    })
    .ok_or_else(|| refuse("write it as 2026-11-22 14:05, 2026-11-22T14:05:00Z, now or -24h"))?;
    if in_utc.is_some() {
        return Ok(naive.and_utc());
    }
    match context.zone.from_local_datetime(&naive) {
        // Clocks went back: the hour comes twice. The earlier reading never cuts events off.
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Ok(time.to_utc()),
        LocalResult::None => Err(refuse(
            "the clocks were put forward over this time; give it in UTC",
        )),
    }
}

/// Reads a span: `7 days`, `12h`, `30 minutes`, `90m`, `2w`.
fn interval(value: &str) -> Result<(u32, Unit), ParameterError> {
    let refuse = || ParameterError {
        value: value.to_owned(),
        expected: "a span of time",
        hint: "write it as 7 days, 12h or 30m".to_owned(),
    };
    let value_trimmed = value.trim();
    let digits = value_trimmed
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(value_trimmed.len());
    let (count, unit) = value_trimmed.split_at(digits);
    let count: u32 = count.parse().map_err(|_| refuse())?;
    let (factor, unit) = match unit.trim().to_ascii_lowercase().as_str() {
        "m" | "min" | "minute" | "minutes" => (1, Unit::Minute),
        "h" | "hour" | "hours" => (1, Unit::Hour),
        "d" | "day" | "days" => (1, Unit::Day),
        "w" | "week" | "weeks" => (7, Unit::Day),
        _ => return Err(refuse()),
    };
    let count = count.checked_mul(factor).ok_or_else(refuse)?;
    Ok((count, unit))
}

#[cfg(test)]
#[path = "parameters_tests.rs"]
mod tests;
