//! Which lake is meant: `--lake`, `--profile`, the configuration's default profile, or the demo
//! lake, in this order.

use std::path::{Path, PathBuf};

use super::confirm::{asked, is_attended};
use super::context::Context;
use super::demo;
use super::stop::Stop;
use crate::adapters::aws::MfaCode;
use crate::app::{EngineShare, LakePlace, OpenError, OpenLake};
use crate::config::Profile;
use crate::domain::nearest::did_you_mean;

/// What can be opened, as an error says it.
const CAN_OPEN: &str = "pass --lake DIR, or --profile NAME for one of the configuration's profiles, \
                        or leave both out for the demo lake";

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

/// Asks for the code of an MFA device, where there is somebody to ask; without one the access says
/// what is needed.
pub(super) fn mfa_code(device: &str) -> Result<Option<MfaCode>, Stop> {
    let line = is_attended().then(|| asked(&format!("MFA code of {device}:")));
    let Some(line) = line.flatten() else {
        return Ok(None);
    };
    let code = MfaCode::of(&line);
    code.map(Some)
        .ok_or_else(|| Stop::failed("that is no MFA code").hint("a code has six digits"))
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

    /// Whether a folder was named.
    pub(super) fn names_a_folder(&self) -> bool {
        self.lake.is_some()
    }

    /// The profile with whose rights queues and buckets are read; `None`: with those of the
    /// environment.
    pub(super) fn feed_profile(&self, context: &Context) -> Result<Option<Profile>, Stop> {
        let config = &context.config;
        let name = (self.profile.as_ref())
            .or(config.feed.profile.as_ref())
            .or(config.default_profile.as_ref());
        let profile = name.map(|name| known(context, name)).transpose()?;
        Ok(profile.filter(|profile| profile.lake.is_none()).cloned())
    }

    /// The lake that is meant. The first use of the demo lake makes it.
    pub(super) fn place(&self, context: &Context) -> Result<LakePlace, Stop> {
        if let Some(folder) = &self.lake {
            return existing(folder).map(LakePlace::Folder);
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
            return demo::ready(context).map(LakePlace::Folder);
        };
        let profile = known(context, name)?;
        match &profile.lake {
            Some(folder) => existing(folder).map(LakePlace::Folder),
            None => Ok(LakePlace::Aws {
                mfa_code: match &profile.mfa_serial {
                    Some(device) => mfa_code(device)?,
                    None => None,
                },
                name: name.clone(),
                profile: Box::new(profile.clone()),
            }),
        }
    }
}

/// A profile of the configuration.
fn known<'a>(context: &'a Context, name: &str) -> Result<&'a Profile, Stop> {
    let profiles = &context.config.profiles;
    profiles.get(name).ok_or_else(|| {
        let known = profiles.keys().map(String::as_str);
        Stop::failed(format_args!(
            "there is no profile `{name}` in {}",
            context.paths.config_file.display()
        ))
        .hint(
            did_you_mean(name, known)
                .unwrap_or_else(|| "`lakehound config show` lists the profiles".to_owned()),
        )
    })
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

/// Opens the lake for one query, which has the machine to itself.
pub(super) async fn open(context: &Context, place: &LakePlace) -> Result<OpenLake, Stop> {
    let share = EngineShare {
        memory_bytes: MEMORY_BYTES,
        spill_dir: None,
    };
    let opened = place.open(&context.paths, share).await;
    opened.map_err(|error| match error {
        OpenError::Aws(error) => Stop::query(error, ""),
        other => Stop::failed(other),
    })
}
