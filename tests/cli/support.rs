//! Runs the binary in a home of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// A home for one test: its configuration, its data, its working folder.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file below the home, with the folders that it needs.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The binary with arguments, in this home, with nothing else of the tester's environment that
    /// it reads.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakehound"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("LAKEHOUND_CONFIG", self.path("config.toml"))
            .env("LAKEHOUND_DATA", self.path("data"))
            .env_remove("LAKEHOUND_LOG")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// The same with a text on stdin.
    pub(crate) fn run_with_stdin(&self, arguments: &[&str], text: &str) -> Run {
        let input = self.write("stdin", text);
        let file = std::fs::File::open(input).unwrap();
        Run::of(self.command(arguments).stdin(file).output().unwrap())
    }
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The run succeeded without a word on stderr; gives its stdout.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// The run ended with this code and printed no result; gives its stderr.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!((self.code, &*self.stdout), (Some(code), ""), "{self:?}");
        self.stderr
    }
}

/// Asserts that a text holds every one of the parts.
#[track_caller]
pub(crate) fn assert_holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

/// The names of the files of a folder.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A small demo lake, made once for all tests of this binary.
pub(crate) fn demo_lake() -> &'static Path {
    static LAKE: OnceLock<PathBuf> = OnceLock::new();
    LAKE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-demo-lake");
        let _ = std::fs::remove_dir_all(&folder);
        let arguments = [
            "demo",
            "--events",
            "4000",
            "--days",
            "2",
            "--seed",
            "7",
            "--until",
            "2026-01-10T00:00:00Z",
            "--dir",
        ];
        let run = Home::new().run(
            &arguments
                .iter()
                .map(AsRef::as_ref)
                .chain([folder.as_os_str()])
                .collect::<Vec<&std::ffi::OsStr>>(),
        );
        assert_eq!(run.code, Some(0), "{run:?}");
        folder
    })
}

impl Home {
    /// Runs with the small demo lake as `--lake`.
    pub(crate) fn run_on_demo(&self, arguments: &[&str]) -> Run {
        let lake = demo_lake().as_os_str();
        let mut all: Vec<&std::ffi::OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        all.push("--lake".as_ref());
        all.push(lake);
        self.run(&all)
    }
}

/// Sends what Ctrl-C sends.
#[cfg(unix)]
pub(crate) fn interrupt(child: &std::process::Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
}
