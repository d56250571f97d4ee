//! Python environments for the peers and oracles of tests: from exact lock files with hashes, made
//! once below `target/`.
//!
//! Needs `python3` with `venv`; the packages come from PyPI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python of the environment with this name, which is made where it is missing or of other
/// packages than the lock file names. Tests of other processes wait meanwhile.
pub(crate) fn python(name: &str, requirements: &Path) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = fs::File::create(home.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let wanted = fs::read_to_string(requirements).unwrap();
    let folder = home.join(name);
    let (python, made) = (folder.join("bin/python"), folder.join("made-of.txt"));
    if fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return python;
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder));
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
    ];
    run(Command::new(&python).args(install).arg(requirements));
    fs::write(made, wanted).unwrap();
    python
}

fn run(command: &mut Command) {
    let status = command
        .status()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
