//! A theme file: a palette and a style for each role.

use std::collections::BTreeMap;
use std::ops::Range;

use ratatui::style::{Modifier, Style};
use serde::Deserialize;
use toml::Spanned;

use super::colour::{BASIC, Depth, Ink, parse_rgb};
use super::{Role, SHIPPED};

/// A theme that cannot be used: what is wrong, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", place(file, *line))]
pub struct ThemeError {
    /// The file's name, empty when no file is at fault.
    pub file: String,
    /// The line, from 1, where one is at fault.
    pub line: Option<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

fn place(file: &str, line: Option<usize>) -> String {
    match (file, line) {
        ("", _) => String::new(),
        (file, Some(line)) => format!("{file}:{line}: "),
        (file, None) => format!("{file}: "),
    }
}

impl ThemeError {
    pub(super) fn unknown(name: &str) -> Self {
        let known: Vec<_> = SHIPPED.iter().map(|(name, _)| *name).collect();
        Self {
            file: String::new(),
            line: None,
            message: format!("no theme `{name}`; known are {}", known.join(", ")),
        }
    }
}

/// A colour's name and its two values, as written.
type PaletteText = BTreeMap<Spanned<String>, Spanned<Vec<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    /// A shipped theme whose styles hold where this file has none.
    base: Option<Spanned<String>>,
    #[serde(default)]
    palette: PaletteText,
    #[serde(default)]
    styles: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Look {
    front: Option<Ink>,
    ground: Option<Ink>,
    modifier: Modifier,
}

/// A theme as read, for any terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeFile {
    looks: Vec<Look>,
}

impl ThemeFile {
    /// Reads a theme. `file` is the name that errors carry. A file that names no `base` must style
    /// every role.
    pub fn parse(file: &str, text: &str) -> Result<Self, ThemeError> {
        let fault = |span: Option<Range<usize>>, message: String| ThemeError {
            file: file.to_owned(),
            line: span.map(|span| {
                let before = text.get(..span.start).unwrap_or_default();
                before.matches('\n').count() + 1
            }),
            message,
        };
        let parsed: Text = toml::from_str(text)
            .map_err(|error| fault(error.span(), error.message().to_owned()))?;
        let mut looks = match &parsed.base {
            None => vec![None; Role::ALL.len()],
            Some(base) => {
                let (_, text) = SHIPPED
                    .iter()
                    .find(|(name, _)| name == base.get_ref())
                    .ok_or_else(|| {
                        fault(
                            Some(base.span()),
                            ThemeError::unknown(base.get_ref()).message,
                        )
                    })?;
                let base = Self::parse(base.get_ref(), text)?;
                base.looks.into_iter().map(Some).collect()
            }
        };
        let palette = palette(&parsed.palette).map_err(|(span, what)| fault(Some(span), what))?;
        for (name, style) in &parsed.styles {
            let role = Role::named(name.get_ref()).ok_or_else(|| {
                let nearest = nearest(name.get_ref(), Role::ALL.iter().map(|role| role.name()));
                let message = format!("no role `{}`; did you mean `{nearest}`?", name.get_ref());
                fault(Some(name.span()), message)
            })?;
            let look = look(style.get_ref(), &palette)
                .map_err(|message| fault(Some(style.span()), message))?;
            if let Some(place) = looks.get_mut(role as usize) {
                *place = Some(look);
            }
        }
        let looks = Role::ALL
            .iter()
            .zip(looks)
            .map(|(role, look)| {
                look.ok_or_else(|| {
                    let name = role.name();
                    fault(
                        None,
                        format!("no style for `{name}`; add it, or a `base = \"dark\"`"),
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { looks })
    }

    /// How a role looks where so many colours can be shown.
    pub(super) fn style(&self, role: Role, depth: Depth) -> Style {
        let look = self.looks.get(role as usize).copied().unwrap_or_default();
        let mut style = Style::new().add_modifier(look.modifier);
        style.fg = look.front.and_then(|ink| ink.at(depth));
        style.bg = look.ground.and_then(|ink| ink.at(depth));
        style
    }
}

fn palette(text: &PaletteText) -> Result<BTreeMap<&str, Ink>, (Range<usize>, String)> {
    let ink = |(name, values): (_, &Spanned<Vec<String>>)| {
        let name: &Spanned<String> = name;
        let fault = |message| (values.span(), message);
        let [exact, basic] = values.get_ref().as_slice() else {
            return Err(fault(
                "a colour is two texts: [\"#rrggbb\", \"name of one of the sixteen\"]".to_owned(),
            ));
        };
        let rgb = parse_rgb(exact)
            .ok_or_else(|| fault(format!("`{exact}` is no colour of the form #rrggbb")))?;
        let basic = BASIC
            .iter()
            .find(|(name, _)| name == basic)
            .map(|(_, colour)| *colour)
            .ok_or_else(|| {
                let names: Vec<_> = BASIC.iter().map(|(name, _)| *name).collect();
                fault(format!("`{basic}` is none of {}", names.join(", ")))
            })?;
        Ok((name.get_ref().as_str(), Ink { rgb, basic }))
    };
    text.iter().map(ink).collect()
}

/// `ink on paper bold`: every part may be left out.
fn look(text: &str, palette: &BTreeMap<&str, Ink>) -> Result<Look, String> {
    let colour = |name: &str| {
        palette.get(name).copied().ok_or_else(|| {
            let nearest = nearest(name, palette.keys().copied());
            format!("no colour or attribute `{name}`; the nearest colour is `{nearest}`")
        })
    };
    let mut look = Look::default();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "bold" => look.modifier |= Modifier::BOLD,
            "italic" => look.modifier |= Modifier::ITALIC,
            "underline" => look.modifier |= Modifier::UNDERLINED,
            "reverse" => look.modifier |= Modifier::REVERSED,
            "on" => {
                let name = words.next().ok_or("a colour is missing after `on`")?;
                look.ground = Some(colour(name)?);
            }
            name if look.front.is_none() => look.front = Some(colour(name)?),
            name => {
                return Err(format!(
                    "`{name}`: the colour is given already; a ground follows `on`"
                ));
            }
        }
    }
    Ok(look)
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    known
        .min_by_key(|other| strsim::damerau_levenshtein(name, other))
        .unwrap_or("none")
}
