//! `--around` and `--window`: the time that a question about an entity asks for.

#![allow(
    clippy::disallowed_methods,
    reason = "the command line is where the time comes in"
)]

use chrono::Utc;

use super::context::Context;
use super::stop::Stop;
use crate::sql::parameters;
use crate::sql::pivot::Window;

/// The time around that is asked for; all time where none is.
pub(super) fn window(context: &Context, around: Option<&str>, span: &str) -> Result<Window, Stop> {
    let span =
        parameters::span(span).map_err(|error| Stop::usage(format_args!("--window: {error}")))?;
    let Some(around) = around else {
        return Ok(Window::EVER);
    };
    let reading = parameters::Context {
        zone: context.config.zone,
        now: Utc::now(),
    };
    let time = parameters::timestamp(around, &reading)
        .map_err(|error| Stop::usage(format_args!("--around: {error}")))?;
    Ok(Window::around(time, span))
}
