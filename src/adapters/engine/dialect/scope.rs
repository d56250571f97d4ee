//! What names mean at one place of a statement: parameters of lambdas, aliases of relations.

/// The scopes that enclose the place where the rewriter stands, innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope {
    lambdas: Vec<Vec<String>>,
    queries: Vec<Vec<String>>,
}

impl Scope {
    /// Steps into a lambda's body.
    pub(super) fn enter_lambda(&mut self, parameters: Vec<String>) {
        self.lambdas.push(parameters);
    }

    /// Steps out of a lambda's body.
    pub(super) fn leave_lambda(&mut self) {
        self.lambdas.pop();
    }

    /// Steps into a SELECT with the relations of its FROM.
    pub(super) fn enter_select(&mut self, relations: Vec<String>) {
        self.queries.push(relations);
    }

    /// Steps out of a SELECT.
    pub(super) fn leave_select(&mut self) {
        self.queries.pop();
    }

    /// Whether a name is a parameter of an enclosing lambda.
    pub(super) fn is_lambda_parameter(&self, name: &str) -> bool {
        self.lambdas.iter().flatten().any(|known| known == name)
    }

    /// Whether a name is a relation of an enclosing query and not of the innermost one.
    pub(super) fn is_outer_relation(&self, name: &str) -> bool {
        let Some((inner, outer)) = self.queries.split_last() else {
            return false;
        };
        !inner.iter().any(|known| known == name)
            && outer.iter().flatten().any(|known| known == name)
    }
}
