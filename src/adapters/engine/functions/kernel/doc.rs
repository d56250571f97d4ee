//! What a person is told about a function.

/// The families in which the functions are documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `if`, `coalesce`, `nullif` …
    Conditional,
    /// Casts and types.
    Conversion,
    /// Text.
    Strings,
    /// Regular expressions.
    Regexp,
    /// URLs.
    Url,
    /// Encodings and digests.
    Binary,
    /// Dates and times.
    Dates,
    /// JSON.
    Json,
    /// Arrays.
    Arrays,
    /// Maps.
    Maps,
    /// Functions that take a lambda.
    Lambdas,
    /// IP addresses.
    Network,
    /// Numbers.
    Math,
    /// Bits of integers.
    Bitwise,
    /// Aggregates.
    Aggregates,
    /// Window functions.
    Windows,
}

impl Family {
    /// The heading over the family.
    pub fn title(self) -> &'static str {
        match self {
            Self::Conditional => "Conditional",
            Self::Conversion => "Conversion",
            Self::Strings => "Strings",
            Self::Regexp => "Regular expressions",
            Self::Url => "URLs",
            Self::Binary => "Encodings and digests",
            Self::Dates => "Dates and times",
            Self::Json => "JSON",
            Self::Arrays => "Arrays",
            Self::Maps => "Maps",
            Self::Lambdas => "Functions with a lambda",
            Self::Network => "IP addresses",
            Self::Math => "Numbers",
            Self::Bitwise => "Bits",
            Self::Aggregates => "Aggregates",
            Self::Windows => "Window functions",
        }
    }
}

/// What a person is told about a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionDoc {
    /// The name by which it is called, in lower case.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// Where it is listed.
    pub family: Family,
    /// How it is called, such as `split(text, delimiter [, limit])`.
    pub signature: &'static str,
    /// What it gives, in one sentence without a full stop.
    pub purpose: &'static str,
    /// What differs from Trino, or is worth knowing; empty where nothing is.
    pub note: &'static str,
}
