//! `lakehound` without a subcommand, and `lakehound open`: the console.

use std::path::PathBuf;

use super::context::{Context, author};
use super::lake::LakeArgs;
use super::logging;
use super::stop::{Stop, say};
use crate::app::{self, AppOptions, LakePlace};

pub(super) fn run(context: &Context, lake: &LakeArgs) -> Result<(), Stop> {
    let place = lake.place(context)?;
    open(context, place, Vec::new())
}

/// Opens the console on a lake, on result files, or on both.
pub(super) fn open(
    context: &Context,
    place: LakePlace,
    open_files: Vec<PathBuf>,
) -> Result<(), Stop> {
    if let Err(error) = logging::to_file(&context.paths.log_file()) {
        say(format_args!("warning: no log is written: {error}"));
    }
    app::run(&AppOptions {
        place,
        open_files,
        config: context.config.clone(),
        paths: context.paths.clone(),
        author: author(None),
    })
    .map_err(Stop::failed)
}
