//! What the benches take from their environment: numbers from variables, and the Python environments
//! of their peers, made once below `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python of an environment that has these packages.
pub(crate) fn python(target: &Path, name: &str, packages: &[&str]) -> PathBuf {
    let folder = target.join(name);
    let python = folder.join("bin/python");
    let mark = folder.join("ready");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
        return python;
    }
    let run = |command: &mut Command| {
        assert!(command.status().expect("python3 with venv").success());
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    let install = ["-m", "pip", "install", "--quiet"];
    run(Command::new(&python).args(install).args(packages));
    std::fs::write(mark, wanted).expect("a mark");
    python
}

/// The number in an environment variable, else this one.
pub(crate) fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}
