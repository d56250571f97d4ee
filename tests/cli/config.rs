//! `lakehound config`, and what a broken configuration does to the rest.

use crate::support::{Home, assert_holds};

#[test]
fn path_names_the_places_that_the_environment_sets() {
    let home = Home::new();
    home.write("config.toml", "");
    let stdout = home.run(&["config", "path"]).ok();
    let file = home.path("config.toml");
    let data = home.path("data");
    assert_holds(
        &stdout,
        &[&file.display().to_string(), &data.display().to_string()],
    );
}

#[test]
fn init_writes_a_file_that_reads_as_the_defaults_and_never_overwrites() {
    let home = Home::new();
    let before = home.run(&["config", "show"]).ok();
    home.run(&["config", "init"]).ok();
    assert_eq!(home.run(&["config", "show"]).ok(), before);
    let stderr = home.run(&["config", "init"]).fails(1);
    assert_holds(&stderr, &["config.toml", "hint:"]);
}

#[test]
fn show_prints_what_is_in_force() {
    let home = Home::new();
    home.write(
        "config.toml",
        "zone = 'Europe/Berlin'\n[profiles.prod]\nregion = 'us-east-1'\n",
    );
    let stdout = home.run(&["config", "show"]).ok();
    assert_holds(
        &stdout,
        &[
            "zone = \"Europe/Berlin\"",
            "[profiles.prod]",
            "name = \"dark\"",
        ],
    );
}

#[test]
fn themes_are_listed_with_the_users_own_and_the_chosen_one_is_marked() {
    let home = Home::new();
    home.write("config.toml", "theme.name = 'mine'\n");
    let shipped = include_str!("../../themes/light.toml");
    let own = home.write("themes/mine.toml", shipped);
    let stdout = home.run(&["config", "themes"]).ok();
    assert_holds(&stdout, &["dark", "light", "high-contrast", "monochrome"]);
    let marked: Vec<&str> = stdout
        .lines()
        .filter(|line| line.starts_with('*'))
        .collect();
    assert_eq!(marked.len(), 1, "{stdout}");
    assert_holds(marked[0], &["mine", &own.display().to_string()]);
}

#[test]
fn faults_are_told_with_file_and_line_and_the_rest_works() {
    let home = Home::new();
    let file = home.write(
        "config.toml",
        "zome = 'UTC'\nthis is no toml\n[theme]\nname = 'light'\n",
    );
    let run = home.run(&["config", "show"]);
    assert_eq!(run.code, Some(0));
    assert_holds(&run.stdout, &["name = \"light\""]);
    let place = |line: usize| format!("warning: {}:{line}: ", file.display());
    assert_holds(&run.stderr, &[&place(1), "did you mean `zone`?", &place(2)]);
}

#[test]
fn a_secret_in_the_file_is_named_and_never_printed() {
    let home = Home::new();
    home.write(
        "config.toml",
        "[profiles.p]\naws_secret_access_key = 'TOPSECRET'\n",
    );
    let run = home.run(&["config", "show"]);
    assert_eq!(run.code, Some(0));
    assert_holds(&run.stderr, &["config.toml:2", "secret"]);
    assert!(!format!("{run:?}").contains("TOPSECRET"));
}

#[test]
fn keys_prints_the_map_in_force_and_tells_faults_by_line() {
    let home = Home::new();
    let shipped = home.run(&["config", "keys"]).ok();
    assert_holds(
        &shipped,
        &["COMMAND", "quit", "query.run", "Run the statement"],
    );
    let file = home.write(
        "config.toml",
        "[keys]\nquit = ['ctrl-x', 'f10']\n\"query.rum\" = 'f5'\nzoom = 'ctrl-'\n",
    );
    let run = home.run(&["config", "keys"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let quit = run
        .stdout
        .lines()
        .find(|line| line.starts_with("quit "))
        .unwrap();
    assert_holds(quit, &["ctrl-x f10"]);
    let place = |line: usize| format!("{}:{line}: ", file.display());
    assert_holds(&run.stderr, &[&place(3), "query.run", &place(4)]);
}

#[test]
fn a_broken_theme_is_told_with_its_line_and_an_unknown_one_offers_the_nearest() {
    let home = Home::new();
    home.write("config.toml", "theme.name = 'lihgt'\n");
    let broken = home.write("themes/mine.toml", "[styles]\n\"nonsense\" = \"bold\"\n");
    let run = home.run(&["config", "themes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_holds(
        &run.stderr,
        &[
            &format!("{}:2: ", broken.display()),
            "did you mean `light`?",
        ],
    );
}

#[test]
fn a_file_name_steers_no_terminal() {
    let home = Home::new();
    home.write(
        "themes/e\u{1b}[31mx.toml",
        include_str!("../../themes/light.toml"),
    );
    let stdout = home.run(&["config", "themes"]).ok();
    assert!(!stdout.contains('\u{1b}'), "{stdout:?}");
    assert_holds(&stdout, &["\\x1b[31mx"]);
}

#[test]
fn show_tells_what_of_it_cannot_be_used() {
    let home = Home::new();
    home.write(
        "config.toml",
        "[theme]\nname = 'drak'\n[keys]\n\"no.such\" = \"x\"\n",
    );
    let run = home.run(&["config", "show"]);
    assert_eq!(run.code, Some(0));
    assert_holds(
        &run.stderr,
        &["drak", "`dark` is used", "no.such", "config.toml:4"],
    );
}
