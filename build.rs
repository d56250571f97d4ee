//! New files of shipped content must rebuild the binary that carries them: `include_dir!` watches
//! only the files that it has seen.

#![allow(
    clippy::disallowed_macros,
    reason = "Cargo reads what a build script prints"
)]

fn main() {
    for folder in ["saved-queries", "pivots", "playbooks", "themes"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
