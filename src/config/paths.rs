//! Where the configuration, the user's own content and the data of the program lie.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The variable that moves the configuration file (or names a folder that holds `config.toml`).
pub const CONFIG_VARIABLE: &str = "LAKEHOUND_CONFIG";
/// The variable that moves the data folder.
pub const DATA_VARIABLE: &str = "LAKEHOUND_DATA";

/// The places that the program reads and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file; it need not exist.
    pub config_file: PathBuf,
    /// The folder that holds the user's own `saved-queries`, `pivots`, `playbooks` and `themes`.
    pub content_dir: PathBuf,
    /// The folder that holds the demo lake, the session and the log.
    pub data_dir: PathBuf,
}

/// No home folder is known, so no place for files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no home folder is known, so there is no place for files; set {CONFIG_VARIABLE} and {DATA_VARIABLE}"
)]
pub struct NoHome;

impl Paths {
    /// The places of this user, moved by `LAKEHOUND_CONFIG` and `LAKEHOUND_DATA`.
    pub fn from_environment() -> Result<Self, NoHome> {
        Self::resolve(
            std::env::var_os(CONFIG_VARIABLE),
            std::env::var_os(DATA_VARIABLE),
            directories::ProjectDirs::from("", "", "lakehound").as_ref(),
        )
    }

    fn resolve(
        config: Option<OsString>,
        data: Option<OsString>,
        home: Option<&directories::ProjectDirs>,
    ) -> Result<Self, NoHome> {
        let given = |value: Option<OsString>| value.filter(|v| !v.is_empty()).map(PathBuf::from);
        let config_file = match given(config) {
            Some(path) if path.is_dir() => path.join("config.toml"),
            Some(path) => path,
            None => home.ok_or(NoHome)?.config_dir().join("config.toml"),
        };
        let content_dir = match config_file.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let data_dir = match given(data) {
            Some(path) => path,
            None => home.ok_or(NoHome)?.data_dir().to_owned(),
        };
        Ok(Self {
            config_file,
            content_dir,
            data_dir,
        })
    }

    /// The demo lake that the first use makes.
    pub fn demo_lake(&self) -> PathBuf {
        self.data_dir.join("demo-lake")
    }

    /// What the console keeps from one start to the next.
    pub fn session_file(&self) -> PathBuf {
        self.data_dir.join("session.json")
    }

    /// The log of the console, which cannot log to its own screen.
    pub fn log_file(&self) -> PathBuf {
        self.data_dir.join("lakehound.log")
    }

    /// The rows of finished results, one folder a lake.
    pub fn kept_results_dir(&self) -> PathBuf {
        self.data_dir.join("results")
    }

    /// Lists and databases that say more of entities.
    pub fn enrichment_dir(&self) -> PathBuf {
        self.content_dir.join("enrichment")
    }

    /// The cases, one folder each.
    pub fn cases_dir(&self) -> PathBuf {
        self.data_dir.join("cases")
    }

    /// The journal of the runs that were handed to a service.
    pub fn run_journal(&self) -> PathBuf {
        self.data_dir.join("runs.sqlite")
    }

    /// The journal of a lake's queue, by the mark of the lake.
    pub fn queue_file(&self, mark: &str) -> PathBuf {
        self.data_dir.join(format!("queue-{mark}.sqlite"))
    }

    /// Where notifications are written down, and wait until their objects were read.
    pub fn inbox_file(&self) -> PathBuf {
        self.data_dir.join("inbox.sqlite")
    }

    /// What correlations have counted.
    pub fn counted_file(&self) -> PathBuf {
        self.data_dir.join("counted.sqlite")
    }

    /// Where the webhook writes down what other tools send.
    pub fn documents_file(&self) -> PathBuf {
        self.data_dir.join("documents.sqlite")
    }

    /// What detections start by themselves; it need not exist.
    pub fn triggers_file(&self) -> PathBuf {
        self.content_dir.join("triggers.toml")
    }

    /// The key of the webhook, where it was made.
    pub fn webhook_key_file(&self) -> PathBuf {
        self.data_dir.join("webhook.key")
    }

    /// The copy of a profile's catalogue. Any name of a profile makes a file's name.
    pub fn catalogue_file(&self, profile: &str) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name: String = profile
            .chars()
            .map(|c| if plain(c) { c } else { '_' })
            .collect();
        // Two names that read the same as files are still two.
        let mark = profile.bytes().fold(5_381_u32, |mark, byte| {
            mark.wrapping_mul(33) ^ u32::from(byte)
        });
        self.data_dir
            .join("catalogues")
            .join(format!("{name}-{mark:08x}.json"))
    }

    /// What was fetched of a profile's lake on S3, to be fetched once. Named as its catalogue is.
    pub fn fetched_ranges_dir(&self, profile: &str) -> PathBuf {
        let named = self.catalogue_file(profile);
        let name = named.file_stem().unwrap_or_default();
        self.data_dir.join("fetched").join(name)
    }

    /// The standing watches.
    pub fn watches_file(&self) -> PathBuf {
        self.data_dir.join("watches.toml")
    }

    /// Where results larger than memory go while they are shown.
    pub fn spill_dir(&self) -> PathBuf {
        self.data_dir.join("spill")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_move_both_places() {
        let paths =
            Paths::resolve(Some("/etc/lh/my.toml".into()), Some("/data".into()), None).unwrap();
        assert_eq!(paths.config_file, Path::new("/etc/lh/my.toml"));
        assert_eq!(paths.content_dir, Path::new("/etc/lh"));
        assert_eq!(paths.demo_lake(), Path::new("/data/demo-lake"));
    }

    #[test]
    fn a_folder_as_configuration_holds_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::resolve(Some(folder.path().into()), Some("/data".into()), None).unwrap();
        assert_eq!(paths.config_file, folder.path().join("config.toml"));
    }

    #[test]
    fn a_bare_file_name_lies_in_the_working_folder() {
        let paths = Paths::resolve(Some("my.toml".into()), Some("d".into()), None).unwrap();
        assert_eq!(paths.content_dir, Path::new("."));
    }

    #[test]
    fn without_home_and_variables_the_variables_are_named() {
        let error = Paths::resolve(None, Some("".into()), None).unwrap_err();
        assert!(error.to_string().contains("LAKEHOUND_CONFIG"));
    }
}
