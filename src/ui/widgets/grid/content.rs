//! What stands in a cell: safe text, its alignment and its style.

use arrow::datatypes::Schema;

use crate::domain::cell::{Cell, Kind, TimeStyle};
use crate::domain::rows::Column;
use crate::ui::text::{Align, SafeText};
use crate::ui::theme::Role;

/// What SQL NULL looks like. A text that spells it is quoted.
const NULL: &str = "NULL";

/// What an empty text looks like.
const EMPTY: &str = "''";

/// Bytes of text fetched for each column of the screen.
const BYTES_PER_COLUMN: usize = 4;

/// A formatted cell.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) text: SafeText<'static>,
    pub(super) role: Role,
}

/// Formats a cell for a field of at most so many columns.
pub(super) fn format(cell: &Cell<'_>, times: TimeStyle, columns: usize) -> Content {
    let fixed = |text: &'static str| Content {
        text: SafeText::new(text),
        role: Role::Null,
    };
    let role = match cell {
        Cell::Null => return fixed(NULL),
        Cell::Text("") => return fixed(EMPTY),
        Cell::Text(text) if spells_a_sign(text) => {
            let quoted = format!("'{}'", text.replace('\'', "''"));
            return Content {
                text: SafeText::bounded(&quoted, columns).into_owned(),
                role: Role::Text,
            };
        }
        Cell::Text(text) => {
            return Content {
                text: SafeText::bounded(text, columns).into_owned(),
                role: Role::Text,
            };
        }
        Cell::Int(_) | Cell::UInt(_) | Cell::Float(_) | Cell::Real(_) | Cell::Decimal(_) => {
            Role::Number
        }
        Cell::Timestamp(_) | Cell::Date(_) | Cell::Time(_) => Role::Time,
        _ => Role::Text,
    };
    let limit = (columns + 1) * BYTES_PER_COLUMN;
    let short = cell.short(times, limit).unwrap_or_default();
    Content {
        text: SafeText::bounded(&short, columns).into_owned(),
        role,
    }
}

/// Whether a text would read as NULL, as an empty text, or as one that is quoted for that reason.
fn spells_a_sign(text: &str) -> bool {
    text == NULL
        || text.len() >= 2 && text.len() < 64 && text.starts_with('\'') && text.ends_with('\'')
}

/// A column's looks, the same for all its rows.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// The display name.
    pub(super) name: SafeText<'static>,
    /// The zone of a time column.
    pub(super) zone: Option<&'static str>,
    pub(super) align: Align,
    pub(super) kind: Kind,
}

impl Head {
    /// The heads of all columns.
    pub(super) fn all(columns: &[Column], schema: &Schema, times: TimeStyle) -> Vec<Self> {
        let head = |(index, field): (usize, &arrow::datatypes::FieldRef)| {
            let kind = Kind::of(field.data_type());
            let name = columns
                .get(index)
                .map_or(field.name().as_str(), |column| &column.name);
            Self {
                name: SafeText::bounded(name, 200).into_owned(),
                zone: (kind == Kind::Timestamp).then(|| times.zone_name()),
                align: if kind == Kind::Number {
                    Align::Right
                } else {
                    Align::Left
                },
                kind,
            }
        };
        schema.fields().iter().enumerate().map(head).collect()
    }

    /// Columns that the name and the zone take.
    pub(super) fn width(&self) -> usize {
        self.name.width() + self.zone.map_or(0, |zone| zone.len() + 1)
    }
}
