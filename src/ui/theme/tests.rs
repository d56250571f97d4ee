use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::style::{Color, Modifier};
use ratatui::{TerminalOptions, Viewport};

use super::colour::{indexed_rgb, nearest_index};
use super::{Depth, MONOCHROME, Role, SHIPPED, Theme, ThemeFile};

fn rgb(colour: Color) -> (u8, u8, u8) {
    match colour {
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Indexed(index) => indexed_rgb(index),
        other => panic!("{other:?} has no known looks"),
    }
}

/// Relative luminance and contrast as WCAG 2 defines them.
fn contrast(front: Color, ground: Color) -> f64 {
    let luminance = |colour| {
        let (red, green, blue) = rgb(colour);
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    };
    let (a, b) = (luminance(front), luminance(ground));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Lines, not letters: they need to be seen, not read.
const LINES: [Role; 3] = [Role::Border, Role::ProgressRest, Role::Scrollbar];

#[test]
fn every_text_can_be_read_on_every_ground_it_may_stand_on() {
    for (name, _) in SHIPPED.iter().filter(|(name, _)| *name != MONOCHROME) {
        for depth in [Depth::True, Depth::Indexed] {
            let theme = Theme::shipped(name, depth).unwrap();
            let base = theme.style(Role::Text);
            let paper = base.bg.unwrap();
            let selected = theme.style(Role::Selection).bg.unwrap();
            for role in Role::ALL.iter().filter(|role| !LINES.contains(role)) {
                let style = theme.style(*role);
                let front = style.fg.unwrap_or(base.fg.unwrap());
                let wanted = if *name == "high-contrast" { 7.0 } else { 4.5 };
                let grounds = style.bg.map_or(vec![paper, selected], |own| vec![own]);
                for ground in grounds {
                    let found = contrast(front, ground);
                    assert!(
                        found >= wanted,
                        "{name} {depth:?} {}: {found:.2}",
                        role.name()
                    );
                }
            }
            for role in LINES {
                let found = contrast(theme.style(role).fg.unwrap(), paper);
                assert!(found >= 1.6, "{name} {depth:?} {}: {found:.2}", role.name());
            }
        }
    }
}

#[test]
fn states_differ_from_plain_text_in_every_theme_and_depth() {
    for (name, _) in SHIPPED {
        for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
            let theme = Theme::shipped(name, depth).unwrap();
            for role in [
                Role::Selection,
                Role::Cursor,
                Role::Match,
                Role::BorderFocused,
                Role::Error,
            ] {
                assert_ne!(
                    theme.style(role),
                    theme.style(Role::Text),
                    "{name} {depth:?} {role:?}"
                );
            }
            assert_ne!(
                theme.style(Role::Selection),
                theme.style(Role::Cursor),
                "{name} {depth:?}"
            );
            assert_ne!(theme.severity(5), theme.severity(1), "{name} {depth:?}");
        }
    }
}

#[test]
fn without_colours_the_monochrome_theme_is_in_force_and_emits_none() {
    let theme = Theme::shipped("dark", Depth::None).unwrap();
    assert_eq!(theme, Theme::shipped(MONOCHROME, Depth::True).unwrap());
    let allowed = Modifier::BOLD | Modifier::REVERSED | Modifier::UNDERLINED;
    let mut bytes = Vec::new();
    let area = ratatui::layout::Rect::new(0, 0, 20, Role::ALL.len() as u16);
    let mut terminal = Terminal::with_options(
        CrosstermBackend::new(&mut bytes),
        TerminalOptions {
            viewport: Viewport::Fixed(area),
        },
    )
    .unwrap();
    terminal
        .draw(|frame| {
            for (y, role) in (0..).zip(Role::ALL) {
                let style = theme.style(*role);
                assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
                assert!(allowed.contains(style.add_modifier), "{role:?}");
                frame.buffer_mut().set_string(0, y, role.name(), style);
            }
        })
        .unwrap();
    drop(terminal);
    let text = String::from_utf8(bytes).unwrap();
    // What comes before the last letter: after it the backend resets everything once.
    let frame = &text[..text.rfind("sql_error").unwrap()];
    for sgr in frame
        .split("\x1b[")
        .filter_map(|part| part.split_once('m'))
        .map(|(sgr, _)| sgr)
    {
        let is_code = sgr.chars().all(|c| c.is_ascii_digit() || c == ';');
        let harmless = ["1", "4", "7", "22", "24", "27"].contains(&sgr);
        assert!(!is_code || harmless, "ESC[{sgr}m in {frame:?}");
    }
    assert!(
        frame.contains("\x1b[1m") && frame.contains("\x1b[7m"),
        "{frame:?}"
    );
}

#[test]
fn the_environment_tells_the_depth() {
    let depth = |pairs: &[(&str, &str)]| {
        Depth::from_env(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(
        depth(&[
            ("TERM", "xterm"),
            ("NO_COLOR", "1"),
            ("COLORTERM", "truecolor")
        ]),
        Depth::None
    );
    assert_eq!(
        depth(&[("TERM", "xterm"), ("NO_COLOR", "")]),
        Depth::Sixteen
    );
    assert_eq!(
        depth(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]),
        Depth::True
    );
    assert_eq!(depth(&[("TERM", "tmux-256color")]), Depth::Indexed);
    assert_eq!(depth(&[("TERM", "linux")]), Depth::Sixteen);
    assert_eq!(depth(&[("TERM", "dumb")]), Depth::None);
}

#[test]
fn faults_carry_file_and_line() {
    let fault = |text: &str| ThemeFile::parse("my.toml", text).unwrap_err().to_string();
    assert_eq!(
        fault("base = \"dark\"\n[styles]\ntext = \"inc\"\n"),
        "my.toml:3: no colour or attribute `inc`; the nearest colour is `none`"
    );
    assert_eq!(
        fault("base = \"dark\"\n[styles]\ntitel = \"bold\"\n"),
        "my.toml:3: no role `titel`; did you mean `title`?"
    );
    assert_eq!(
        fault("base = \"dark\"\n[palette]\nink = [\"#12\", \"red\"]\n"),
        "my.toml:3: `#12` is no colour of the form #rrggbb"
    );
    assert!(fault("base = \"night\"\n").starts_with("my.toml:1: no theme `night`; known are dark"));
    assert!(fault("[styles]\n").contains("no style for `text`"));
    assert!(fault("base = \"dark\"\n[styles\n").starts_with("my.toml:2: "));
    assert_eq!(
        Theme::shipped("nope", Depth::True).unwrap_err().to_string(),
        "no theme `nope`; known are dark, light, high-contrast, monochrome"
    );
}

#[test]
fn a_file_may_change_a_shipped_theme_in_part() {
    let text = "base = \"dark\"\n[palette]\nsnow = [\"#fafafa\", \"white\"]\n[styles]\ntitle = \"snow underline\"\n";
    let theme = Theme::from_file(&ThemeFile::parse("my.toml", text).unwrap(), Depth::Sixteen);
    assert_eq!(theme.style(Role::Title).fg, Some(Color::White));
    assert!(
        theme
            .style(Role::Title)
            .add_modifier
            .contains(Modifier::UNDERLINED)
    );
    let dark = Theme::shipped("dark", Depth::Sixteen).unwrap();
    assert_eq!(theme.style(Role::Error), dark.style(Role::Error));
}

#[test]
fn indexes_are_the_nearest() {
    assert_eq!(nearest_index((0, 0, 0)), 16);
    assert_eq!(nearest_index((255, 255, 255)), 231);
    assert_eq!(nearest_index((8, 8, 8)), 232);
    assert_eq!(nearest_index((95, 135, 175)), 67);
}
