//! Athena's text of one value into the value. `None` where the text is not exactly one of the
//! type: a guess would be another value.

use chrono::{FixedOffset, MappedLocalTime, NaiveDateTime, Offset as _, TimeZone};
use chrono_tz::Tz;

const MILLIS_A_DAY: i64 = 86_400_000;

/// A whole number of any width.
#[inline]
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = signed(text);
    // Nineteen digits are less than 2^64.
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut value = 0_u64;
    for byte in digits {
        value = value * 10 + u64::from(digit(*byte)?);
    }
    if negative {
        0_i64.checked_sub_unsigned(value)
    } else {
        i64::try_from(value).ok()
    }
}

/// `true` or `false`.
#[inline]
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// A decimal in units of its last place.
#[inline]
pub(super) fn decimal(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (negative, digits) = signed(text);
    let mut value = 0_i128;
    let mut places = None;
    let mut any = false;
    for byte in digits {
        if *byte == b'.' && places.is_none() {
            places = Some(0);
            continue;
        }
        let digit = digit(*byte)?;
        any = true;
        if let Some(places) = &mut places {
            // Past the type's scale only zeros change nothing.
            if *places == scale {
                if digit == 0 {
                    continue;
                }
                return None;
            }
            *places += 1;
        }
        value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    for _ in places.unwrap_or(0)..scale {
        value = value.checked_mul(10)?;
    }
    let fits = value < 10_i128.checked_pow(u32::from(precision))?;
    (any && fits).then_some(if negative { -value } else { value })
}

/// A date in days since 1970-01-01.
#[inline]
pub(super) fn date(text: &[u8]) -> Option<i32> {
    let (year, month, day) = match text {
        &[a, b, c, d, b'-', m, n, b'-', x, y] => {
            (two(a, b)? * 100 + two(c, d)?, two(m, n)?, two(x, y)?)
        }
        _ => return long_date(text),
    };
    days(i64::from(year), month, day)
}

/// A date of a year before 0 or after 9999.
fn long_date(text: &[u8]) -> Option<i32> {
    let (rest, &[b'-', m, n, b'-', x, y]) = text.split_last_chunk::<6>()? else {
        return None;
    };
    let plain = rest.strip_prefix(b"+").unwrap_or(rest);
    let (_, digits) = signed(plain);
    if !(4..=7).contains(&digits.len()) {
        return None;
    }
    days(integer(plain)?, two(m, n)?, two(x, y)?)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: u32, day: u32) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > last {
        return None;
    }
    // Years begin in March, so that the leap day is a year's last.
    let year = year - i64::from(month <= 2);
    let in_year = i64::from((month + 9) % 12 * 153 + 2) / 5 + i64::from(day) - 1;
    let whole = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    i32::try_from(whole + in_year - 719_468).ok()
}

/// A time of day in milliseconds.
#[inline]
pub(super) fn time(text: &[u8]) -> Option<i32> {
    let (&[a, b, b':', c, d, b':', e, f], fraction) = text.split_first_chunk::<8>()? else {
        return None;
    };
    let (hour, minute, second) = (two(a, b)?, two(c, d)?, two(e, f)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let whole = (hour * 60 + minute) * 60 + second;
    i32::try_from(whole * 1000 + millis(fraction)?).ok()
}

/// `.123` and longer, as far as it is whole milliseconds.
#[inline]
fn millis(fraction: &[u8]) -> Option<u32> {
    match fraction {
        [] => Some(0),
        &[b'.', a, b, c] => Some(u32::from(digit(a)?) * 100 + two(b, c)?),
        [b'.', digits @ ..] if (1..=12).contains(&digits.len()) => {
            let mut value = 0;
            for place in 0..digits.len().max(3) {
                let digit = digits.get(place).map_or(Some(0), |byte| digit(*byte))?;
                if place < 3 {
                    value = value * 10 + u32::from(digit);
                } else if digit != 0 {
                    return None;
                }
            }
            Some(value)
        }
        _ => None,
    }
}

/// A timestamp in milliseconds since 1970-01-01 00:00.
#[inline]
pub(super) fn timestamp(text: &[u8]) -> Option<i64> {
    let (day, time_of_day) = match text.get(10) {
        Some(b' ') => (text.get(..10)?, text.get(11..)?),
        _ => {
            let at = memchr::memchr(b' ', text)?;
            (text.get(..at)?, text.get(at + 1..)?)
        }
    };
    Some(i64::from(date(day)?) * MILLIS_A_DAY + i64::from(time(time_of_day)?))
}

/// A timestamp with its zone, in milliseconds since 1970-01-01T00:00Z. A local time that a zone
/// has twice, or not at all, is not certain; with `fixed`, neither is any of a zone that may have
/// such times.
#[inline]
pub(super) fn zoned_timestamp(text: &[u8], fixed: bool) -> Option<i64> {
    let at = memchr::memrchr(b' ', text)?;
    let (local, zone) = (timestamp(text.get(..at)?)?, text.get(at + 1..)?);
    match zone {
        b"UTC" | b"Z" | b"GMT" | b"UT" | b"Etc/UTC" => Some(local),
        [b'+' | b'-', ..] => Some(local - offset(zone)?),
        _ if fixed => None,
        _ => {
            let zone: Tz = std::str::from_utf8(zone).ok()?.parse().ok()?;
            let naive: NaiveDateTime = chrono::DateTime::from_timestamp_millis(local)?.naive_utc();
            match zone.offset_from_local_datetime(&naive) {
                MappedLocalTime::Single(offset) => {
                    let offset: FixedOffset = offset.fix();
                    Some(local - i64::from(offset.local_minus_utc()) * 1000)
                }
                _ => None,
            }
        }
    }
}

/// `+01:00` in milliseconds.
fn offset(text: &[u8]) -> Option<i64> {
    let &[sign, a, b, b':', c, d] = text else {
        return None;
    };
    let (hours, minutes) = (two(a, b)?, two(c, d)?);
    if hours > 18 || minutes > 59 {
        return None;
    }
    let millis = i64::from(hours * 60 + minutes) * 60_000;
    Some(if sign == b'-' { -millis } else { millis })
}

/// Bytes as Athena prints them: two hexadecimal digits each, blanks and line breaks between.
pub(super) fn binary(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        match rest {
            [] => return Some(()),
            [high, low, more @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                out.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                rest = more;
            }
            [_] => return None,
        }
    }
}

fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    }
}

#[inline]
fn digit(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    (digit <= 9).then_some(digit)
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    Some(u32::from(digit(tens)?) * 10 + u32::from(digit(ones)?))
}

#[cfg(test)]
mod tests;
