//! What a piece of the screen is.

macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $role:ident = $name:literal,)+) => {
        /// What a piece of the screen is; a theme says how it looks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[doc = $doc])+ $role,)+
        }

        impl Role {
            /// Every role, in the order of their discriminants.
            pub const ALL: &'static [Self] = &[$(Self::$role,)+];

            /// The role's name in a theme file.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)+
                }
            }
        }
    };
}

roles! {
    /// The screen's own ground and ordinary text.
    Text = "text",
    /// Text of less weight.
    Dim = "dim",
    /// The frame of a pane.
    Border = "border",
    /// The frame of the pane that has the keys.
    BorderFocused = "border_focused",
    /// A pane's title.
    Title = "title",
    /// The status line.
    Status = "status",
    /// The labels in the status line.
    StatusKey = "status_key",
    /// The footer.
    Footer = "footer",
    /// A key to press.
    Key = "key",
    /// The selected row.
    Selection = "selection",
    /// The selected cell, or the selected row of a list.
    Cursor = "cursor",
    /// A marked row.
    Marked = "marked",
    /// The head of a column.
    Header = "header",
    /// The number of a row.
    RowNumber = "row_number",
    /// A place that find has found.
    Match = "match",
    /// SQL NULL, and the sign of an empty string.
    Null = "null",
    /// What stands for a character that must not be drawn.
    Escape = "escape",
    /// A number in data.
    Number = "number",
    /// A time in data.
    Time = "time",
    /// A value that one can pivot on.
    Entity = "entity",
    /// A field to type into.
    Input = "input",
    /// The label of a field.
    InputLabel = "input_label",
    /// What stands in an empty field or pane.
    Placeholder = "placeholder",
    /// The ground of a dialog.
    Overlay = "overlay",
    /// Done well.
    Ok = "ok",
    /// To be looked at.
    Warn = "warn",
    /// Failed.
    Error = "error",
    /// To be known.
    Info = "info",
    /// The done part of a progress bar.
    Progress = "progress",
    /// The rest of a progress bar.
    ProgressRest = "progress_rest",
    /// The track of a scrollbar.
    Scrollbar = "scrollbar",
    /// The moving part of a scrollbar.
    ScrollbarThumb = "scrollbar_thumb",
    /// A ticked step.
    Done = "done",
    /// A note to a step.
    Note = "note",
    /// OCSF severity 0.
    SeverityUnknown = "severity_unknown",
    /// OCSF severity 1.
    SeverityInformational = "severity_informational",
    /// OCSF severity 2.
    SeverityLow = "severity_low",
    /// OCSF severity 3.
    SeverityMedium = "severity_medium",
    /// OCSF severity 4.
    SeverityHigh = "severity_high",
    /// OCSF severity 5.
    SeverityCritical = "severity_critical",
    /// OCSF severity 6.
    SeverityFatal = "severity_fatal",
    /// OCSF severity 99.
    SeverityOther = "severity_other",
    /// A keyword of SQL.
    SqlKeyword = "sql_keyword",
    /// A function's name.
    SqlFunction = "sql_function",
    /// A type's name.
    SqlType = "sql_type",
    /// A text literal.
    SqlString = "sql_string",
    /// A number literal.
    SqlNumber = "sql_number",
    /// A comment.
    SqlComment = "sql_comment",
    /// An operator or a bracket.
    SqlOperator = "sql_operator",
    /// A name.
    SqlIdentifier = "sql_identifier",
    /// A parameter.
    SqlParameter = "sql_parameter",
    /// What cannot be read, such as an open string.
    SqlError = "sql_error",
}

impl Role {
    /// The role of a name in a theme file.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// The role of an OCSF severity id.
    pub fn severity(id: i64) -> Self {
        match id {
            1 => Self::SeverityInformational,
            2 => Self::SeverityLow,
            3 => Self::SeverityMedium,
            4 => Self::SeverityHigh,
            5 => Self::SeverityCritical,
            6 => Self::SeverityFatal,
            99 => Self::SeverityOther,
            _ => Self::SeverityUnknown,
        }
    }
}
