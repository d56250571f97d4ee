//! Help, wrong usage, completions.

use crate::support::{Home, assert_holds};

/// The subcommands that a help page lists.
fn listed(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_subcommand_has_help_with_an_example() {
    let home = Home::new();
    let mut pages = vec![Vec::new()];
    let mut seen = 0;
    while let Some(page) = pages.pop() {
        let mut arguments = page.clone();
        arguments.push("--help".to_owned());
        let help = home.run(&arguments).ok();
        assert!(help.contains("Example"), "{page:?}\n{help}");
        assert!(
            help.lines()
                .any(|line| line.trim_start().starts_with("lakehound")
                    || line.contains("$(lakehound")
                    || line.contains("lakehound config init")),
            "{page:?} shows no call:\n{help}"
        );
        for subcommand in listed(&help) {
            let mut below = page.clone();
            below.push(subcommand);
            pages.push(below);
        }
        seen += 1;
    }
    assert!(seen > 10, "only {seen} pages were found");
}

#[test]
fn wrong_usage_is_2_and_says_what_there_is() {
    let home = Home::new();
    for arguments in [
        &["nonsense"][..],
        &["--nonsense"],
        &["config", "nonsense"],
        &["completions"],
    ] {
        let stderr = home.run(arguments).fails(2);
        assert!(stderr.contains("Usage:"), "{arguments:?}\n{stderr}");
    }
    let stderr = home.run(&["completions", "tcsh"]).fails(2);
    assert_holds(&stderr, &["tcsh", "bash", "zsh", "fish"]);
}

#[test]
fn a_lake_before_a_subcommand_that_reads_none_is_wrong_usage() {
    let stderr = Home::new().run(&["--lake", ".", "templates"]).fails(2);
    assert_holds(&stderr, &["templates", "--lake"]);
}

#[test]
fn completions_name_the_subcommands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.run(&["completions", shell]).ok();
        assert_holds(&script, &["lakehound", "completions", "templates"]);
    }
}

#[test]
fn the_version_is_the_packages() {
    let version = Home::new().run(&["--version"]).ok();
    assert_eq!(
        version.trim(),
        concat!("lakehound ", env!("CARGO_PKG_VERSION"))
    );
}
