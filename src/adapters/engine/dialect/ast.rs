//! Builders of syntax that the rewrites put in.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    LambdaFunction, LambdaFunctionParameter, LambdaSyntax, ObjectName, OneOrManyWithParens, Value,
    ValueWithSpan,
};
use sqlparser::tokenizer::Span;

/// A call of a plain function.
pub(super) fn call(name: &str, args: Vec<Expr>) -> Expr {
    call_at(name, args, Span::empty())
}

/// A call of a plain function that stands for something at a place of the original text.
pub(super) fn call_at(name: &str, args: Vec<Expr>, span: Span) -> Expr {
    let mut ident = Ident::with_quote('"', name);
    ident.span = span;
    Expr::Function(Function {
        name: ObjectName::from(vec![ident]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args
                .into_iter()
                .map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)))
                .collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// A string literal.
pub(super) fn string(text: impl Into<String>) -> Expr {
    value(Value::SingleQuotedString(text.into()))
}

/// A whole number; a negative one becomes a negated literal, as the planner wants it.
pub(super) fn integer(number: i64) -> Expr {
    let digits = value(Value::Number(number.unsigned_abs().to_string(), false));
    if number < 0 {
        Expr::UnaryOp {
            op: sqlparser::ast::UnaryOperator::Minus,
            expr: Box::new(digits),
        }
    } else {
        digits
    }
}

/// A truth value.
pub(super) fn boolean(truth: bool) -> Expr {
    value(Value::Boolean(truth))
}

/// A quoted name.
pub(super) fn ident(name: impl Into<String>) -> Ident {
    Ident::with_quote('"', name)
}

/// `parameter -> body`
pub(super) fn lambda(parameter: Ident, body: Expr) -> Expr {
    Expr::Lambda(LambdaFunction {
        params: OneOrManyWithParens::One(LambdaFunctionParameter {
            name: parameter,
            data_type: None,
        }),
        body: Box::new(body),
        syntax: LambdaSyntax::Arrow,
    })
}

/// The name of a call that is written as one plain word.
pub(super) fn call_name(function: &Function) -> Option<&str> {
    match function.name.0.as_slice() {
        [part] => part.as_ident().map(|ident| ident.value.as_str()),
        _ => None,
    }
}

/// The plain arguments of a call, unless it has clauses, names or a star among them.
pub(super) fn plain_args(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect()
}

/// A plain string literal's text.
pub(super) fn string_literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text),
            ..
        }) => Some(text),
        _ => None,
    }
}

fn value(value: Value) -> Expr {
    Expr::Value(value.with_empty_span())
}
