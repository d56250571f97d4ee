//! Room for statements that nest: a stack of their own to be parsed and rewritten on, chains of
//! AND and OR as balanced trees, and a limit for everything else that makes a tree deep.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Statement, VisitMut, VisitorMut};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::rewrite::take;
use super::text::{SqlText, position, too_deep};
use crate::domain::query::{QueryError, QueryErrorKind};

/// Brackets of any kind that may be open at once.
const MAX_OPEN_BRACKETS: usize = 120;

/// Tokens that may follow each other without a comma, AND, OR or the start of a clause: a sum of a
/// thousand terms is a tree a thousand levels deep.
const MAX_RUN: usize = 1_500;

/// Set operations in one statement, each of which is a level of its tree.
const MAX_SET_OPERATIONS: usize = 250;

/// The stack of the thread on which a statement is translated; only what is used is taken.
const STACK_BYTES: usize = 128 << 20;

/// Runs the translation on a stack that the limits of this file fit in, whatever the caller's is.
pub(super) fn on_deep_stack<T: Send>(
    translate: impl FnOnce() -> Result<T, QueryError> + Send,
) -> Result<T, QueryError> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("translate".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, translate)
            .map_err(|error| {
                QueryError::new(
                    QueryErrorKind::Resources,
                    format!("No thread could be started: {error}"),
                )
            })?
            .join()
            .unwrap_or_else(|_| {
                Err(QueryError::new(
                    QueryErrorKind::Internal,
                    "The statement could not be translated",
                )
                .with_hint("This is a fault of the program: please report the statement"))
            })
    })
}

/// Refuses a text whose tree would be too deep.
pub(super) fn check(text: &SqlText) -> Result<(), QueryError> {
    let mut runs = vec![0_usize];
    let mut set_operations = 0;
    for token in &text.tokens {
        let deep = match &token.token {
            Token::LParen | Token::LBracket => {
                runs.push(0);
                runs.len() > MAX_OPEN_BRACKETS
            }
            Token::RParen | Token::RBracket if runs.len() > 1 => {
                runs.pop();
                false
            }
            Token::Comma => {
                runs.pop();
                runs.push(0);
                false
            }
            Token::Word(word) if starts_anew(word.keyword) => {
                runs.pop();
                runs.push(0);
                let set = matches!(
                    word.keyword,
                    Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT
                );
                set_operations += usize::from(set);
                set_operations > MAX_SET_OPERATIONS
            }
            _ => runs.last_mut().is_some_and(|run| {
                *run += 1;
                *run > MAX_RUN
            }),
        };
        if deep {
            return Err(too_deep().at(position(token.span.start)));
        }
    }
    Ok(())
}

fn starts_anew(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::AND
            | Keyword::OR
            | Keyword::SELECT
            | Keyword::FROM
            | Keyword::WHERE
            | Keyword::HAVING
            | Keyword::GROUP
            | Keyword::ORDER
            | Keyword::JOIN
            | Keyword::ON
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE
            | Keyword::UNION
            | Keyword::INTERSECT
            | Keyword::EXCEPT
    )
}

/// Makes balanced trees of all chains of AND and of OR; they mean the same.
pub(super) fn balance(statement: &mut Statement) {
    let _ = VisitMut::visit(statement, &mut Balance);
}

/// Chains shorter than this stay as they are.
const SHORT: usize = 8;

struct Balance;

impl VisitorMut for Balance {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp {
            op: op @ (BinaryOperator::And | BinaryOperator::Or),
            ..
        } = expr
        {
            let op = op.clone();
            let mut operands = Vec::new();
            let mut rest = take(expr);
            loop {
                match rest {
                    Expr::BinaryOp {
                        left,
                        op: same,
                        right,
                    } if same == op => {
                        operands.push(*right);
                        rest = *left;
                    }
                    first => {
                        operands.push(first);
                        break;
                    }
                }
            }
            operands.reverse();
            *expr = if operands.len() < SHORT {
                chain(operands, &op)
            } else {
                tree(operands, &op)
            };
        }
        ControlFlow::Continue(())
    }
}

fn join(left: Expr, op: &BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op: op.clone(),
        right: Box::new(right),
    }
}

fn chain(operands: Vec<Expr>, op: &BinaryOperator) -> Expr {
    operands
        .into_iter()
        .reduce(|left, right| join(left, op, right))
        .unwrap_or_else(|| super::ast::boolean(*op == BinaryOperator::And))
}

fn tree(mut operands: Vec<Expr>, op: &BinaryOperator) -> Expr {
    if operands.len() < SHORT {
        return chain(operands, op);
    }
    let right = operands.split_off(operands.len() / 2);
    join(tree(operands, op), op, tree(right, op))
}
