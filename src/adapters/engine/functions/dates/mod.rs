//! Dates and times. A `timestamp` without zone is read as UTC; one with a zone has its wall clock
//! there. Owns the calendar arithmetic and both pattern languages (MySQL's and Joda's).

mod arithmetic;
mod conversion;
mod iso8601;
mod joda;
mod mysql;
mod parts;
mod pattern;
mod zones;

use super::kernel::{Family, Function};

fn date(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Dates, name, signature, purpose)
}

pub(super) fn functions() -> Vec<Function> {
    [
        parts::functions(),
        arithmetic::functions(),
        conversion::functions(),
        iso8601::functions(),
        mysql::functions(),
        joda::functions(),
        zones::functions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
