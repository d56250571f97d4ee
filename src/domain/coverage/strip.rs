//! A series as a strip: so many cells of a length of time, each with a shade.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Coverage, Series, hour_of, start_of};

/// How much of its series' usual a cell has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shade {
    /// No object.
    Absent,
    /// Objects of which only the day is known.
    ByDay,
    /// Far less than usual.
    Little,
    /// Less than usual.
    Less,
    /// As usual.
    Usual,
    /// More than usual.
    Much,
}

impl Shade {
    /// Every shade, from nothing to much.
    pub const ALL: [Self; 6] = [
        Self::Absent,
        Self::ByDay,
        Self::Little,
        Self::Less,
        Self::Usual,
        Self::Much,
    ];

    /// A sign that is read without colour.
    pub fn sign(self) -> char {
        match self {
            Self::Absent => '·',
            Self::ByDay => '?',
            Self::Little => '░',
            Self::Less => '▒',
            Self::Usual => '▓',
            Self::Much => '█',
        }
    }

    /// What it stands for.
    pub fn told(self) -> &'static str {
        match self {
            Self::Absent => "no object",
            Self::ByDay => "known by day only",
            Self::Little => "far less than usual",
            Self::Less => "less",
            Self::Usual => "usual",
            Self::Much => "more than twice the usual",
        }
    }
}

/// How long one cell of a strip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Hours.
    pub hours: i64,
}

impl Step {
    /// The lengths that a person reads easily.
    const LENGTHS: [i64; 9] = [1, 2, 3, 4, 6, 8, 12, 24, 24 * 7];

    /// The shortest step with which so many cells hold so many hours.
    pub fn fitting(hours: i64, cells: usize) -> Self {
        let cells = i64::try_from(cells.max(1)).unwrap_or(i64::MAX);
        let fits = |length: &&i64| hours <= length.saturating_mul(cells);
        let longest = hours.div_euclid(cells).saturating_add(1);
        Self {
            hours: Self::LENGTHS.iter().find(fits).copied().unwrap_or(longest),
        }
    }
}

/// The time that strips show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    /// The beginning of the first cell.
    pub from: DateTime<Utc>,
    /// The length of a cell.
    pub step: Step,
    /// Cells.
    pub cells: usize,
}

impl Strip {
    /// The strip of a whole coverage in at most so many cells; of a long one, its end. `None` where
    /// no time is known.
    pub fn of(coverage: &Coverage, cells: usize) -> Option<Self> {
        let extents = || coverage.series().filter_map(|(_, series)| series.extent);
        let first = hour_of(extents().map(|(first, _)| first).min()?);
        let last = hour_of(extents().map(|(_, last)| last).max()?);
        let step = Step::fitting(last - first + 1, cells);
        let start = first.div_euclid(step.hours) * step.hours;
        let needed = (last - start).div_euclid(step.hours) + 1;
        let shown = needed.min(i64::try_from(cells.max(1)).unwrap_or(i64::MAX));
        Some(Self {
            from: start_of(start + (needed - shown) * step.hours)?,
            step,
            cells: usize::try_from(shown).unwrap_or(0),
        })
    }

    /// The end of the last cell.
    pub fn to(&self) -> DateTime<Utc> {
        let hours = i64::try_from(self.cells).unwrap_or(0) * self.step.hours;
        self.from + TimeDelta::hours(hours)
    }

    /// The shades of one series. What is usual is the median of its cells that are not empty.
    pub fn shades(&self, series: &Series) -> Vec<Shade> {
        let first = hour_of(self.from);
        let cells: Vec<(u64, u64, bool)> = (0..self.cells)
            .map(|at| {
                let from = first + i64::try_from(at).unwrap_or(0) * self.step.hours;
                let mut sum = (0, 0, false);
                for (_, cell) in series.hours.range(from..from + self.step.hours) {
                    sum.0 += cell.objects;
                    sum.1 += cell.rows;
                    sum.2 |= cell.by_day == cell.objects;
                }
                sum
            })
            .collect();
        // Where rows are not known, objects are what there is to measure.
        let by_rows = cells.iter().any(|cell| cell.1 > 0);
        let amount = |cell: &(u64, u64, bool)| if by_rows { cell.1 } else { cell.0 };
        let mut filled: Vec<u64> = cells.iter().filter(|c| c.0 > 0).map(amount).collect();
        filled.sort_unstable();
        let usual = filled.get(filled.len() / 2).copied().unwrap_or(0).max(1);
        cells
            .iter()
            .map(|cell| match amount(cell) {
                _ if cell.0 == 0 => Shade::Absent,
                _ if cell.2 => Shade::ByDay,
                amount if amount * 4 < usual => Shade::Little,
                amount if amount * 4 < usual * 3 => Shade::Less,
                amount if amount <= usual * 2 => Shade::Usual,
                _ => Shade::Much,
            })
            .collect()
    }
}
