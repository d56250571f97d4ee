//! What stands in a cell: safe text, its alignment and its style.

use arrow::datatypes::Schema;

use crate::domain::cell::{Cell, Kind, Shown, TimeStyle};
use crate::domain::rows::Column;
use crate::domain::severity;
use crate::ui::text::{Align, SafeText};
use crate::ui::theme::Role;

/// Bytes of text fetched for each column of the screen.
const BYTES_PER_COLUMN: usize = 4;

/// A formatted cell.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) text: SafeText<'static>,
    pub(super) role: Role,
}

impl Content {
    /// The same with the looks of the severity that it names, by word or by number.
    pub(super) fn into_severity(self) -> Self {
        let text = self.text.as_str();
        let id = severity::id(text).or_else(|| text.parse().ok());
        let role = id.filter(|_| self.role != Role::Null).map(Role::severity);
        Self {
            role: role.unwrap_or(self.role),
            ..self
        }
    }
}

/// Formats a cell for a field of at most so many columns.
pub(super) fn format(cell: &Cell<'_>, times: TimeStyle, columns: usize) -> Content {
    let role = match cell {
        Cell::Int(_) | Cell::UInt(_) | Cell::Float(_) | Cell::Real(_) | Cell::Decimal(_) => {
            Role::Number
        }
        Cell::Timestamp(_) | Cell::Date(_) | Cell::Time(_) => Role::Time,
        _ => Role::Text,
    };
    match cell.shown(times, (columns + 1) * BYTES_PER_COLUMN) {
        Shown::Sign(sign) => Content {
            text: SafeText::new(sign),
            role: Role::Null,
        },
        Shown::Text(text) => Content {
            text: SafeText::bounded(&text, columns).into_owned(),
            role,
        },
    }
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
    /// Whether its values are severities, by its name.
    pub(super) severities: bool,
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
                severities: name.eq_ignore_ascii_case("severity")
                    || name.eq_ignore_ascii_case("severity_id"),
            }
        };
        schema.fields().iter().enumerate().map(head).collect()
    }

    /// Columns that the name and the zone take.
    pub(super) fn width(&self) -> usize {
        self.name.width() + self.zone.map_or(0, |zone| zone.len() + 1)
    }
}
