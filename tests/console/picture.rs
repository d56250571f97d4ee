//! The picture of the README: the screen of a real run as SVG.
//!
//! `LAKEHOUND_REGENERATE=1 cargo test --test console picture` makes it anew.

use std::fmt::Write;
use std::path::Path;

use super::LAKE;
use super::terminal::{Home, Terminal};

const FILE: &str = "docs/console.svg";
/// The size of a cell in the picture's units.
const CELL: (f32, f32) = (8.4, 18.0);
const GROUND: &str = "#0f1318";
const INK: &str = "#d5dae2";

#[test]
fn the_readmes_picture_shows_the_four_panes_of_a_real_run() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (140, 42));
    console.wait_for("✓ new-findings");
    console.wait_until("findings", |screen| screen.contains("Critical"));
    console.wait_until("objects in the feed", |screen| screen.contains("vpc_flow"));
    console.press(&["alt-3"]);
    console.wait_for("sort");
    let drawn = svg(console.screen());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("LAKEHOUND_REGENERATE").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    for picture in [&drawn, &kept] {
        for word in [
            "Feed",
            "Editor",
            "Results",
            "new-findings",
            "SELECT",
            "Critical",
        ] {
            assert!(picture.contains(word), "{word}");
        }
    }
}

fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (f32::from(columns) * CELL.0, f32::from(rows) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{GROUND}\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let style = style_of(screen, row, column);
            let start = column;
            let mut text = String::new();
            while column < columns && style_of(screen, row, column) == style {
                let cell = screen.cell(row, column).filter(|cell| cell.has_contents());
                text.push_str(cell.map_or(" ", |cell| cell.contents()));
                column += 1;
            }
            draw_run(&mut out, row, start, column - start, &text, &style);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Ink, ground and weight of a cell.
fn style_of(screen: &vt100::Screen, row: u16, column: u16) -> (String, String, bool) {
    let Some(cell) = screen.cell(row, column) else {
        return (INK.into(), GROUND.into(), false);
    };
    let (ink, ground) = (colour(cell.fgcolor(), INK), colour(cell.bgcolor(), GROUND));
    let (ink, ground) = if cell.inverse() {
        (ground, ink)
    } else {
        (ink, ground)
    };
    (ink, ground, cell.bold())
}

fn colour(colour: vt100::Color, default: &str) -> String {
    match colour {
        vt100::Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        _ => default.to_owned(),
    }
}

fn draw_run(
    out: &mut String,
    row: u16,
    column: u16,
    cells: u16,
    text: &str,
    (ink, ground, bold): &(String, String, bool),
) {
    let (x, y) = (f32::from(column) * CELL.0, f32::from(row) * CELL.1);
    let width = f32::from(cells) * CELL.0;
    if ground != GROUND {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{ground}\"/>",
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if *bold { " font-weight=\"bold\"" } else { "" };
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" fill=\"{ink}\"{weight} xml:space=\"preserve\">{escaped}</text>",
        y + 13.5
    );
}
