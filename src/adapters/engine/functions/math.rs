//! Numbers. Integers stay integers; division by zero is an error for them, and infinite or not a
//! number for doubles.

use std::f64::consts;

use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};

use super::kernel::Param::{self, Double, Int, List, Text};
use super::kernel::{Call, Family, Function};
use super::types;

const BIGINT: DataType = DataType::Int64;
const DOUBLE: DataType = DataType::Float64;

fn number(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Math, name, signature, purpose)
}

/// An overload of one double.
macro_rules! of_double {
    ($function:expr, $value:expr) => {
        $function.takes(&[Double], DOUBLE, |call| {
            let x = call.doubles(0)?;
            call.to_doubles(|row| Ok(Some(($value)(x.at(row)))))
        })
    };
}

/// An overload of one integer, which stays as it is.
fn whole_stays(function: Function) -> Function {
    function.takes(&[Int], BIGINT, |call| call.expanded(0))
}

pub(super) fn functions() -> Vec<Function> {
    let mut all = rounding();
    all.extend(powers());
    all.extend(kinds());
    all.extend(bases());
    all
}

fn rounding() -> Vec<Function> {
    vec![
        of_double!(
            whole_stays(
                number("ceil", "ceil(x)", "The next whole number above").alias(&["ceiling"])
            ),
            f64::ceil
        ),
        of_double!(
            whole_stays(number("floor", "floor(x)", "The next whole number below")),
            f64::floor
        ),
        of_double!(
            whole_stays(number(
                "round",
                "round(x [, digits])",
                "The nearest number with so many digits; halves go away from zero",
            )),
            f64::round
        )
        .takes(&[Int, Int], BIGINT, |call| {
            let (x, digits) = (call.ints(0)?, call.ints(1)?);
            call.to_ints(|row| Ok(Some(round_whole(x.at(row), digits.at(row)))))
        })
        .takes(&[Double, Int], DOUBLE, |call| {
            let (x, digits) = (call.doubles(0)?, call.ints(1)?);
            call.to_doubles(|row| Ok(Some(scaled(x.at(row), digits.at(row), f64::round))))
        }),
        of_double!(
            whole_stays(number(
                "truncate",
                "truncate(x [, digits])",
                "The number without the digits behind",
            )),
            f64::trunc
        )
        .takes(&[Double, Int], DOUBLE, |call| {
            let (x, digits) = (call.doubles(0)?, call.ints(1)?);
            call.to_doubles(|row| Ok(Some(scaled(x.at(row), digits.at(row), f64::trunc))))
        }),
        number("sign", "sign(x)", "-1, 0 or 1")
            .takes(&[Int], BIGINT, |call| {
                let x = call.ints(0)?;
                call.to_ints(|row| Ok(Some(x.at(row).signum())))
            })
            .takes(&[Double], DOUBLE, |call| {
                let x = call.doubles(0)?;
                call.to_doubles(|row| {
                    let x = x.at(row);
                    Ok(Some(if x == 0.0 { x } else { x.signum() }))
                })
            }),
        number(
            "mod",
            "mod(n, m)",
            "The remainder of a division, with the sign of `n`",
        )
        .takes(&[Int, Int], BIGINT, |call| {
            let (n, m) = (call.ints(0)?, call.ints(1)?);
            call.to_ints(|row| match n.at(row).checked_rem(m.at(row)) {
                Some(rest) => Ok(Some(rest)),
                None if m.at(row) == -1 => Ok(Some(0)),
                None => exec_err!("mod: division by zero"),
            })
        })
        .takes(&[Double, Double], DOUBLE, |call| {
            let (n, m) = (call.doubles(0)?, call.doubles(1)?);
            call.to_doubles(|row| Ok(Some(n.at(row) % m.at(row))))
        }),
        number(
            "width_bucket",
            "width_bucket(x, low, high, count) or width_bucket(x, bounds)",
            "The number of the bucket into which a value falls; 0 below, count + 1 above",
        )
        .takes(&[Double, Double, Double, Int], BIGINT, |call| {
            let (x, low) = (call.doubles(0)?, call.doubles(1)?);
            let (high, count) = (call.doubles(2)?, call.ints(3)?);
            call.to_ints(|row| {
                Ok(Some(bucket(
                    x.at(row),
                    low.at(row),
                    high.at(row),
                    count.at(row),
                )?))
            })
        })
        .takes(&[Double, List], BIGINT, |call| {
            let (x, bounds) = (call.doubles(0)?, call.lists(1)?);
            let values = arrow::compute::cast(bounds.values(), &DOUBLE)?;
            let values =
                arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(&values);
            call.to_ints(|row| {
                let below = bounds.at(row).filter(|at| values.value(*at) <= x.at(row));
                Ok(Some(below.count() as i64))
            })
        }),
    ]
}

fn powers() -> Vec<Function> {
    vec![
        number("power", "power(x, p)", "The p-th power, as a double")
            .alias(&["pow"])
            .takes(&[Double, Double], DOUBLE, |call| {
                let (x, p) = (call.doubles(0)?, call.doubles(1)?);
                call.to_doubles(|row| Ok(Some(x.at(row).powf(p.at(row)))))
            }),
        number("log", "log(base, x)", "The logarithm to a base").takes(
            &[Double, Double],
            DOUBLE,
            |call| {
                let (base, x) = (call.doubles(0)?, call.doubles(1)?);
                call.to_doubles(|row| Ok(Some(x.at(row).ln() / base.at(row).ln())))
            },
        ),
        of_double!(number("ln", "ln(x)", "The natural logarithm"), f64::ln),
        of_double!(
            number("log2", "log2(x)", "The logarithm to base 2"),
            f64::log2
        ),
        of_double!(
            number("log10", "log10(x)", "The logarithm to base 10"),
            f64::log10
        ),
        of_double!(
            number(
                "sqrt",
                "sqrt(x)",
                "The square root; not a number below zero"
            ),
            f64::sqrt
        ),
        number("e", "e()", "Euler's number")
            .takes(&[], DOUBLE, |call| call.to_doubles(|_| Ok(Some(consts::E)))),
        number(
            "pi",
            "pi()",
            "The ratio of a circle's circumference to its diameter",
        )
        .takes(&[], DOUBLE, |call| {
            call.to_doubles(|_| Ok(Some(consts::PI)))
        }),
    ]
}

fn kinds() -> Vec<Function> {
    vec![
        number("infinity", "infinity()", "Positive infinity").takes(&[], DOUBLE, |call| {
            call.to_doubles(|_| Ok(Some(f64::INFINITY)))
        }),
        number("nan", "nan()", "The double that is not a number")
            .takes(&[], DOUBLE, |call| call.to_doubles(|_| Ok(Some(f64::NAN)))),
        number("is_nan", "is_nan(x)", "Whether a double is not a number").takes(
            &[Double],
            DataType::Boolean,
            |call| test_double(call, f64::is_nan),
        ),
        number(
            "is_finite",
            "is_finite(x)",
            "Whether a double is a finite number",
        )
        .takes(&[Double], DataType::Boolean, |call| {
            test_double(call, f64::is_finite)
        }),
        number(
            "is_infinite",
            "is_infinite(x)",
            "Whether a double is infinite",
        )
        .takes(&[Double], DataType::Boolean, |call| {
            test_double(call, f64::is_infinite)
        }),
    ]
}

fn test_double(call: &Call<'_>, test: fn(f64) -> bool) -> Result<arrow::array::ArrayRef> {
    let x = call.doubles(0)?;
    call.to_bools(|row| Ok(Some(test(x.at(row)))))
}

fn bases() -> Vec<Function> {
    vec![
        number(
            "to_base",
            "to_base(n, radix)",
            "A number's digits in a base from 2 to 36",
        )
        .takes(&[Int, Int], DataType::Utf8, |call| {
            let (n, radix) = (call.ints(0)?, call.ints(1)?);
            call.to_texts(|row| Ok(Some(to_base(n.at(row), radix_of(radix.at(row))?))))
        }),
        number(
            "from_base",
            "from_base(text, radix)",
            "The number of these digits",
        )
        .takes(&[Text, Int], BIGINT, |call| {
            let (text, radix) = (call.texts(0)?, call.ints(1)?);
            call.to_ints(|row| {
                let (text, radix) = (text.at(row), radix_of(radix.at(row))?);
                match i64::from_str_radix(text, radix) {
                    Ok(number) => Ok(Some(number)),
                    Err(_) => exec_err!("'{text}' is no bigint in base {radix}"),
                }
            })
        }),
        number("typeof", "typeof(x)", "The name of a value's type")
            .takes(&[Param::Any], DataType::Utf8, |call| {
                let field = call.field(0)?;
                let name = match types::is_json(field) {
                    true => "json".to_owned(),
                    false => types::trino_name(field.data_type()),
                };
                call.to_texts(|_| Ok(Some(name.as_str())))
            })
            .sees_nulls(),
    ]
}

/// Rounds to a number of digits behind the point, or before it where negative.
fn scaled(x: f64, digits: i64, round: fn(f64) -> f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let digits = i32::try_from(digits.clamp(-400, 400)).unwrap_or_default();
    let scale = 10f64.powi(digits.abs());
    let rounded = if digits >= 0 {
        round(x * scale) / scale
    } else {
        round(x / scale) * scale
    };
    // Beyond a double's precision there is nothing to round.
    if rounded.is_finite() {
        rounded
    } else if digits > 0 {
        x
    } else {
        0.0
    }
}

fn round_whole(x: i64, digits: i64) -> i64 {
    if digits >= 0 {
        return x;
    }
    let Some(scale) = u32::try_from(-digits)
        .ok()
        .and_then(|digits| 10i64.checked_pow(digits))
    else {
        return 0;
    };
    let rest = x % scale;
    let down = x - rest;
    if rest.abs() * 2 >= scale {
        down.saturating_add(scale * x.signum())
    } else {
        down
    }
}

fn bucket(x: f64, low: f64, high: f64, count: i64) -> Result<i64> {
    if count <= 0 {
        return exec_err!("width_bucket: the count must be positive");
    }
    if x.is_nan() || !low.is_finite() || !high.is_finite() || low == high {
        return exec_err!("width_bucket: the bounds must be finite and differ");
    }
    let (distance, width) = if low < high {
        (x - low, high - low)
    } else {
        (low - x, low - high)
    };
    Ok(if distance < 0.0 {
        0
    } else if distance >= width {
        count.saturating_add(1)
    } else {
        (count as f64 * distance / width) as i64 + 1
    })
}

fn radix_of(radix: i64) -> Result<u32> {
    match u32::try_from(radix) {
        Ok(radix @ 2..=36) => Ok(radix),
        _ => exec_err!("the radix must lie between 2 and 36"),
    }
}

fn to_base(number: i64, radix: u32) -> String {
    let mut rest = number.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        let digit = u32::try_from(rest % u64::from(radix)).unwrap_or_default();
        digits.push(char::from_digit(digit, radix).unwrap_or('0'));
        rest /= u64::from(radix);
    }
    if number < 0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fails, gives};

    #[test]
    fn rounding() {
        gives("round(2.5)", "3.0");
        gives("round(-2.5)", "-3.0");
        gives("round(7)", "7");
        gives("round(3.14159, 2)", "3.14");
        gives("round(1234, -2)", "1200");
        gives("round(1250, -2)", "1300");
        gives("truncate(-2.7)", "-2.0");
        gives("truncate(12.345, 1)", "12.3");
        gives("sign(-3)", "-1");
        gives("sign(-0.5)", "-1.0");
    }

    #[test]
    fn division() {
        gives("mod(-7, 3)", "-1");
        gives("mod(7.5, 2)", "1.5");
        fails("mod(1, 0)", "division by zero");
        fails("1 / 0", "zero");
    }

    #[test]
    fn powers_and_bases() {
        gives("power(2, 10)", "1024.0");
        gives("log(2, 8)", "3.0");
        gives("to_base(255, 16)", "ff");
        gives("to_base(-5, 2)", "-101");
        gives("from_base('ff', 16)", "255");
        fails("from_base('9', 8)", "base 8");
        fails("to_base(1, 1)", "radix");
        gives("is_nan(nan())", "true");
        gives("is_infinite(-infinity())", "true");
        gives("typeof(1.5)", "double");
        gives("typeof(NULL)", "unknown");
    }

    #[test]
    fn buckets() {
        gives("width_bucket(3.14, 0, 4, 3)", "3");
        gives("width_bucket(-1, 0, 4, 3)", "0");
        gives("width_bucket(4, 0, 4, 3)", "4");
        gives("width_bucket(5, [1, 3, 7])", "2");
        fails("width_bucket(1, 0, 4, 0)", "positive");
    }
}
