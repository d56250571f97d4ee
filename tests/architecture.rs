//! The house keeps its shape: arrows between rooms point one way, files stay small, folders say
//! what they own, and no dependency is carried for nothing.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "all of this is test: it reads the sources of the crate, and fails by panic"
)]

#[path = "architecture/paths.rs"]
mod paths;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use paths::paths_in;

/// What a room may see besides itself. A name with `::` allows that part alone.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("sql", &["domain"]),
    ("store", &["sql", "domain"]),
    ("ui", &["store", "sql", "domain"]),
    ("ports", &["domain"]),
    ("adapters", &["ports", "sql", "domain"]),
    ("export", &["domain", "ui::text"]),
    ("demo", &["domain"]),
    ("config", &["domain"]),
    ("terminal", &["domain"]),
];

/// The rooms that put everything together and see everything.
const COMPOSERS: [&str; 3] = ["runtime", "app", "cli"];

/// Rooms inside a room that may see less than it: the folder or file, and what it must not see.
const NARROWER: &[(&str, &[&str])] = &[
    ("ui/widgets", &["store"]),
    ("ui/text", &["store", "sql"]),
    ("ui/theme", &["store", "sql"]),
];

/// Crates and parts of the standard library that a room knows nothing of.
const FOREIGN: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "tokio",
            "ratatui",
            "crossterm",
            "datafusion",
            "object_store",
            "rusqlite",
            "notify",
            "clap",
            "std::fs",
            "std::env",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::net::UdpSocket",
            "std::process",
        ],
    ),
    (
        "sql",
        &[
            "tokio",
            "ratatui",
            "datafusion",
            "arrow",
            "clap",
            "std::fs",
            "std::env",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::net::UdpSocket",
        ],
    ),
    (
        "store",
        &[
            "tokio",
            "tokio_util",
            "ratatui",
            "crossterm",
            "datafusion",
            "object_store",
            "rusqlite",
            "notify",
            "clap",
            "std::fs",
            "std::env",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::net::UdpSocket",
            "std::process",
            "std::thread",
            "std::time::Instant",
            "std::time::SystemTime",
        ],
    ),
    (
        "ui",
        &[
            "tokio",
            "datafusion",
            "object_store",
            "rusqlite",
            "clap",
            "std::fs",
            "std::env",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::net::UdpSocket",
            "std::time::Instant",
            "std::time::SystemTime",
        ],
    ),
    ("ports", &["datafusion", "ratatui", "clap", "std::fs"]),
    (
        "export",
        &["datafusion", "ratatui", "clap", "std::fs", "tokio"],
    ),
    ("adapters", &["clap", "ratatui"]),
    ("demo", &["clap", "ratatui", "datafusion"]),
    ("config", &["clap", "ratatui", "datafusion", "tokio"]),
    ("terminal", &["clap", "datafusion", "arrow"]),
    ("runtime", &["clap", "datafusion"]),
];

/// Crates of one family, banned by their prefix from every room but the adapters.
const FOREIGN_PREFIX: &str = "aws_";

/// The longest file, in lines, that still tells one thing.
const LONGEST_FILE: usize = 500;

/// Dependencies named for their features alone: the tests' crates ask for these features too, and
/// with the same set the program, its tests and its benches share one build of the query engine.
const FEATURES_ALONE: &[&str] = &["getrandom", "libc"];

/// Package names whose library has another name.
const LIBRARY_NAMES: &[(&str, &str)] = &[("md-5", "md5")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, as path from the crate's root and text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let relative = path.strip_prefix(root()).unwrap().to_owned();
                found.push((relative, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The module that a file below `src` is, such as `["ui", "widgets", "grid"]`.
fn module_of(file: &Path) -> Vec<String> {
    let below = file.strip_prefix("src").unwrap().with_extension("");
    let mut parts: Vec<String> = below
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if parts
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        parts.pop();
    }
    parts
}

fn is_test_file(file: &Path) -> bool {
    file.iter().any(|part| {
        let part = part.to_string_lossy();
        part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs")
    })
}

/// The arrows of one file that point the wrong way.
fn wrong_arrows(file: &Path, text: &str) -> Vec<String> {
    let module = module_of(file);
    let Some(room) = module.first().map(String::as_str) else {
        return Vec::new();
    };
    if is_test_file(file) {
        return Vec::new();
    }
    let allowed = ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, seen)| *seen);
    if allowed.is_none() && !COMPOSERS.contains(&room) {
        return vec![format!("{}: the room `{room}` has no rule", file.display())];
    }
    let foreign = FOREIGN
        .iter()
        .find(|(name, _)| *name == room)
        .map_or(&[][..], |(_, f)| *f);
    let here = module.join("/");
    let hidden: Vec<&str> = NARROWER
        .iter()
        .filter(|(part, _)| here == *part || here.starts_with(&format!("{part}/")))
        .flat_map(|(_, hidden)| hidden.iter().copied())
        .collect();
    let mut wrong = Vec::new();
    for (line, path) in paths_in(text) {
        let complaint = match internal(&module, &path) {
            Some(target) => complain_inside(room, allowed, &hidden, &target),
            None => complain_outside(room, foreign, &path),
        };
        if let Some(complaint) = complaint {
            wrong.push(format!("{}:{line}: {complaint}", file.display()));
        }
    }
    wrong
}

/// The path inside the crate that a path means, seen from a module; `None` for other crates.
fn internal(module: &[String], path: &[String]) -> Option<Vec<String>> {
    match path.first().map(String::as_str) {
        Some("crate" | "lakehound") => Some(path.get(1..).unwrap_or_default().to_vec()),
        Some("super") => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let kept = module.len().saturating_sub(ups);
            let mut target = module.get(..kept).unwrap_or_default().to_vec();
            target.extend_from_slice(path.get(ups..).unwrap_or_default());
            Some(target)
        }
        _ => None,
    }
}

fn complain_inside(
    room: &str,
    allowed: Option<&[&str]>,
    hidden: &[&str],
    target: &[String],
) -> Option<String> {
    let seen = target.first()?;
    if hidden.contains(&seen.as_str()) {
        return Some(format!("this part of `{room}` must not see `{seen}`"));
    }
    let allowed = allowed?;
    let whole = target.join("::");
    let fits = seen == room
        || allowed
            .iter()
            .any(|part| whole == *part || whole.starts_with(&format!("{part}::")));
    (!fits).then(|| format!("`{room}` must not see `{whole}`"))
}

fn complain_outside(room: &str, foreign: &[&str], path: &[String]) -> Option<String> {
    let whole = path.join("::");
    let banned = foreign
        .iter()
        .any(|part| whole == *part || whole.starts_with(&format!("{part}::")));
    let family = whole.starts_with(FOREIGN_PREFIX) && room != "adapters";
    (banned || family).then(|| format!("`{room}` must know nothing of `{whole}`"))
}

/// What is wrong with a file's shape.
fn misshapen(file: &Path, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST_FILE && !is_test_file(file) {
        wrong.push(format!(
            "{}: {lines} lines tell more than one thing (at most {LONGEST_FILE})",
            file.display()
        ));
    }
    if file.ends_with("mod.rs") && file.starts_with("src") && !text.starts_with("//!") {
        wrong.push(format!(
            "{}: opens without a `//!` that says what the folder owns",
            file.display()
        ));
    }
    wrong
}

#[test]
fn every_arrow_points_the_right_way() {
    let wrong: Vec<String> = sources("src")
        .iter()
        .flat_map(|(file, text)| wrong_arrows(file, text))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_tells_one_thing_and_every_folder_says_what() {
    let wrong: Vec<String> = ["src", "tests", "benches"]
        .into_iter()
        .flat_map(sources)
        .flat_map(|(file, text)| misshapen(&file, &text))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_dependency_is_used() {
    let manifest: toml::Table =
        toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let used: BTreeSet<String> = ["src", "tests", "benches"]
        .into_iter()
        .flat_map(sources)
        .flat_map(|(_, text)| paths::roots_in(&text))
        .collect();
    let mut wrong = Vec::new();
    for table in ["dependencies", "dev-dependencies"] {
        for package in manifest[table].as_table().unwrap().keys() {
            let library = LIBRARY_NAMES
                .iter()
                .find(|(name, _)| name == package)
                .map_or_else(
                    || package.replace('-', "_"),
                    |(_, library)| (*library).to_owned(),
                );
            let is_used = used.contains(&library);
            let is_for_features = FEATURES_ALONE.contains(&package.as_str());
            if !is_used && !is_for_features {
                wrong.push(format!("`{package}` is used nowhere"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_planted_arrow_is_caught() {
    for (file, text, complaint) in [
        (
            "src/domain/x.rs",
            "use crate::sql::lexer;",
            "src/domain/x.rs:1: `domain` must not see `sql::lexer`",
        ),
        (
            "src/store/feed/update.rs",
            "\nuse crate::{domain::query, ui::text::SafeText};",
            "src/store/feed/update.rs:2: `store` must not see `ui::text::SafeText`",
        ),
        (
            "src/sql/mod.rs",
            "fn f() -> super::store::State { todo() }",
            "src/sql/mod.rs:1: `sql` must not see `store::State`",
        ),
        (
            "src/ui/widgets/grid.rs",
            "use crate::store::State;",
            "src/ui/widgets/grid.rs:1: this part of `ui` must not see `store`",
        ),
        (
            "src/store/mod.rs",
            "use std::{collections::HashMap, time::{Duration, Instant}};",
            "src/store/mod.rs:1: `store` must know nothing of `std::time::Instant`",
        ),
        (
            "src/store/mod.rs",
            "fn f() { tokio::spawn(g()); }",
            "src/store/mod.rs:1: `store` must know nothing of `tokio::spawn`",
        ),
        (
            "src/cli/query.rs",
            "use aws_sdk_athena::Client;",
            "src/cli/query.rs:1: `cli` must know nothing of `aws_sdk_athena::Client`",
        ),
        (
            "src/export/csv.rs",
            "use crate::ui::{text::SafeText, theme::Theme};",
            "src/export/csv.rs:1: `export` must not see `ui::theme::Theme`",
        ),
        (
            "src/kitchen/mod.rs",
            "",
            "src/kitchen/mod.rs: the room `kitchen` has no rule",
        ),
    ] {
        assert_eq!(wrong_arrows(Path::new(file), text), [complaint]);
    }
}

#[test]
fn what_only_looks_like_an_arrow_is_none() {
    for (file, text) in [
        (
            "src/domain/x.rs",
            "// use crate::sql::lexer;\n/* crate::ui */ /// [`crate::store`]",
        ),
        (
            "src/domain/x.rs",
            "const TEXT: &str = \"crate::sql::lexer\";",
        ),
        (
            "src/domain/x.rs",
            "const TEXT: &str = r#\"crate::sql \" lexer\"#;",
        ),
        (
            "src/domain/x.rs",
            "#[cfg(test)]\nmod tests { use crate::demo::x; }",
        ),
        ("src/domain/tests.rs", "use crate::demo::write_lake;"),
        (
            "src/store/x.rs",
            "use std::time::Duration; use ratatui_textarea::TextArea;",
        ),
        ("src/export/csv.rs", "use crate::ui::text::SafeText;"),
        ("src/cli/query.rs", "use crate::adapters::engine::Engine;"),
        (
            "src/ui/panes/feed.rs",
            "use super::super::widgets::grid; use crate::store::State;",
        ),
        (
            "src/domain/x.rs",
            "fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } ",
        ),
    ] {
        assert_eq!(
            wrong_arrows(Path::new(file), text),
            Vec::<String>::new(),
            "{text}"
        );
    }
}

#[test]
fn a_planted_shape_is_caught() {
    let long = "//! x\n".repeat(LONGEST_FILE + 1);
    assert_eq!(misshapen(Path::new("src/ui/mod.rs"), &long).len(), 1);
    assert_eq!(
        misshapen(Path::new("src/ui/tests.rs"), &long),
        Vec::<String>::new()
    );
    assert_eq!(
        misshapen(Path::new("src/ui/mod.rs"), "pub mod text;").len(),
        1
    );
}
