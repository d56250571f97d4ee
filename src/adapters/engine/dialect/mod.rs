//! Athena's SQL (engine v3: Trino's language) on DataFusion, in one readable place.
//!
//! A statement goes through this folder in the order of its files: [`text`] splits it into tokens
//! and fixes what is a name; [`refusal`] turns away what is no query; [`parameters`] fills the `?`;
//! [`athena`] is the parser's dialect; [`rewrite`] walks the parsed statement once and calls on
//! the file of each concern; [`unnest`] plans what the planner has no plan for. What comes out is
//! a statement for DataFusion's own planner, in which columns stay plain columns and fields plain
//! field accesses, so that projections and filters still reach the Parquet scan.
//!
//! Nothing here knows a lake, a file or a table. What is not known is refused by name and place,
//! never approximated.

mod access;
mod ast;
mod athena;
mod calls;
mod cast;
mod checks;
mod clauses;
mod correlated;
mod depth;
mod derived;
mod errors;
mod exists;
mod guard;
mod hidden;
mod higher_order;
mod interval;
mod interval_multiply;
mod like;
mod lists;
mod locate;
mod membership;
mod multisets;
mod names;
mod numbers;
mod operators;
mod ordinals;
mod parameters;
mod refusal;
mod rewrite;
mod sample;
mod scope;
mod subqueries;
mod subscript;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod types;
mod unnest;
mod values;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::ScalarUDF;
use datafusion::sql::parser::Statement as DfStatement;
use sqlparser::ast::Statement;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};
use crate::domain::rows::Column;
use names::OutputNames;
use subqueries::Subqueries;
use text::SqlText;

/// How deep the parser may nest; brackets are limited before that.
const PARSER_DEPTH: usize = 400;

/// A statement of Athena's as DataFusion's planner reads it.
#[derive(Clone)]
pub struct Translated {
    /// The rewritten statement: a query, or EXPLAIN of one.
    pub statement: Statement,
    names: OutputNames,
    subqueries: Subqueries,
    text: Arc<SqlText>,
}

impl fmt::Debug for Translated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.statement)
    }
}

impl Translated {
    /// The statement for `SessionState::statement_to_plan`.
    pub fn plannable(&self) -> DfStatement {
        DfStatement::Statement(Box::new(self.statement.clone()))
    }

    /// The display names of the columns that a plan's schema has, by Trino's rule.
    pub fn columns(&self, schema: &Schema) -> Vec<Column> {
        let names = schema.fields().iter().enumerate();
        names
            .map(|(place, field)| Column {
                name: self.names.display(field.name(), place),
            })
            .collect()
    }

    /// A failure of planning this statement, with its place in the original text.
    pub fn locate(&self, error: QueryError) -> QueryError {
        locate::locate(error, &self.text)
    }

    /// The names before a place, each followed by a dot: `actor`, `user` before `name` in
    /// `actor.user.name`.
    pub fn path_before(&self, place: TextPosition) -> Vec<String> {
        self.text.path_before(place)
    }

    /// Every dotted name of the statement with the places of its parts.
    pub fn dotted(&self) -> Vec<Vec<(String, TextPosition)>> {
        self.text.dotted()
    }

    /// A failure of planning a statement with subqueries: where the planner has no plan for one,
    /// that subquery by name and place; else the failure itself.
    pub fn refuse_subquery(&self, error: QueryError) -> QueryError {
        self.subqueries.refuse(error)
    }
}

/// Translates one statement. `parameters` are the SQL literals for its `?`, in order.
///
/// # Errors
///
/// `Syntax` for a text that is no statement, `Refused` for a statement that is no query,
/// `Unsupported` for what the engine does not have, `Invalid` for parameters and literals that do
/// not fit; each with its place in the original text where it has one.
pub fn translate(sql: &str, parameters: &[String]) -> Result<Translated, QueryError> {
    depth::on_deep_stack(|| translate_here(sql, parameters))
}

fn translate_here(sql: &str, parameters: &[String]) -> Result<Translated, QueryError> {
    let mut text = SqlText::read(sql)?;
    refusal::check(&text)?;
    parameters::bind(&mut text, parameters)?;
    let mut statement = parse(&text)?;
    refusal::check_parsed(&statement)?;
    depth::balance(&mut statement);
    if let Statement::Query(query) = &mut statement {
        derived::select_values(query)?;
    }
    let (names, subqueries) = rewrite::rewrite(&mut statement, &text)?;
    Ok(Translated {
        statement,
        names,
        subqueries,
        text: Arc::new(text),
    })
}

/// Puts into a session what translated statements need beside the plain functions.
pub fn register(mut state: SessionStateBuilder) -> SessionStateBuilder {
    state
        .relation_planners()
        .get_or_insert_default()
        .insert(0, Arc::new(unnest::UnnestPlanner));
    state
        .expr_planners()
        .get_or_insert_default()
        .insert(0, Arc::new(operators::TrinoOperators));
    let rules = &mut state.analyzer().get_or_insert_default().rules;
    rules.insert(0, Arc::new(checks::TypeChecks));
    rules.insert(1, Arc::new(correlated::CorrelatedKeys));
    state
        .higher_order_functions()
        .get_or_insert_default()
        .extend(higher_order::functions());
    state.scalar_functions().get_or_insert_default().extend([
        Arc::new(ScalarUDF::from(ordinals::Ordinals::default())),
        Arc::new(ScalarUDF::from(
            interval_multiply::IntervalMultiply::default(),
        )),
        Arc::new(ScalarUDF::from(subscript::SubscriptFunction::default())),
    ]);
    state
}

fn parse(text: &SqlText) -> Result<Statement, QueryError> {
    let mut parser = Parser::new(&athena::Athena)
        .with_recursion_limit(PARSER_DEPTH)
        .with_tokens_with_locations(values::bracket(values::select(text.tokens.clone())));
    while parser.consume_token(&Token::SemiColon) {}
    let statement = parser.parse_statement().map_err(|error| {
        let error = errors::from_parser(&error);
        // The parser tells no place where it meets the end of the text.
        match error.position {
            None => error.at(text.end()),
            Some(_) => error,
        }
    })?;
    let end = parser.peek_token();
    if end.token != Token::EOF && end.token != Token::SemiColon {
        return Err(QueryError::new(
            QueryErrorKind::Syntax,
            format!("The statement should end before “{}”", end.token),
        )
        .at(text::position(end.span.start)));
    }
    while parser.consume_token(&Token::SemiColon) {}
    let next = parser.peek_token();
    if next.token != Token::EOF {
        return Err(
            errors::refused("There are several statements, and one is run at a time")
                .at(text::position(next.span.start))
                .with_hint("Run the statement under the cursor, or remove the others"),
        );
    }
    Ok(statement)
}
