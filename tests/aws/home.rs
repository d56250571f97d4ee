//! A home of the binary's own, whose configuration has a peer as its default profile.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::peer::{ACCESS_KEY, REGION, SECRET_KEY, output_location};

/// Where one user's binary has its configuration and its data.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// With the profile `peer` at an address.
    pub(crate) fn of(endpoint: &str) -> Self {
        Self::with(endpoint, "")
    }

    /// The same with more lines in the profile.
    pub(crate) fn with(endpoint: &str, lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "default_profile = \"peer\"\n\
             [profiles.peer]\n\
             region = \"{REGION}\"\n\
             endpoint_url = \"{endpoint}\"\n\
             output_location = \"{}\"\n\
             databases = [\"lake\"]\n\
             {lines}\n\
             [profiles.peer.aliases]\n\
             people = \"lake.people_of_the_north\"\n",
            output_location()
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder }
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary with arguments, and with the peer's credentials in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        command
    }

    /// The same without credentials.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakehound"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LAKEHOUND_CONFIG", self.path("config.toml"))
            .env("LAKEHOUND_DATA", self.path("data"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end: its exit code, its output and what it said.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        texts(self.command(arguments).output().unwrap())
    }
}

/// The exit code, standard output and standard error of a process.
pub(crate) fn texts(output: Output) -> (Option<i32>, String, String) {
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}
