//! Which lake is meant: `--lake`, `--profile`, the configuration's default profile, or the demo
//! lake, in this order; and the engine over it.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use super::context::Context;
use super::demo;
use super::stop::Stop;
use crate::adapters::engine::{Engine, EngineOptions};
use crate::domain::nearest::did_you_mean;

/// What this build can open, as an error says it.
const CAN_OPEN: &str = "this build opens lakes in folders: pass --lake DIR, name a profile with \
                        `lake = \"DIR\"`, or leave both out for the demo lake";

/// Memory that one query may take before it spills to disk.
const MEMORY_BYTES: usize = 1 << 30;

/// The options of every subcommand that reads a lake.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct LakeArgs {
    /// A folder in Security Lake's layout, or any folder of OCSF Parquet files
    #[arg(long, value_name = "DIR", conflicts_with = "profile")]
    lake: Option<PathBuf>,
    /// A profile of the configuration file
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl LakeArgs {
    /// These options where they are given, else the ones given before the subcommand.
    pub(super) fn or<'a>(&'a self, before: &'a Self) -> &'a Self {
        if self.lake.is_some() || self.profile.is_some() {
            self
        } else {
            before
        }
    }

    /// Refuses the options before a subcommand that reads no lake.
    pub(super) fn refuse(&self, subcommand: &str) -> Result<(), Stop> {
        if self.lake.is_some() || self.profile.is_some() {
            return Err(Stop::usage(format_args!(
                "`lakehound {subcommand}` reads no lake, so --lake and --profile mean nothing to it"
            )));
        }
        Ok(())
    }

    /// The folder that is meant; `None` for the demo lake, which may have to be made first.
    pub(super) fn chosen(&self, context: &Context) -> Result<Option<PathBuf>, Stop> {
        if let Some(folder) = &self.lake {
            return existing(folder).map(Some);
        }
        let config = &context.config;
        if self.profile.is_none() && config.default_profile_unreadable {
            return Err(Stop::failed(format_args!(
                "{} names a default profile that cannot be read, so it is not known which lake is meant",
                context.paths.config_file.display()
            ))
            .hint("mend the file, or pass --lake DIR or --profile NAME"));
        }
        let Some(name) = self.profile.as_ref().or(config.default_profile.as_ref()) else {
            return Ok(None);
        };
        let Some(profile) = config.profiles.get(name) else {
            let known = config.profiles.keys().map(String::as_str);
            return Err(Stop::failed(format_args!(
                "there is no profile `{name}` in {}",
                context.paths.config_file.display()
            ))
            .hint(
                did_you_mean(name, known)
                    .unwrap_or_else(|| "`lakehound config show` lists the profiles".to_owned()),
            ));
        };
        match &profile.lake {
            Some(folder) => existing(folder).map(Some),
            None => Err(Stop::failed(format_args!(
                "the profile `{name}` is a lake on AWS, which this build does not serve yet"
            ))
            .hint(CAN_OPEN)),
        }
    }
}

fn existing(folder: &Path) -> Result<PathBuf, Stop> {
    if folder.is_dir() {
        return Ok(folder.to_owned());
    }
    let what = if folder.exists() {
        format!("{} is no folder", folder.display())
    } else {
        format!("there is no folder {}", folder.display())
    };
    Err(Stop::failed(what).hint(CAN_OPEN))
}

/// The engine over the lake that is meant; the first use of the demo lake makes it.
pub(super) fn open_engine(context: &Context, lake: &LakeArgs) -> Result<Engine, Stop> {
    let folder = match lake.chosen(context)? {
        Some(folder) => folder,
        None => demo::ready(context)?,
    };
    Engine::open(EngineOptions {
        lake: folder,
        memory_bytes: MEMORY_BYTES,
        threads: available_parallelism().map_or(2, usize::from),
        spill_dir: None,
    })
    .map_err(Stop::failed)
}
