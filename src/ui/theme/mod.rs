//! Themes: what a thing *is* (a [`Role`]) into how it looks (a ratatui style).
//!
//! Drawing code names roles and never colours. A theme is a file; four are shipped. What a
//! terminal can show ([`Depth`]) is passed in: under `NO_COLOR` the monochrome theme is in force,
//! whatever was asked for, and sets no colour at all, because crossterm answers a colour under
//! `NO_COLOR` with a reset that wipes bold and reverse too.

mod colour;
mod file;
mod role;

use std::sync::Arc;

use ratatui::style::Style;

pub use colour::Depth;
pub use file::{ThemeError, ThemeFile};
pub use role::Role;

/// The shipped themes: name and text.
pub const SHIPPED: [(&str, &str); 4] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../themes/high-contrast.toml"),
    ),
    (
        "monochrome",
        include_str!("../../../themes/monochrome.toml"),
    ),
];

/// The theme that needs no colour.
pub const MONOCHROME: &str = "monochrome";

/// A theme for one terminal. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    styles: Arc<[Style]>,
}

impl Theme {
    /// A shipped theme by its name, for what the terminal can show; an unknown name is an error
    /// that lists the known ones. Without colours it is always the monochrome one.
    pub fn shipped(name: &str, depth: Depth) -> Result<Self, ThemeError> {
        let name = if depth == Depth::None {
            MONOCHROME
        } else {
            name
        };
        let (name, text) = SHIPPED
            .iter()
            .find(|(shipped, _)| *shipped == name)
            .ok_or_else(|| ThemeError::unknown(name))?;
        Ok(Self::from_file(
            &ThemeFile::parse(&format!("{name}.toml"), text)?,
            depth,
        ))
    }

    /// A theme read from a file, for what the terminal can show. Where that is no colour, call
    /// [`Theme::shipped`] instead, unless the file itself does without.
    pub fn from_file(file: &ThemeFile, depth: Depth) -> Self {
        Self {
            styles: Role::ALL
                .iter()
                .map(|role| file.style(*role, depth))
                .collect(),
        }
    }

    /// A theme without any styling, for tests and as the last resort.
    pub fn plain() -> Self {
        Self {
            styles: Role::ALL.iter().map(|_| Style::new()).collect(),
        }
    }

    /// How a role looks. A role that names no ground leaves the one that is there.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// How an OCSF severity looks (0 to 6 and 99; any other is unknown).
    pub fn severity(&self, id: i64) -> Style {
        self.style(Role::severity(id))
    }
}

#[cfg(test)]
mod tests;
