//! Whether conditions imply another: by what they say of one value at a time.
//!
//! A condition holds where it is true, not where it is NULL: each comparison says that its value is
//! there. Constants compare as the engine compares them: texts by their bytes, times as instants.

use std::cmp::Ordering;

use super::columns::{ColumnKind, Columns};
use super::literal::{End, Literal, Ordered};
use super::term::{Comparison, Term};

/// Alternatives that are looked into one inside the other.
const DEPTH: usize = 2;

/// Alternatives of one condition that are looked into.
const MOST_ALTERNATIVES: usize = 16;

/// What is known of the columns while conditions are compared.
#[derive(Debug)]
pub(super) struct Proof<'a> {
    columns: &'a Columns<'a>,
}

/// A bound, and whether the value itself is outside.
#[derive(Clone, Copy)]
struct Bound<'a> {
    value: Ordered<'a>,
    strict: bool,
}

/// What conditions say of one value.
#[derive(Default)]
struct Facts<'a> {
    low: Vec<Bound<'a>>,
    high: Vec<Bound<'a>>,
    /// It is one of these, for each list.
    among: Vec<Vec<Ordered<'a>>>,
    not: Vec<Ordered<'a>>,
}

impl<'a> Proof<'a> {
    pub(super) fn new(columns: &'a Columns<'a>) -> Self {
        Self { columns }
    }

    /// Whether a row for which all of `given` are true makes `goal` true.
    pub(super) fn implies(&self, given: &[Term], goal: &Term) -> bool {
        let given: Vec<&Term> = given.iter().collect();
        self.shows(&given, goal, DEPTH)
    }

    fn shows(&self, given: &[&Term], goal: &Term, depth: usize) -> bool {
        if given.contains(&goal) {
            return true;
        }
        let direct = match goal {
            Term::And(goals) => goals.iter().all(|goal| self.shows(given, goal, depth)),
            Term::Or(goals) => goals.iter().any(|goal| self.shows(given, goal, depth)),
            Term::In { subject, values } => self.shows_among(given, subject, values),
            Term::Compare { how, left, right } => match right.as_ref() {
                Term::Literal(bound) => self.shows_bound(given, left, *how, bound),
                _ => false,
            },
            Term::IsNull {
                subject,
                negated: true,
            } => given.iter().any(|term| needs_value(term, subject)),
            _ => false,
        };
        direct || depth > 0 && self.shows_in_every_case(given, goal, depth - 1)
    }

    /// One of the given conditions is an alternative, each side of which shows the goal.
    fn shows_in_every_case(&self, given: &[&Term], goal: &Term, depth: usize) -> bool {
        given.iter().enumerate().any(|(at, term)| {
            let Term::Or(cases) = term else { return false };
            cases.len() <= MOST_ALTERNATIVES
                && cases.iter().all(|case| {
                    let mut assumed: Vec<&Term> = given.to_vec();
                    assumed.remove(at);
                    match case {
                        Term::And(terms) => assumed.extend(terms),
                        one => assumed.push(one),
                    }
                    self.shows(&assumed, goal, depth)
                })
        })
    }

    fn shows_among(&self, given: &[&Term], subject: &Term, values: &[Literal]) -> bool {
        let Some(wanted) = values
            .iter()
            .map(Literal::certain)
            .collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        let Some(first) = wanted.first().copied() else {
            return false;
        };
        if !self.is_exact(subject, first) {
            return false;
        }
        let facts = self.facts(given, subject, first);
        let narrow = wanted.iter().all(|value| self.is_ordered(subject, *value));
        facts.among.iter().any(|list| {
            list.iter().all(|value| {
                wanted
                    .iter()
                    .any(|wanted| value.order(*wanted) == Some(Ordering::Equal))
                    || narrow && self.is_ordered(subject, *value) && facts.exclude(*value)
            })
        })
    }

    fn shows_bound(
        &self,
        given: &[&Term],
        subject: &Term,
        how: Comparison,
        bound: &Literal,
    ) -> bool {
        // The side of an uncertain bound that is harder to prove.
        let value = match how {
            Comparison::Lt | Comparison::Le => bound.at(End::Earliest),
            Comparison::Gt | Comparison::Ge => bound.at(End::Latest),
            Comparison::Ne => bound.certain(),
            Comparison::Eq => None,
        };
        let Some(value) = value.filter(|value| self.is_ordered(subject, *value)) else {
            return false;
        };
        let facts = self.facts(given, subject, value);
        let below = |strict: bool| {
            facts.high.iter().any(|high| match high.value.order(value) {
                Some(Ordering::Less) => true,
                Some(Ordering::Equal) => high.strict || !strict,
                _ => false,
            })
        };
        let above = |strict: bool| {
            facts.low.iter().any(|low| match low.value.order(value) {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => low.strict || !strict,
                _ => false,
            })
        };
        let all = |fits: &dyn Fn(Ordering) -> bool| {
            facts.among.iter().any(|list| {
                list.iter().all(|point| {
                    self.is_ordered(subject, *point)
                        && (point.order(value).is_some_and(fits) || facts.exclude(*point))
                })
            })
        };
        match how {
            Comparison::Lt => below(true) || all(&Ordering::is_lt),
            Comparison::Le => below(false) || all(&Ordering::is_le),
            Comparison::Gt => above(true) || all(&Ordering::is_gt),
            Comparison::Ge => above(false) || all(&Ordering::is_ge),
            Comparison::Ne => {
                let not = |not: &Ordered<'_>| not.order(value) == Some(Ordering::Equal);
                below(true) || above(true) || all(&Ordering::is_ne) || facts.not.iter().any(not)
            }
            Comparison::Eq => false,
        }
    }

    /// What is given of a value, as far as it is of the same kind as another.
    fn facts<'t>(&self, given: &[&'t Term], subject: &Term, like: Ordered<'_>) -> Facts<'t> {
        let mut facts = Facts::default();
        for term in given {
            match term {
                Term::Compare { how, left, right } if **left == *subject => {
                    if let Term::Literal(bound) = right.as_ref() {
                        facts.bound(*how, bound, like);
                    }
                }
                Term::In {
                    subject: other,
                    values,
                } if **other == *subject => facts.list(values, like),
                _ => {}
            }
        }
        facts
    }

    /// Whether the value is compared with such a constant as the constants compare.
    fn is_ordered(&self, subject: &Term, constant: Ordered<'_>) -> bool {
        match self.kind(subject) {
            Some(kind) => fits(&kind, constant),
            // Both engines refuse to compare a text with what is none, and so on, so that the
            // constant tells the column's type. A text may stand for a time of day; that of a day
            // such as 20260131 may not.
            None => match (subject, constant) {
                (Term::Path(_), Ordered::Text(text)) => {
                    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
                }
                (Term::Path(_), _) => true,
                _ => false,
            },
        }
    }

    /// Whether equal constants are equal values.
    fn is_exact(&self, subject: &Term, constant: Ordered<'_>) -> bool {
        self.kind(subject).is_none_or(|kind| fits(&kind, constant))
    }

    fn kind(&self, subject: &Term) -> Option<ColumnKind> {
        match subject {
            Term::Path(path) => self.columns.path(path).map(|(_, kind)| kind),
            Term::Call {
                name, arguments, ..
            } => match name.as_str() {
                "lower"
                | "upper"
                | "trim"
                | "ltrim"
                | "rtrim"
                | "reverse"
                | "replace"
                | "||"
                | "split_part"
                | "date_format"
                | "json_extract_scalar" => Some(ColumnKind::Text),
                "element_at" => self
                    .columns
                    .element(arguments.first()?)
                    .map(|(_, kind)| kind),
                "length" | "strpos" | "year" | "month" | "day" | "hour" | "minute" => {
                    Some(ColumnKind::Integer)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn fits(kind: &ColumnKind, constant: Ordered<'_>) -> bool {
    matches!(
        (kind, constant),
        (ColumnKind::Text, Ordered::Text(_))
            | (ColumnKind::Integer, Ordered::Int(_))
            | (ColumnKind::Timestamp, Ordered::Moment(_))
            | (ColumnKind::Date, Ordered::Day(_))
    )
}

impl<'a> Facts<'a> {
    fn bound(&mut self, how: Comparison, bound: &'a Literal, like: Ordered<'_>) {
        let (list, end, strict) = match how {
            // The side of an uncertain bound that says less.
            Comparison::Lt => (&mut self.high, End::Latest, true),
            Comparison::Le => (&mut self.high, End::Latest, false),
            Comparison::Gt => (&mut self.low, End::Earliest, true),
            Comparison::Ge => (&mut self.low, End::Earliest, false),
            Comparison::Ne => {
                self.not
                    .extend(bound.certain().filter(|v| v.order(like).is_some()));
                return;
            }
            Comparison::Eq => return,
        };
        let value = bound.at(end).filter(|value| value.order(like).is_some());
        list.extend(value.map(|value| Bound { value, strict }));
    }

    fn list(&mut self, values: &'a [Literal], like: Ordered<'_>) {
        let points = values
            .iter()
            .map(|value| value.certain().filter(|v| v.order(like).is_some()))
            .collect::<Option<Vec<_>>>();
        self.among.extend(points);
    }

    /// Whether the value cannot be this one.
    fn exclude(&self, point: Ordered<'_>) -> bool {
        let is = |value: Ordered<'_>, wrong: Ordering, strict: bool| match value.order(point) {
            Some(Ordering::Equal) => strict,
            Some(order) => order == wrong,
            None => false,
        };
        self.low
            .iter()
            .any(|low| is(low.value, Ordering::Greater, low.strict))
            || self
                .high
                .iter()
                .any(|high| is(high.value, Ordering::Less, high.strict))
            || self
                .not
                .iter()
                .any(|not| not.order(point) == Some(Ordering::Equal))
    }
}

/// Whether a condition is never true where the value is NULL.
fn needs_value(term: &Term, subject: &Term) -> bool {
    match term {
        Term::Compare { left, right, .. } => **left == *subject || **right == *subject,
        Term::In { subject: other, .. } | Term::Like { subject: other, .. } => **other == *subject,
        Term::IsNull {
            subject: other,
            negated: true,
        } => **other == *subject,
        _ => false,
    }
}
