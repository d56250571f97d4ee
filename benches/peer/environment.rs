//! The Python environments of the benches' peers, made once below `target/`.

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
