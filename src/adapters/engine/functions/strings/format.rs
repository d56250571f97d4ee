//! `format(pattern, value, …)`, as Java's: `%s`, `%d`, `%f`, `%e`, `%x` with flags, width and
//! precision. What is not worked out exactly is refused.

use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err};

use super::super::casts::text;
use super::super::kernel::{Call, Function};
use super::super::types::trino_name;
use super::{TEXT, string};

pub(super) fn functions() -> Vec<Function> {
    vec![
        string(
            "format",
            "format(pattern, value, …)",
            "The pattern with values in the places of %s, %d, %f, %e, %x and %b",
        )
        .note("flags `-`, `0`, `,` and `+`, width and precision; no argument numbers, no dates")
        .takes_custom(
            accept,
            |_| Ok(TEXT),
            |call| {
                let pattern = call.texts(0)?;
                let values = (1..call.count())
                    .map(|arg| Values::new(call, arg))
                    .collect::<Result<Vec<_>>>()?;
                call.to_texts(|row| {
                    let pattern = pattern.get(row).unwrap_or_default();
                    print(pattern, &values, row).map(Some)
                })
            },
        ),
    ]
}

fn accept(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    Ok(match given {
        [pattern, _, ..] if pattern.is_string() => Some(given.to_vec()),
        _ => None,
    })
}

/// One argument's values: as text, and as numbers where they are some.
struct Values {
    data_type: DataType,
    texts: ArrayRef,
    wholes: Option<ArrayRef>,
    doubles: Option<ArrayRef>,
}

impl Values {
    fn new(call: &Call<'_>, arg: usize) -> Result<Self> {
        let column = call.expanded(arg)?;
        let data_type = column.data_type().clone();
        let texts = cast(&text(&column)?, &TEXT)?;
        let whole = data_type
            .is_integer()
            .then(|| cast(&column, &DataType::Int64));
        let double = data_type
            .is_numeric()
            .then(|| cast(&column, &DataType::Float64));
        Ok(Self {
            data_type,
            texts,
            wholes: whole.transpose()?,
            doubles: double.transpose()?,
        })
    }

    fn text(&self, row: usize) -> &str {
        self.texts.as_string::<i32>().value(row)
    }
}

/// What stands between `%` and its letter.
#[derive(Default)]
struct Flags {
    left: bool,
    zeros: bool,
    grouped: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

fn print(pattern: &str, values: &[Values], row: usize) -> Result<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut values = values.iter();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let (flags, letter, after) = flags(after)?;
        rest = after;
        match letter {
            '%' => out.push('%'),
            'n' => out.push('\n'),
            letter => {
                let Some(value) = values.next() else {
                    return exec_err!("format: there is no value for %{letter}");
                };
                let (sign, body) = if value.texts.is_null(row) {
                    (String::new(), "null".to_owned())
                } else {
                    body(letter, &flags, value, row)?
                };
                pad(&mut out, &flags, &sign, &body);
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Reads flags, width and precision; gives the letter and what follows it.
fn flags(text: &str) -> Result<(Flags, char, &str)> {
    let mut flags = Flags::default();
    let mut number: Option<usize> = None;
    let mut behind_point = false;
    for (at, c) in text.char_indices() {
        match c {
            '-' if number.is_none() => flags.left = true,
            '0' if number.is_none() && !behind_point => flags.zeros = true,
            ',' if number.is_none() => flags.grouped = true,
            '+' if number.is_none() => flags.plus = true,
            '.' if !behind_point => {
                flags.width = number.take().unwrap_or(0);
                behind_point = true;
            }
            '0'..='9' => {
                let digit = c.to_digit(10).unwrap_or(0) as usize;
                number = Some(number.unwrap_or(0) * 10 + digit);
                if number > Some(1_000) {
                    return exec_err!("format: a width or precision is at most 1,000");
                }
            }
            letter if letter.is_ascii_alphabetic() || letter == '%' => {
                if behind_point {
                    flags.precision = number;
                } else {
                    flags.width = number.unwrap_or(0);
                }
                return Ok((flags, letter, text.get(at + c.len_utf8()..).unwrap_or("")));
            }
            other => {
                return exec_err!(
                    "format: '{other}' after % is not supported by the embedded engine"
                );
            }
        }
    }
    exec_err!("format: the pattern ends within %{text}")
}

/// A value's sign and its text without it.
fn body(letter: char, flags: &Flags, value: &Values, row: usize) -> Result<(String, String)> {
    let plain = |body: String| Ok((String::new(), body));
    let mismatch = || {
        exec_err!(
            "format: %{letter} takes no {}",
            trino_name(&value.data_type)
        )
    };
    match (letter, &value.wholes, &value.doubles) {
        ('s' | 'S', _, _) => {
            let printable = value.data_type.is_string()
                || value.data_type.is_integer()
                || matches!(
                    value.data_type,
                    DataType::Boolean | DataType::Date32 | DataType::Decimal128(..)
                );
            if !printable {
                return mismatch();
            }
            let text = value.text(row);
            let most = flags.precision.unwrap_or(usize::MAX);
            let text: String = text.chars().take(most).collect();
            plain(if letter == 'S' {
                text.to_uppercase()
            } else {
                text
            })
        }
        ('b', _, _) if value.data_type == DataType::Boolean => plain(value.text(row).to_owned()),
        ('d', Some(numbers), _) => {
            let number = numbers.as_primitive::<Int64Type>().value(row);
            let digits = number.unsigned_abs().to_string();
            Ok((sign(number < 0, flags), grouped(&digits, flags.grouped)))
        }
        ('x' | 'X', Some(numbers), _) => {
            let number = numbers.as_primitive::<Int64Type>().value(row);
            plain(if letter == 'x' {
                format!("{number:x}")
            } else {
                format!("{number:X}")
            })
        }
        ('f' | 'e' | 'E', None, Some(doubles)) => {
            let number = doubles.as_primitive::<Float64Type>().value(row);
            if !number.is_finite() {
                return exec_err!("format: {number} is not supported by the embedded engine");
            }
            let exact = match value.data_type {
                DataType::Decimal128(..) => value.text(row).trim_start_matches('-').to_owned(),
                _ => format!("{}", number.abs()),
            };
            let precision = flags.precision.unwrap_or(6);
            let body = if letter == 'f' {
                let rounded = round_half_up(&exact, precision);
                match rounded.split_once('.') {
                    Some((whole, rest)) => format!("{}.{rest}", grouped(whole, flags.grouped)),
                    None => grouped(&rounded, flags.grouped),
                }
            } else {
                scientific(&exact, precision)
            };
            let body = if letter == 'E' {
                body.to_uppercase()
            } else {
                body
            };
            Ok((sign(number.is_sign_negative(), flags), body))
        }
        _ => mismatch(),
    }
}

fn sign(negative: bool, flags: &Flags) -> String {
    match (negative, flags.plus) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => "",
    }
    .to_owned()
}

fn pad(out: &mut String, flags: &Flags, sign: &str, body: &str) {
    let missing = flags
        .width
        .saturating_sub(sign.chars().count() + body.chars().count());
    let fill = |c: char| c.to_string().repeat(missing);
    let padded = if flags.left {
        format!("{sign}{body}{}", fill(' '))
    } else if flags.zeros {
        format!("{sign}{}{body}", fill('0'))
    } else {
        format!("{}{sign}{body}", fill(' '))
    };
    out.push_str(&padded);
}

/// Digits with a comma before every three.
fn grouped(digits: &str, wanted: bool) -> String {
    if !wanted {
        return digits.to_owned();
    }
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A plain decimal number with so many digits behind the point; halves go away from zero, by the
/// digits that are written.
fn round_half_up(number: &str, precision: usize) -> String {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let kept: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(precision)
        .collect();
    let up = fraction
        .as_bytes()
        .get(precision)
        .is_some_and(|digit| *digit >= b'5');
    let mut digits: Vec<u8> = whole.bytes().chain(kept.bytes()).collect();
    if up {
        let mut carry = true;
        for digit in digits.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                carry = false;
                break;
            }
        }
        if carry {
            digits.insert(0, b'1');
        }
    }
    let split = digits.len() - precision;
    let text: String = digits.into_iter().map(char::from).collect();
    match text.split_at_checked(split) {
        Some((whole, fraction)) if precision > 0 => format!("{whole}.{fraction}"),
        _ => text,
    }
}

/// `1.500000e+00` of a plain decimal number.
fn scientific(number: &str, precision: usize) -> String {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let first = digits.find(|c| c != '0');
    let mut exponent = match first {
        None => 0,
        Some(first) => whole.len() as i64 - 1 - first as i64,
    };
    let significant = first.map_or("0", |first| digits.get(first..).unwrap_or("0"));
    let (head, tail) = significant.split_at(1);
    let mut mantissa = round_half_up(&format!("{head}.{tail}"), precision);
    if mantissa.starts_with("10") {
        // Rounding made one digit more, and all of them zeros.
        mantissa = round_half_up("1", precision);
        exponent += 1;
    }
    let mut out = mantissa;
    let _ = write!(
        out,
        "e{}{:02}",
        if exponent < 0 { '-' } else { '+' },
        exponent.abs()
    );
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives};

    #[test]
    fn values_take_their_places() {
        for (arguments, expected) in [
            ("'%s is %s', 'a', 1", "a is 1"),
            ("'%5d|%-5d|%05d', 42, 42, -42", "   42|42   |-0042"),
            ("'%,d %+d', 1234567, 5", "1,234,567 +5"),
            ("'%.2f', CAST(1.005 AS DOUBLE)", "1.01"),
            ("'%.2f', CAST(0.125 AS DOUBLE)", "0.13"),
            ("'%.0f', CAST(2.5 AS DOUBLE)", "3"),
            ("'%,.1f', CAST(-9999.96 AS DOUBLE)", "-10,000.0"),
            ("'%f', CAST(1.5 AS DECIMAL(5, 2))", "1.500000"),
            ("'%e', CAST(12345.678 AS DOUBLE)", "1.234568e+04"),
            ("'%.1e', CAST(0.00996 AS DOUBLE)", "1.0e-02"),
            ("'%x %X', 255, 255", "ff FF"),
            ("'100%%%n%.3s', 'abcdef'", "100%\nabc"),
            ("'%b', true", "true"),
            ("'%8s|', 'ü'", "       ü|"),
        ] {
            gives(&format!("format({arguments})"), expected);
        }
        fails("format('%d', 'x')", "%d takes no varchar");
        fails("format('%s %s', 'x')", "no value for %s");
        fails("format('%1$s', 'x')", "not supported");
        fails("format('%s', CAST(1.5 AS DOUBLE))", "takes no double");
        fails("format('%5', 1)", "ends within");
    }
}
