//! Colours and what a terminal can show of them.

use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: `NO_COLOR`, or a terminal without.
    None,
    /// The sixteen, whose looks the terminal's owner chose.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// 24 bits.
    True,
}

impl Depth {
    /// The depth that environment variables tell: `NO_COLOR` (set and not empty), `COLORTERM`,
    /// `TERM`.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| variable(name).unwrap_or_default();
        let term = value("TERM");
        if !value("NO_COLOR").is_empty() || term == "dumb" {
            Self::None
        } else if matches!(value("COLORTERM").as_str(), "truecolor" | "24bit")
            || term.ends_with("-direct")
        {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// One colour of a palette: exact, and the one of the sixteen that stands in for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) rgb: (u8, u8, u8),
    pub(super) basic: Color,
}

impl Ink {
    pub(super) fn at(self, depth: Depth) -> Option<Color> {
        let (red, green, blue) = self.rgb;
        match depth {
            Depth::None => None,
            Depth::Sixteen => Some(self.basic),
            Depth::Indexed => Some(Color::Indexed(nearest_index(self.rgb))),
            Depth::True => Some(Color::Rgb(red, green, blue)),
        }
    }
}

/// `#rrggbb`.
pub(super) fn parse_rgb(text: &str) -> Option<(u8, u8, u8)> {
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
    let value = u32::from_str_radix(hex, 16).ok()?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some((red, green, blue))
}

/// The sixteen by name; `default` is the terminal's own.
pub(super) const BASIC: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("gray", Color::Gray),
    ("darkgray", Color::DarkGray),
    ("lightred", Color::LightRed),
    ("lightgreen", Color::LightGreen),
    ("lightyellow", Color::LightYellow),
    ("lightblue", Color::LightBlue),
    ("lightmagenta", Color::LightMagenta),
    ("lightcyan", Color::LightCyan),
    ("white", Color::White),
];

/// The levels of xterm's colour cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// What an index from 16 on looks like: the cube, then 24 greys.
pub(super) fn indexed_rgb(index: u8) -> (u8, u8, u8) {
    match index.saturating_sub(16) {
        cube @ 0..216 => (
            CUBE[usize::from(cube / 36)],
            CUBE[usize::from(cube / 6 % 6)],
            CUBE[usize::from(cube % 6)],
        ),
        grey => {
            let level = 8 + 10 * (grey - 216);
            (level, level, level)
        }
    }
}

/// The index from 16 on that is nearest to a colour.
pub(super) fn nearest_index(rgb: (u8, u8, u8)) -> u8 {
    let distance = |index: &u8| {
        let other = indexed_rgb(*index);
        let square = |a: u8, b: u8| i32::from(a.abs_diff(b)).pow(2);
        square(rgb.0, other.0) + square(rgb.1, other.1) + square(rgb.2, other.2)
    };
    (16..=255).min_by_key(distance).unwrap_or(16)
}
