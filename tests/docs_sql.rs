//! `docs/sql.md` is made from the code and must not lag behind it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "this test owns the page that it compares"
)]

use std::path::Path;

use lakehound::adapters::engine::functions::reference;

#[test]
fn the_reference_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sql.md");
    let made = reference();
    if std::env::var_os("LAKEHOUND_REGENERATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/sql.md is stale: run `LAKEHOUND_REGENERATE=1 cargo test --test docs_sql` and commit it"
    );
}
