//! Reads expressions as far as they are understood. What is read depends on its row alone,
//! gives the same each time, and raises no error, so that it does not matter which rows it is
//! worked out for. What is on no list has no [`Term`].

use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, ObjectName, UnaryOperator, Value, ValueWithSpan,
};

use super::functions::{AGGREGATES, SCALARS, is_total};
use super::literal::Literal;
use super::term::{Comparison, Term, is_plain};

/// Reads expressions of one statement.
pub(super) struct Terms<'a> {
    /// What may stand before a column to name its table.
    pub(super) qualifiers: &'a [Vec<String>],
    /// Its `current_timestamp`.
    pub(super) now: Literal,
}

impl Terms<'_> {
    pub(super) fn read(&self, expr: &Expr) -> Option<Term> {
        Some(match expr {
            Expr::Nested(inner) => self.read(inner)?,
            Expr::Identifier(name) => self.path(std::slice::from_ref(name)),
            Expr::CompoundIdentifier(names) => self.path(names),
            Expr::Value(value) => Term::Literal(Literal::read(&value.value)?),
            Expr::TypedString(typed) => Term::Literal(Literal::typed(
                &typed.data_type.to_string(),
                &typed.value.value,
            )?),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr)?,
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right)?,
            Expr::IsNull(inner) => self.is_null(inner, false)?,
            Expr::IsNotNull(inner) => self.is_null(inner, true)?,
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let subject = self.read(expr)?;
                let (low, high) = (self.read(low)?, self.read(high)?);
                if *negated {
                    Term::or([
                        Term::compare(Comparison::Lt, subject.clone(), low),
                        Term::compare(Comparison::Gt, subject, high),
                    ])
                } else {
                    Term::and([
                        Term::compare(Comparison::Ge, subject.clone(), low),
                        Term::compare(Comparison::Le, subject, high),
                    ])
                }
            }
            Expr::InList {
                expr,
                list,
                negated,
            } => self.in_list(self.read(expr)?, list, *negated)?,
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => Term::Like {
                subject: Box::new(self.read(expr)?),
                pattern: text(pattern)?,
                escape: match escape_char {
                    None => None,
                    Some(escape) => Some(value_text(&escape.value)?),
                },
                negated: *negated,
            },
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => Term::Case {
                operand: self.boxed(operand.as_deref())?,
                branches: conditions
                    .iter()
                    .map(|branch| Some((self.read(&branch.condition)?, self.read(&branch.result)?)))
                    .collect::<Option<_>>()?,
                otherwise: self.boxed(else_result.as_deref())?,
            },
            Expr::Function(function) => self.call(function)?,
            _ => return None,
        })
    }

    #[allow(
        clippy::option_option,
        reason = "outside: whether it is understood; inside: whether it is there"
    )]
    fn boxed(&self, expr: Option<&Expr>) -> Option<Option<Box<Term>>> {
        match expr {
            None => Some(None),
            Some(expr) => self.read(expr).map(|term| Some(Box::new(term))),
        }
    }

    fn path(&self, names: &[Ident]) -> Term {
        let path: Vec<String> = names.iter().map(|name| name.value.to_lowercase()).collect();
        let qualifier = self
            .qualifiers
            .iter()
            .filter(|qualifier| path.len() > qualifier.len() && path.starts_with(qualifier))
            .map(Vec::len)
            .max();
        Term::Path(path.into_iter().skip(qualifier.unwrap_or(0)).collect())
    }

    fn unary(&self, op: UnaryOperator, expr: &Expr) -> Option<Term> {
        match (op, expr) {
            (UnaryOperator::Not, _) => Some(Term::Not(Box::new(self.read(expr)?))),
            (
                UnaryOperator::Minus,
                Expr::Value(ValueWithSpan {
                    value: Value::Number(digits, false),
                    ..
                }),
            ) => Literal::number(digits, true).map(Term::Literal),
            _ => None,
        }
    }

    fn binary(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Term> {
        let how = match op {
            BinaryOperator::And => return Some(Term::and([self.read(left)?, self.read(right)?])),
            BinaryOperator::Or => return Some(Term::or([self.read(left)?, self.read(right)?])),
            BinaryOperator::StringConcat => {
                return Some(Term::Call {
                    name: "||".to_owned(),
                    distinct: false,
                    arguments: vec![self.read(left)?, self.read(right)?],
                });
            }
            BinaryOperator::Plus | BinaryOperator::Minus => {
                let back = *op == BinaryOperator::Minus;
                return match (left, right) {
                    (left, Expr::Interval(interval)) => self.moved(left, interval, back),
                    (Expr::Interval(interval), right) if !back => self.moved(right, interval, back),
                    _ => None,
                };
            }
            BinaryOperator::Eq => Comparison::Eq,
            BinaryOperator::NotEq => Comparison::Ne,
            BinaryOperator::Lt => Comparison::Lt,
            BinaryOperator::LtEq => Comparison::Le,
            BinaryOperator::Gt => Comparison::Gt,
            BinaryOperator::GtEq => Comparison::Ge,
            _ => return None,
        };
        Some(Term::compare(how, self.read(left)?, self.read(right)?))
    }

    fn moved(&self, start: &Expr, interval: &sqlparser::ast::Interval, back: bool) -> Option<Term> {
        match self.read(start)? {
            Term::Literal(start) => start.moved(interval, back).map(Term::Literal),
            _ => None,
        }
    }

    fn is_null(&self, inner: &Expr, negated: bool) -> Option<Term> {
        let subject = Box::new(self.read(inner)?);
        Some(Term::IsNull { subject, negated })
    }

    /// `a IN (…)` in its two forms: among constants, or one comparison for each.
    fn in_list(&self, subject: Term, list: &[Expr], negated: bool) -> Option<Term> {
        let items = list
            .iter()
            .map(|item| self.read(item))
            .collect::<Option<Vec<_>>>()?;
        let constants = items
            .iter()
            .map(|item| match item {
                Term::Literal(value) if !is_plain(value) => Some(value.clone()),
                _ => None,
            })
            .collect::<Option<Vec<_>>>();
        let each = |how: Comparison| {
            let subject = subject.clone();
            items
                .into_iter()
                .map(move |item| Term::compare(how, subject.clone(), item))
        };
        Some(match (negated, constants) {
            (true, _) => Term::and(each(Comparison::Ne)),
            (false, Some(values)) if !matches!(subject, Term::Literal(_)) => Term::In {
                subject: Box::new(subject),
                values,
            },
            (false, _) => Term::or(each(Comparison::Eq)),
        })
    }

    fn call(&self, function: &Function) -> Option<Term> {
        let name = function_name(&function.name)?;
        let plain = !function.uses_odbc_syntax
            && matches!(function.parameters, FunctionArguments::None)
            && function.filter.is_none()
            && function.null_treatment.is_none()
            && function.over.is_none()
            && function.within_group.is_empty();
        if !plain {
            return None;
        }
        let list = match &function.args {
            FunctionArguments::None if name == "current_timestamp" => {
                return Some(Term::Literal(self.now.clone()));
            }
            FunctionArguments::List(list) if list.clauses.is_empty() => list,
            _ => return None,
        };
        if name == "now" && list.args.is_empty() {
            return Some(Term::Literal(self.now.clone()));
        }
        let aggregate = AGGREGATES.contains(&name.as_str());
        if !aggregate && !SCALARS.contains(&name.as_str()) {
            return None;
        }
        let distinct = match list.duplicate_treatment {
            None => false,
            Some(DuplicateTreatment::Distinct) if name == "count" => true,
            Some(_) => return None,
        };
        let star = |argument: &FunctionArg| {
            matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Wildcard))
        };
        let arguments = if name == "count" && !distinct && list.args.iter().all(star) {
            (list.args.len() == 1).then(Vec::new)?
        } else {
            list.args
                .iter()
                .map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.read(expr),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()?
        };
        if aggregate && (arguments.len() > 1 || arguments.is_empty() && name != "count") {
            return None;
        }
        if !is_total(&name, &arguments) {
            return None;
        }
        Some(Term::Call {
            name,
            distinct,
            arguments,
        })
    }
}

fn function_name(name: &ObjectName) -> Option<String> {
    match name.0.as_slice() {
        [only] => Some(only.as_ident()?.value.to_lowercase()),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => value_text(&value.value),
        _ => None,
    }
}

fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::SingleQuotedString(text) => Some(text.clone()),
        _ => None,
    }
}
