//! An expression as far as it is understood: what conditions and columns are made of.

use super::functions::AGGREGATES;
use super::literal::Literal;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    /// A column of the table, and the fields that lead into it, in lower case.
    Path(Vec<String>),
    Literal(Literal),
    Compare {
        how: Comparison,
        left: Box<Term>,
        right: Box<Term>,
    },
    /// Equal to one of some constants, none of which is NULL.
    In {
        subject: Box<Term>,
        values: Vec<Literal>,
    },
    IsNull {
        subject: Box<Term>,
        negated: bool,
    },
    Like {
        subject: Box<Term>,
        pattern: String,
        escape: Option<String>,
        negated: bool,
    },
    And(Vec<Term>),
    Or(Vec<Term>),
    Not(Box<Term>),
    Case {
        operand: Option<Box<Term>>,
        branches: Vec<(Term, Term)>,
        otherwise: Option<Box<Term>>,
    },
    /// A call; `count(*)` has no arguments, `||` is a name like others.
    Call {
        name: String,
        distinct: bool,
        arguments: Vec<Term>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Comparison {
    /// The same with its sides changed.
    fn flipped(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }

    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

impl Term {
    /// A comparison in its one form: a constant stands right, and what equals one is [`Term::In`].
    pub(super) fn compare(how: Comparison, left: Self, right: Self) -> Self {
        let (how, left, right) = match (&left, &right) {
            (Self::Literal(_), Self::Literal(_)) => (how, left, right),
            (Self::Literal(_), _) => (how.flipped(), right, left),
            _ => (how, left, right),
        };
        match right {
            Self::Literal(value) if how == Comparison::Eq && !is_plain(&value) => Self::In {
                subject: Box::new(left),
                values: vec![value],
            },
            right => Self::Compare {
                how,
                left: Box::new(left),
                right: Box::new(right),
            },
        }
    }

    /// The conditions that hold together where this one does.
    pub(super) fn conjuncts(self) -> Vec<Self> {
        match self {
            Self::And(terms) => terms,
            other => vec![other],
        }
    }

    pub(super) fn and(terms: impl IntoIterator<Item = Self>) -> Self {
        Self::And(terms.into_iter().flat_map(Self::conjuncts).collect())
    }

    pub(super) fn or(terms: impl IntoIterator<Item = Self>) -> Self {
        let flat = |term| match term {
            Self::Or(terms) => terms,
            other => vec![other],
        };
        Self::Or(terms.into_iter().flat_map(flat).collect())
    }

    /// Every term inside, this one first.
    pub(super) fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self) || self.parts().into_iter().any(|part| part.any(test))
    }

    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Path(_) | Self::Literal(_) => Vec::new(),
            Self::Compare { left, right, .. } => vec![left, right],
            Self::In { subject, .. }
            | Self::IsNull { subject, .. }
            | Self::Like { subject, .. } => {
                vec![subject]
            }
            Self::Not(inner) => vec![inner],
            Self::And(terms) | Self::Or(terms) => terms.iter().collect(),
            Self::Call { arguments, .. } => arguments.iter().collect(),
            Self::Case {
                operand,
                branches,
                otherwise,
            } => {
                let mut parts: Vec<&Self> = operand.as_deref().into_iter().collect();
                parts.extend(branches.iter().flat_map(|(when, then)| [when, then]));
                parts.extend(otherwise.as_deref());
                parts
            }
        }
    }

    /// Whether it works over many rows.
    pub(super) fn is_aggregate(&self) -> bool {
        self.any(
            &|term| matches!(term, Self::Call { name, .. } if AGGREGATES.contains(&name.as_str())),
        )
    }
}

pub(super) fn is_plain(value: &Literal) -> bool {
    matches!(value, Literal::Plain(_))
}
