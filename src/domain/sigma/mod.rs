//! Sigma rules as values: what a rule looks for in events, read from its YAML. A rule is kept by its
//! meaning; which columns it is about and how it is asked is for others to know.

mod aggregation;
mod collection;
mod condition;
mod correlation;
mod detection;
mod filter;
mod modifiers;
mod pattern;
mod placeholders;
mod read;
mod yaml;

pub use aggregation::Counted;
pub use correlation::{Alias, Bound, Correlation, CorrelationKind};
pub use filter::Filter;
pub use pattern::{Pattern, Piece};
pub use placeholders::Placeholders;
pub use read::{Document, Problem, read, read_with};

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The file's own words for it.
    pub about: About,
    /// Which logs it is about.
    pub logs: LogSource,
    /// What has to be true of an event.
    pub condition: Condition,
    /// The searches that the condition combines, with their names.
    pub searches: Vec<(String, Search)>,
    /// The rule that it is a part of: it tells nothing by itself, it is counted.
    pub part_of: Option<Box<About>>,
}

/// Who a rule is, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Its id; its name or title where it has none.
    pub id: String,
    /// The name that correlations call it by.
    pub name: Option<String>,
    /// Its title.
    pub title: String,
    /// How bad a match is.
    pub level: Level,
    /// What it looks for, in words.
    pub description: Option<String>,
    /// Tags, such as `attack.t1530`.
    pub tags: Vec<String>,
    /// What of the file has no effect, in words.
    pub remark: Option<String>,
}

impl About {
    /// Whether a correlation means this rule.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.name.as_deref() == Some(name)
    }
}

/// How bad a match is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// It only tells.
    Informational,
    /// Low.
    Low,
    /// Medium; what a rule without a level is.
    #[default]
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 5] = [
        Self::Informational,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The level of a word, in any case.
    pub fn named(word: &str) -> Option<Self> {
        let mut levels = Self::ALL.into_iter();
        levels.find(|level| level.name().eq_ignore_ascii_case(word))
    }

    /// Its word in a rule.
    pub fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Which logs a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogSource {
    /// Such as `aws`.
    pub product: Option<String>,
    /// Such as `cloudtrail`.
    pub service: Option<String>,
    /// Such as `dns`.
    pub category: Option<String>,
}

/// What a condition says of the searches.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The search with this place is true.
    Search(usize),
    /// It is not true.
    Not(Box<Condition>),
    /// All are true.
    All(Vec<Condition>),
    /// At least one is true.
    Any(Vec<Condition>),
}

/// What is looked for in an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Search {
    /// All are true.
    All(Vec<Search>),
    /// At least one is true.
    Any(Vec<Search>),
    /// A field, or anything in the event where none is named.
    Item {
        /// The field's name, as the log's vendor has it.
        field: Option<String>,
        /// What is asked of it.
        test: Test,
    },
}

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Its text fits a pattern.
    Text {
        /// The pattern.
        pattern: Pattern,
        /// Whether upper and lower case are told apart.
        cased: bool,
    },
    /// It is the number.
    Number(String),
    /// It is true or false.
    Bool(bool),
    /// There is none.
    Null,
    /// There is one, or there is none.
    Exists(bool),
    /// Its text holds a match of the expression.
    Regex(String),
    /// It is an address of the network.
    Network(String),
    /// It is less or greater than the number.
    Order(Order, String),
    /// It is a time, a part of which compares so with the number.
    Part(TimePart, Order, String),
    /// It is, or holds, the text of another field.
    Field {
        /// The other field.
        name: String,
        /// Where the other's text stands in it.
        place: Place,
        /// Whether upper and lower case are told apart.
        cased: bool,
    },
    /// It is not so.
    Not(Box<Test>),
}

/// A part of a time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimePart {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Of the month, 1 to 31.
    Day,
    /// 1 to 53, as ISO 8601 counts them.
    Week,
    /// 1 to 12.
    Month,
    /// The year.
    Year,
}

impl TimePart {
    /// Every part.
    pub const ALL: [Self; 6] = [
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Year,
    ];

    /// The modifier's name, which is that of SQL's function, too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// A comparison of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
}

impl Order {
    /// How SQL spells it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "=",
            Self::NotEqual => "<>",
        }
    }
}

/// Where a text stands in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is all of it.
    Whole,
    /// Anywhere in it.
    Inside,
    /// At its start.
    Start,
    /// At its end.
    End,
}

#[cfg(test)]
mod tests;
