//! UNNEST in FROM: `FROM t, UNNEST(t.xs) AS u(x)`, `CROSS JOIN UNNEST`, `LEFT JOIN UNNEST … ON
//! TRUE`, `WITH ORDINALITY`, maps, several arguments, chains.
//!
//! [`fold`] ties each UNNEST to all that stands before it in FROM, in the statement; [`UnnestPlanner`]
//! plans the pair as a projection, an unnest and a projection that names the new columns.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{
    Column, DFSchema, NullHandling, Result, TableReference, UnnestOptions, plan_datafusion_err,
    plan_err,
};
use datafusion::functions::core::get_field;
use datafusion::functions_nested::map_entries::map_entries;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, ScalarUDF, lit,
};
use sqlparser::ast::{
    self, FunctionArg, FunctionArgExpr, Join, JoinConstraint, JoinOperator, Select, TableAlias,
    TableFactor, TableWithJoins, Value, ValueWithSpan,
};

use super::errors::{planning, unsupported};
use super::ordinals::Ordinals;

/// Ties every UNNEST of a FROM to the relations before it.
pub(super) fn fold(select: &mut Select) {
    let mut parts: Vec<TableWithJoins> = Vec::new();
    for item in std::mem::take(&mut select.from) {
        if is_unnest(&item.relation)
            && let Some(left) = cross(std::mem::take(&mut parts))
        {
            let mut joins = vec![Join {
                relation: item.relation,
                global: false,
                join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
            }];
            joins.extend(item.joins);
            parts.push(fold_joins(TableWithJoins {
                relation: left,
                joins,
            }));
        } else {
            parts.push(fold_joins(item));
        }
    }
    select.from = parts;
}

fn fold_joins(item: TableWithJoins) -> TableWithJoins {
    let mut folded = TableWithJoins {
        relation: item.relation,
        joins: Vec::new(),
    };
    for join in item.joins {
        if is_unnest(&join.relation) {
            folded = TableWithJoins {
                relation: nested(TableWithJoins {
                    relation: grouped(folded),
                    joins: vec![join],
                }),
                joins: Vec::new(),
            };
        } else {
            folded.joins.push(join);
        }
    }
    folded
}

/// The relations of a comma list as one factor.
fn cross(parts: Vec<TableWithJoins>) -> Option<TableFactor> {
    let mut parts = parts.into_iter();
    let mut all = TableWithJoins {
        relation: grouped(parts.next()?),
        joins: Vec::new(),
    };
    for part in parts {
        all.joins.push(Join {
            relation: grouped(part),
            global: false,
            join_operator: JoinOperator::CrossJoin(JoinConstraint::None),
        });
    }
    Some(grouped(all))
}

fn grouped(item: TableWithJoins) -> TableFactor {
    if item.joins.is_empty() {
        item.relation
    } else {
        nested(item)
    }
}

fn nested(item: TableWithJoins) -> TableFactor {
    TableFactor::NestedJoin {
        table_with_joins: Box::new(item),
        alias: None,
    }
}

/// Reads `UNNEST(…)`, which the parser takes for a call of a table function, as what it is.
pub(super) fn recognize(factor: &mut TableFactor) {
    let TableFactor::Table {
        name,
        alias,
        args: Some(args),
        with_ordinality,
        ..
    } = factor
    else {
        return;
    };
    let [part] = name.0.as_slice() else {
        return;
    };
    if part.as_ident().is_none_or(|name| name.value != "unnest") {
        return;
    }
    let arrays: Option<Vec<ast::Expr>> = args
        .args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            _ => None,
        })
        .collect();
    if let Some(array_exprs) = arrays {
        *factor = TableFactor::UNNEST {
            alias: alias.take(),
            array_exprs,
            with_offset: false,
            with_offset_alias: None,
            with_ordinality: *with_ordinality,
        };
    }
}

fn is_unnest(relation: &TableFactor) -> bool {
    matches!(relation, TableFactor::UNNEST { .. })
}

/// Plans UNNEST, alone or beside the relations it reads from.
#[derive(Debug)]
pub(super) struct UnnestPlanner;

impl RelationPlanner for UnnestPlanner {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let (left, unnest, keep_all) = match relation {
            TableFactor::UNNEST { .. } => (
                LogicalPlanBuilder::empty(true).build()?,
                Unnest::read(relation)?,
                false,
            ),
            TableFactor::NestedJoin {
                mut table_with_joins,
                alias: None,
            } if matches!(table_with_joins.joins.as_slice(), [join] if is_unnest(&join.relation)) =>
            {
                let Some(join) = table_with_joins.joins.pop() else {
                    return plan_err!("UNNEST without its join");
                };
                let keep_all = keeps_all(&join.join_operator)?;
                let left = context.plan(table_with_joins.relation)?;
                (left, Unnest::read(join.relation)?, keep_all)
            }
            other => return Ok(RelationPlanning::Original(Box::new(other))),
        };
        let plan = unnest.plan(left, keep_all, context)?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            plan, None,
        ))))
    }
}

/// Whether a join keeps rows whose arrays are empty or NULL.
fn keeps_all(operator: &JoinOperator) -> Result<bool> {
    let (constraint, keep_all) = match operator {
        JoinOperator::CrossJoin(constraint)
        | JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint) => (constraint, false),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (constraint, true),
        _ => return Err(planning(unsupported("RIGHT and FULL JOIN UNNEST"))),
    };
    match constraint {
        JoinConstraint::None => Ok(keep_all),
        JoinConstraint::On(ast::Expr::Value(ValueWithSpan {
            value: Value::Boolean(true),
            ..
        })) => Ok(keep_all),
        _ => Err(planning(unsupported(
            "JOIN UNNEST with a condition other than ON TRUE",
        ))),
    }
}

struct Unnest {
    arrays: Vec<ast::Expr>,
    alias: Option<TableAlias>,
    ordinality: bool,
}

/// An argument of UNNEST once it is typed: the list, and the columns it becomes.
struct Argument {
    list: Expr,
    /// The fields of the list's rows, which Trino spreads over columns.
    fields: Option<Vec<FieldRef>>,
    /// A map always becomes two columns.
    map: bool,
}

impl Unnest {
    fn read(relation: TableFactor) -> Result<Self> {
        match relation {
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset: false,
                with_offset_alias: None,
                with_ordinality,
            } if !array_exprs.is_empty() => Ok(Self {
                arrays: array_exprs,
                alias,
                ordinality: with_ordinality,
            }),
            _ => Err(planning(unsupported("this form of UNNEST"))),
        }
    }

    fn plan(
        self,
        left: LogicalPlan,
        keep_all: bool,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<LogicalPlan> {
        let schema = Arc::clone(left.schema());
        let arguments = self
            .arrays
            .into_iter()
            .map(|array| Argument::new(context.sql_to_expr(array, &schema)?, &schema))
            .collect::<Result<Vec<_>>>()?;
        let (relation, names) = match self.alias {
            Some(alias) => (
                Some(TableReference::bare(context.normalize_ident(alias.name))),
                alias
                    .columns
                    .into_iter()
                    .map(|column| context.normalize_ident(column.name))
                    .collect(),
            ),
            None => (None, Vec::new()),
        };
        let spread = spread(&arguments, names.len(), self.ordinality)?;

        let kept: Vec<Expr> = schema
            .iter()
            .map(|(qualifier, field)| Expr::Column(Column::from((qualifier, field))))
            .collect();
        let mut inner = kept.clone();
        let mut lists = Vec::new();
        for (place, argument) in arguments.iter().enumerate() {
            let column = Column::new_unqualified(format!("#unnest{place}"));
            inner.push(argument.list.clone().alias(column.name.clone()));
            lists.push(column);
        }
        let ordinality = Column::new_unqualified("#ordinality");
        if self.ordinality {
            let all = arguments.iter().map(|argument| argument.list.clone());
            let ordinals = ScalarUDF::from(Ordinals::default()).call(all.collect());
            inner.push(ordinals.alias(ordinality.name.clone()));
            lists.push(ordinality.clone());
        }

        let mut names = names.into_iter();
        let mut outer = kept;
        let mut push = |value: Expr, natural: &str| {
            let name = names.next().unwrap_or_else(|| natural.to_owned());
            outer.push(value.alias_qualified(relation.clone(), name));
        };
        for (place, argument) in arguments.iter().enumerate() {
            let element = Expr::Column(lists[place].clone());
            match &argument.fields {
                Some(fields) if spread || argument.map => {
                    for field in fields {
                        let value = get_field().call(vec![element.clone(), lit(field.name())]);
                        push(value, field.name());
                    }
                }
                _ => push(element, &format!("#{place}")),
            }
        }
        if self.ordinality {
            push(Expr::Column(ordinality), "ordinality");
        }

        let nulls = if keep_all {
            NullHandling::PreserveAndExpandEmpty
        } else {
            NullHandling::Drop
        };
        LogicalPlanBuilder::from(left)
            .project(inner)?
            .unnest_columns_with_options(lists, UnnestOptions::new().with_null_handling(nulls))?
            .project(outer)?
            .build()
    }
}

impl Argument {
    fn new(value: Expr, schema: &DFSchema) -> Result<Self> {
        let data_type = value.get_type(schema)?;
        let (list, element, map) = match &data_type {
            DataType::Map(entries, _) => {
                (map_entries(value), Some(entries.data_type().clone()), true)
            }
            DataType::List(element)
            | DataType::LargeList(element)
            | DataType::FixedSizeList(element, _)
            | DataType::ListView(element)
            | DataType::LargeListView(element) => (value, Some(element.data_type().clone()), false),
            other => {
                return Err(plan_datafusion_err!(
                    "UNNEST takes an array or a map, and this is of type {other}"
                ));
            }
        };
        let fields = match element {
            Some(DataType::Struct(fields)) => Some(fields.iter().cloned().collect()),
            _ => None,
        };
        Ok(Self { list, fields, map })
    }

    fn width(&self, spread: bool) -> usize {
        match &self.fields {
            Some(fields) if spread || self.map => fields.len(),
            _ => 1,
        }
    }
}

/// Whether rows are spread over columns. Trino does, while the queries that AWS publishes for
/// Athena give one name to the whole row: the number of names tells which is meant.
fn spread(arguments: &[Argument], names: usize, ordinality: bool) -> Result<bool> {
    let width = |spread| {
        arguments
            .iter()
            .map(|argument| argument.width(spread))
            .sum::<usize>()
            + usize::from(ordinality)
    };
    let (whole, spread) = (width(false), width(true));
    if names == 0 || (names == spread && names != whole) {
        Ok(true)
    } else if names == whole {
        Ok(false)
    } else {
        plan_err!(
            "The alias of UNNEST names {names} columns, and it has {}",
            if whole == spread {
                whole.to_string()
            } else {
                format!("{spread}, or {whole} with rows kept whole")
            }
        )
    }
}
