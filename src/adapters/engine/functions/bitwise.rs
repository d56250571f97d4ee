//! The bits of integers, which are `bigint` in two's complement.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};

use super::kernel::Param::Int;
use super::kernel::{Call, Family, Function};

fn bits(
    name: &'static str,
    signature: &'static str,
    purpose: &'static str,
    eval: fn(&Call<'_>) -> Result<ArrayRef>,
) -> Function {
    Function::new(Family::Bitwise, name, signature, purpose).takes(
        &[Int, Int],
        DataType::Int64,
        eval,
    )
}

fn both(call: &Call<'_>, value: fn(i64, i64) -> i64) -> Result<ArrayRef> {
    let (a, b) = (call.ints(0)?, call.ints(1)?);
    call.to_ints(|row| Ok(Some(value(a.at(row), b.at(row)))))
}

fn shift(call: &Call<'_>, value: fn(i64, u32) -> i64) -> Result<ArrayRef> {
    let (x, by) = (call.ints(0)?, call.ints(1)?);
    call.to_ints(|row| match u32::try_from(by.at(row)) {
        Ok(by) => Ok(Some(value(x.at(row), by))),
        Err(_) => exec_err!("a shift must not be negative"),
    })
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        bits(
            "bitwise_and",
            "bitwise_and(a, b)",
            "The bits set in both",
            |call| both(call, |a, b| a & b),
        ),
        bits(
            "bitwise_or",
            "bitwise_or(a, b)",
            "The bits set in one of both",
            |call| both(call, |a, b| a | b),
        ),
        bits(
            "bitwise_xor",
            "bitwise_xor(a, b)",
            "The bits set in exactly one",
            |call| both(call, |a, b| a ^ b),
        ),
        bits(
            "bitwise_left_shift",
            "bitwise_left_shift(x, n)",
            "The bits moved up",
            |call| shift(call, |x, by| x.checked_shl(by).unwrap_or(0)),
        ),
        bits(
            "bitwise_right_shift",
            "bitwise_right_shift(x, n)",
            "The bits moved down, zeros following",
            |call| {
                shift(call, |x, by| {
                    x.cast_unsigned().checked_shr(by).unwrap_or(0).cast_signed()
                })
            },
        ),
        bits(
            "bitwise_right_shift_arithmetic",
            "bitwise_right_shift_arithmetic(x, n)",
            "The bits moved down, the sign following",
            |call| shift(call, |x, by| x >> by.min(63)),
        ),
        bits(
            "bit_count",
            "bit_count(x, bits)",
            "How many bits are set in a number of so many bits",
            |call| {
                let (x, bits) = (call.ints(0)?, call.ints(1)?);
                call.to_ints(|row| {
                    let (x, bits) = (x.at(row), bits.at(row));
                    if !(2..=64).contains(&bits) {
                        return exec_err!("bit_count: the bits must lie between 2 and 64");
                    }
                    let spare = 64 - bits;
                    if (x << spare) >> spare != x {
                        return exec_err!("bit_count: {x} does not fit into {bits} bits");
                    }
                    Ok(Some(i64::from((x << spare).count_ones())))
                })
            },
        ),
        Function::new(
            Family::Bitwise,
            "bitwise_not",
            "bitwise_not(x)",
            "Every bit turned over",
        )
        .takes(&[Int], DataType::Int64, |call| {
            let x = call.ints(0)?;
            call.to_ints(|row| Ok(Some(!x.at(row))))
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fails, gives};

    #[test]
    fn bits_of_integers() {
        gives("bitwise_and(19, 25)", "17");
        gives("bitwise_or(19, 25)", "27");
        gives("bitwise_xor(19, 25)", "10");
        gives("bitwise_not(-12)", "11");
        gives("bitwise_left_shift(1, 70)", "0");
        gives("bitwise_right_shift(-8, 60)", "15");
        gives("bitwise_right_shift_arithmetic(-8, 2)", "-2");
        gives("bit_count(-7, 64)", "62");
        gives("bit_count(-7, 8)", "6");
        fails("bit_count(1000, 8)", "does not fit");
        fails("bitwise_left_shift(1, -1)", "negative");
    }
}
