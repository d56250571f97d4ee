//! What a predicate asks of single columns, as far as the distinct texts of a column answer it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::physical_expr::PhysicalExpr;

use super::Chance;
use super::page::{Dictionaries, Place};
use crate::adapters::engine::schema::TableColumns;

/// A step from a table's row to a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// A column, or a field of a struct.
    Field(String),
    /// An element of an array, whichever.
    Element,
    /// A value of a map, whichever.
    Value,
}

/// The column that stands for a text in a test.
const TEXT: &str = "text";

/// A predicate, taken apart into tests of one text each. Whoever evaluates it learns too much
/// rather than too little: what is not understood may be true.
#[derive(Debug)]
pub(super) enum Question {
    /// One of them is true.
    Any(Vec<Question>),
    /// All of them are true.
    All(Vec<Question>),
    /// The text at a path passes a test.
    Text {
        path: Vec<Step>,
        test: Arc<dyn PhysicalExpr>,
        schema: SchemaRef,
    },
    /// It may be true.
    Open,
}

impl Question {
    /// The question that filters ask together; `None` where no dictionary can answer it.
    pub(super) fn of(
        session: &dyn Session,
        filters: &[Expr],
        columns: &TableColumns,
    ) -> Option<Self> {
        let asker = Asker { session, columns };
        let parts = filters
            .iter()
            .map(|filter| asker.ask(filter, &HashMap::new()))
            .collect();
        let question = Self::All(parts).simple();
        (!matches!(question, Self::Open)).then_some(question)
    }

    /// Without what cannot decide anything.
    fn simple(self) -> Self {
        match self {
            Self::Any(parts) => {
                let parts: Vec<Self> = parts.into_iter().map(Self::simple).collect();
                // One that may always be true decides the rest; but a good chance is still told.
                match parts.iter().all(|part| matches!(part, Self::Open)) {
                    true => Self::Open,
                    false => Self::Any(parts),
                }
            }
            Self::All(parts) => {
                let parts = parts.into_iter().map(Self::simple);
                let parts: Vec<Self> = parts.filter(|part| !matches!(part, Self::Open)).collect();
                match parts.is_empty() {
                    true => Self::Open,
                    false => Self::All(parts),
                }
            }
            other => other,
        }
    }

    /// What the dictionaries of a file say.
    pub(super) fn chance(&self, file: &mut Dictionaries<'_>) -> Chance {
        match self {
            Self::Open => Chance::Some,
            Self::Any(parts) => {
                let mut best = Chance::None;
                for part in parts {
                    best = best.max(part.chance(file));
                    if best == Chance::Good {
                        break;
                    }
                }
                best
            }
            Self::All(parts) => {
                let mut least = Chance::Good;
                for part in parts {
                    least = least.min(part.chance(file));
                    if least == Chance::None {
                        break;
                    }
                }
                least
            }
            Self::Text { path, test, schema } => match file.find(path) {
                Place::Other => Chance::Some,
                Place::Absent => {
                    let null: ArrayRef = Arc::new(StringViewArray::new_null(1));
                    passes(test, schema, &null)
                }
                Place::Leaf(leaf) => {
                    let mut best = Chance::None;
                    for group in 0..file.groups() {
                        let chance = match file.texts(leaf, group) {
                            Some(texts) => passes(test, schema, &texts),
                            None => Chance::Some,
                        };
                        best = best.max(chance);
                        if best == Chance::Good {
                            break;
                        }
                    }
                    best
                }
            },
        }
    }
}

/// Whether any of the texts passes.
fn passes(test: &Arc<dyn PhysicalExpr>, schema: &SchemaRef, texts: &ArrayRef) -> Chance {
    let tried = || {
        let texts = cast(texts, schema.field(0).data_type()).ok()?;
        let count = texts.len();
        let batch = RecordBatch::try_new(Arc::clone(schema), vec![texts]).ok()?;
        let passed = test.evaluate(&batch).ok()?.into_array(count).ok()?;
        Some(as_boolean_array(&passed).ok()?.true_count() > 0)
    };
    match tried() {
        Some(true) => Chance::Good,
        Some(false) => Chance::None,
        None => Chance::Some,
    }
}

/// A path and the type of what lies there.
type Path = (Vec<Step>, DataType);

struct Asker<'a> {
    session: &'a dyn Session,
    columns: &'a TableColumns,
}

impl Asker<'_> {
    /// What an expression asks, the lambdas around it having bound these variables.
    fn ask(&self, expr: &Expr, bound: &HashMap<String, Path>) -> Question {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if *op == Operator::Or => {
                Question::Any(vec![self.ask(left, bound), self.ask(right, bound)])
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if *op == Operator::And => {
                Question::All(vec![self.ask(left, bound), self.ask(right, bound)])
            }
            Expr::HigherOrderFunction(call) if call.name() == "array_any_match" => {
                match call.args.as_slice() {
                    [list, Expr::Lambda(lambda)] => match lambda.params.as_slice() {
                        [name] => match self.elements(list, bound) {
                            Some(element) => {
                                let mut bound = bound.clone();
                                bound.insert(name.clone(), element);
                                self.ask(&lambda.body, &bound)
                            }
                            None => Question::Open,
                        },
                        _ => Question::Open,
                    },
                    _ => Question::Open,
                }
            }
            other => self.test(other, bound).unwrap_or(Question::Open),
        }
    }

    /// Any element of a list, any value of a map.
    fn elements(&self, list: &Expr, bound: &HashMap<String, Path>) -> Option<Path> {
        if let Expr::ScalarFunction(call) = list
            && call.name() == "map_values"
            && let [map] = call.args.as_slice()
        {
            let (mut path, data_type) = self.path(map, bound)?;
            let DataType::Map(entries, _) = data_type else {
                return None;
            };
            let DataType::Struct(fields) = entries.data_type() else {
                return None;
            };
            path.push(Step::Value);
            return Some((path, fields.get(1)?.data_type().clone()));
        }
        let (mut path, data_type) = self.path(list, bound)?;
        let (DataType::List(item) | DataType::LargeList(item)) = data_type else {
            return None;
        };
        path.push(Step::Element);
        Some((path, item.data_type().clone()))
    }

    /// The path that an expression is, if it is one.
    fn path(&self, expr: &Expr, bound: &HashMap<String, Path>) -> Option<Path> {
        match expr {
            Expr::Column(column) => {
                let field = self.columns.file.field_with_name(&column.name).ok()?;
                let path = vec![Step::Field(column.name.clone())];
                Some((path, field.data_type().clone()))
            }
            Expr::LambdaVariable(variable) => bound.get(&variable.name).cloned(),
            Expr::ScalarFunction(call) if call.name() == "get_field" => {
                let (base, names) = call.args.split_first()?;
                let (mut path, mut data_type) = self.path(base, bound)?;
                for name in names {
                    let Expr::Literal(name, _) = name else {
                        return None;
                    };
                    let name = name.try_as_str()??;
                    let DataType::Struct(fields) = &data_type else {
                        return None;
                    };
                    let (_, field) = fields.find(name)?;
                    data_type = field.data_type().clone();
                    path.push(Step::Field(name.to_owned()));
                }
                Some((path, data_type))
            }
            Expr::Alias(alias) => self.path(&alias.expr, bound),
            _ => None,
        }
    }

    /// A test of one text: an expression that looks at nothing but the text at one path.
    fn test(&self, expr: &Expr, bound: &HashMap<String, Path>) -> Option<Question> {
        if expr.is_volatile() {
            return None;
        }
        let mut found: Option<Path> = None;
        let mut several = false;
        let replaced = expr
            .clone()
            .transform_down(|part| {
                let Some(path) = self.path(&part, bound) else {
                    return Ok(Transformed::no(part));
                };
                several |= found.as_ref().is_some_and(|known| *known != path);
                found = Some(path);
                let text = Expr::Column(Column::from_name(TEXT));
                Ok(Transformed::new(text, true, TreeNodeRecursion::Jump))
            })
            .ok()?
            .data;
        let (path, data_type) = found.filter(|_| !several)?;
        let is_text = matches!(
            data_type,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        );
        let is_alone = !replaced
            .exists(|part| {
                Ok(match part {
                    Expr::Column(column) => column.name != TEXT || column.relation.is_some(),
                    Expr::LambdaVariable(_)
                    | Expr::Lambda(_)
                    | Expr::HigherOrderFunction(_)
                    | Expr::ScalarSubquery(_)
                    | Expr::InSubquery(_)
                    | Expr::Exists(_)
                    | Expr::OuterReferenceColumn(..) => true,
                    _ => false,
                })
            })
            .unwrap_or(true);
        if !is_text || !is_alone {
            return None;
        }
        let schema = Arc::new(Schema::new(vec![Field::new(TEXT, data_type, true)]));
        let df_schema = DFSchema::try_from(Arc::clone(&schema)).ok()?;
        let test = self
            .session
            .create_physical_expr(replaced, &df_schema)
            .ok()?;
        Some(Question::Text { path, test, schema })
    }
}
