//! The declaration of a scalar function and its life as a DataFusion UDF.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};

use super::super::types;
use super::args::Call;
use super::doc::{Family, FunctionDoc};
use super::param::{Param, unexpected};

/// Makes another expression of a call's arguments, or declines.
type Rewrite = fn(Vec<Expr>) -> Result<Option<Expr>>;

type Eval = fn(&Call<'_>) -> Result<ArrayRef>;

enum Accepts {
    /// These parameters; where `rest` is given, any number more of that kind.
    Params {
        params: &'static [Param],
        rest: Option<Param>,
    },
    /// The types to cast to, or `None` where the arguments do not fit.
    Custom(fn(&[DataType]) -> Result<Option<Vec<DataType>>>),
}

enum Returns {
    Type(DataType),
    Json,
    Types(fn(&[DataType]) -> Result<DataType>),
    Field(fn(&ReturnFieldArgs<'_>) -> Result<Field>),
}

struct Overload {
    accepts: Accepts,
    returns: Returns,
    eval: Eval,
    strict: bool,
}

impl Overload {
    fn accept(&self, given: &[DataType]) -> Result<Option<Vec<DataType>>> {
        match &self.accepts {
            Accepts::Custom(accept) => accept(given),
            Accepts::Params { params, rest } => {
                let fits = match rest {
                    None => given.len() == params.len(),
                    Some(_) => given.len() >= params.len(),
                };
                if !fits {
                    return Ok(None);
                }
                Ok(given
                    .iter()
                    .enumerate()
                    .map(|(place, given)| {
                        let param = params.get(place).copied().or(*rest)?;
                        param.accept(given)
                    })
                    .collect())
            }
        }
    }
}

/// A scalar function: its documentation and one or more overloads, tried in order.
pub(crate) struct Function {
    doc: FunctionDoc,
    aliases: Vec<String>,
    signature: Signature,
    overloads: Vec<Overload>,
    rewrite: Option<Rewrite>,
}

impl Function {
    /// A function without overloads yet.
    pub(crate) fn new(
        family: Family,
        name: &'static str,
        signature: &'static str,
        purpose: &'static str,
    ) -> Self {
        Self {
            doc: FunctionDoc {
                name,
                aliases: &[],
                family,
                signature,
                purpose,
                note: "",
            },
            aliases: Vec::new(),
            signature: Signature::user_defined(Volatility::Immutable),
            overloads: Vec::new(),
            rewrite: None,
        }
    }

    /// Adds what differs from Trino or is worth knowing.
    pub(crate) fn note(mut self, note: &'static str) -> Self {
        self.doc.note = note;
        self
    }

    /// Adds further names.
    pub(crate) fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.doc.aliases = aliases;
        self.aliases = aliases.iter().map(ToString::to_string).collect();
        self
    }

    /// An overload that gives NULL wherever an argument is NULL.
    pub(crate) fn takes(self, params: &'static [Param], returns: DataType, eval: Eval) -> Self {
        self.overload(params, None, Returns::Type(returns), eval, true)
    }

    /// As `takes`, with any number more arguments of kind `rest`.
    pub(crate) fn takes_more(
        self,
        params: &'static [Param],
        rest: Param,
        returns: DataType,
        eval: Eval,
    ) -> Self {
        self.overload(params, Some(rest), Returns::Type(returns), eval, true)
    }

    /// As `takes`; the result's type depends on the (cast) argument types.
    pub(crate) fn takes_as(
        self,
        params: &'static [Param],
        returns: fn(&[DataType]) -> Result<DataType>,
        eval: Eval,
    ) -> Self {
        self.overload(params, None, Returns::Types(returns), eval, true)
    }

    /// As `takes`; the result's field depends on the arguments' values.
    pub(crate) fn takes_field(
        self,
        params: &'static [Param],
        returns: fn(&ReturnFieldArgs<'_>) -> Result<Field>,
        eval: Eval,
    ) -> Self {
        self.overload(params, None, Returns::Field(returns), eval, true)
    }

    /// An overload with a coercion of its own; strict.
    pub(crate) fn takes_custom(
        mut self,
        accept: fn(&[DataType]) -> Result<Option<Vec<DataType>>>,
        returns: fn(&[DataType]) -> Result<DataType>,
        eval: Eval,
    ) -> Self {
        self.overloads.push(Overload {
            accepts: Accepts::Custom(accept),
            returns: Returns::Types(returns),
            eval,
            strict: true,
        });
        self
    }

    /// Makes the last overload's text result `json`.
    pub(crate) fn gives_json(mut self) -> Self {
        if let Some(last) = self.overloads.last_mut() {
            last.returns = Returns::Json;
        }
        self
    }

    /// Lets the last overload see NULL arguments.
    pub(crate) fn sees_nulls(mut self) -> Self {
        if let Some(last) = self.overloads.last_mut() {
            last.strict = false;
        }
        self
    }

    /// Lets the optimizer put another expression in the call's place; the arguments are then
    /// evaluated only as that one needs them.
    pub(crate) fn becomes(mut self, rewrite: Rewrite) -> Self {
        self.rewrite = Some(rewrite);
        self
    }

    fn overload(
        mut self,
        params: &'static [Param],
        rest: Option<Param>,
        returns: Returns,
        eval: Eval,
        strict: bool,
    ) -> Self {
        self.overloads.push(Overload {
            accepts: Accepts::Params { params, rest },
            returns,
            eval,
            strict,
        });
        self
    }

    /// What a person is told.
    pub(crate) fn doc(&self) -> &FunctionDoc {
        &self.doc
    }

    /// The function as DataFusion takes it.
    pub(crate) fn into_udf(self) -> ScalarUDF {
        ScalarUDF::new_from_impl(self)
    }

    /// The first overload that takes exactly these types.
    fn chosen(&self, types: &[DataType]) -> Result<&Overload> {
        for overload in &self.overloads {
            if overload.accept(types)?.is_some() {
                return Ok(overload);
            }
        }
        unexpected(self.doc.name, types, self.doc.signature)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.doc.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.doc.name == other.doc.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.doc.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.doc.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        for overload in &self.overloads {
            if let Some(types) = overload.accept(given)? {
                return Ok(types);
            }
        }
        unexpected(self.doc.name, given, self.doc.signature)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match &self.chosen(types)?.returns {
            Returns::Type(returns) => Ok(returns.clone()),
            Returns::Json => Ok(DataType::Utf8),
            Returns::Types(returns) => returns(types),
            Returns::Field(_) => exec_err!("{} needs its arguments' values", self.doc.name),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let field = match &self.chosen(&types)?.returns {
            Returns::Json => types::json_field(self.name()),
            Returns::Type(returns) => Field::new(self.name(), returns.clone(), true),
            Returns::Types(returns) => Field::new(self.name(), returns(&types)?, true),
            Returns::Field(returns) => returns(&args)?.with_name(self.name()),
        };
        Ok(Arc::new(field))
    }

    fn short_circuits(&self) -> bool {
        self.rewrite.is_some()
    }

    fn simplify(&self, args: Vec<Expr>, _info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if let Some(rewrite) = self.rewrite
            && let Some(expression) = rewrite(args.clone())?
        {
            return Ok(ExprSimplifyResult::Simplified(expression));
        }
        Ok(ExprSimplifyResult::Original(args))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let types: Vec<DataType> = args.args.iter().map(ColumnarValue::data_type).collect();
        let overload = self.chosen(&types)?;
        let constant = args
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)))
            && self.signature.volatility != Volatility::Volatile;
        let rows = if constant { 1 } else { args.number_rows };
        let call = Call::new(&args, rows, overload.strict)?;
        let result = if call.all_null() {
            new_null_array(args.return_type(), rows)
        } else {
            (overload.eval)(&call)?
        };
        if constant {
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &result, 0,
            )?))
        } else {
            Ok(ColumnarValue::Array(result))
        }
    }
}
