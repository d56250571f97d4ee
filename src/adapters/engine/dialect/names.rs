//! Names of output columns.
//!
//! Trino names a column by its alias, else by the last field of a dotted name, else `_col` and its
//! place; names may repeat. The planner wants unique names, so repeated and missing ones get a
//! mark with `#` inside the plan, which [`OutputNames`] takes off again.

use std::collections::HashMap;

use sqlparser::ast::{Expr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr};

use super::ast::{ident, integer};
use super::text::SqlText;

/// The display names of a result's columns.
#[derive(Debug, Clone, Default)]
pub(super) struct OutputNames {
    /// Names as typed, by the plan's name, wherever the two differ.
    typed: HashMap<String, String>,
}

impl OutputNames {
    /// The display name of the column at a place, counted from 0.
    pub(super) fn display(&self, plan_name: &str, place: usize) -> String {
        let name = match plan_name.rsplit_once('#') {
            Some((name, mark)) if mark.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => plan_name,
        };
        if name.is_empty() {
            return format!("_col{place}");
        }
        self.typed
            .get(plan_name)
            .or_else(|| self.typed.get(name))
            .cloned()
            .unwrap_or_else(|| name.to_owned())
    }

    /// Gives every column of every SELECT in a query's body a name of its own.
    pub(super) fn assign(&mut self, query: &mut Query, text: &SqlText) {
        if let SetExpr::Select(select) = query.body.as_mut()
            && let Some(order_by) = &mut query.order_by
        {
            order_by_place(order_by, &select.projection);
        }
        self.assign_body(&mut query.body, text);
    }

    fn assign_body(&mut self, body: &mut SetExpr, text: &SqlText) {
        match body {
            SetExpr::Select(select) => self.assign_select(select, text),
            SetExpr::SetOperation { left, right, .. } => {
                self.assign_body(left, text);
                self.assign_body(right, text);
            }
            _ => {}
        }
    }

    fn assign_select(&mut self, select: &mut Select, text: &SqlText) {
        let names: Vec<Option<Ident>> = select.projection.iter().map(natural_name).collect();
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for name in names.iter().flatten() {
            *uses.entry(&name.value).or_default() += 1;
        }
        let stars = select.projection.iter().any(|item| {
            matches!(
                item,
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
            )
        });
        for (place, (item, name)) in select.projection.iter_mut().zip(&names).enumerate() {
            let plain = match item {
                SelectItem::UnnamedExpr(expr) => {
                    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
                }
                SelectItem::ExprWithAlias { .. } => false,
                _ => continue,
            };
            let marked = match name {
                None => format!("#{place}"),
                Some(name) if (stars && plain) || uses.get(name.value.as_str()) > Some(&1) => {
                    format!("{}#{place}", name.value)
                }
                Some(name) => name.value.clone(),
            };
            if let Some(name) = name {
                let typed = text.typed(&name.value, name.span);
                if typed != marked {
                    self.typed.insert(marked.clone(), typed);
                }
            }
            let mut alias = ident(marked);
            if let Some(name) = name {
                alias.span = name.span;
            }
            *item = match std::mem::replace(item, SelectItem::Wildcard(Default::default())) {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    SelectItem::ExprWithAlias { expr, alias }
                }
                other => other,
            };
        }
    }
}

/// The name that Trino gives, where it gives one.
fn natural_name(item: &SelectItem) -> Option<Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().cloned(),
        _ => None,
    }
}

/// Orders by the place of a column where an expression of ORDER BY is that of a column: its name
/// may have got a mark, and `traffic.packets` is no column once it is called `packets`.
fn order_by_place(order_by: &mut OrderBy, projection: &[SelectItem]) {
    let starred = projection.iter().any(|item| {
        !matches!(
            item,
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
        )
    });
    let OrderByKind::Expressions(keys) = &mut order_by.kind else {
        return;
    };
    if starred {
        return;
    }
    for key in keys {
        let names_alias = matches!(&key.expr, Expr::Identifier(name)
            if projection.iter().any(|item| matches!(item, SelectItem::ExprWithAlias { alias, .. }
                if alias.value == name.value)));
        if names_alias || matches!(key.expr, Expr::Value(_)) {
            continue;
        }
        let place = projection.iter().position(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                *expr == key.expr
            }
            _ => false,
        });
        if let Some(place) = place.and_then(|place| i64::try_from(place + 1).ok()) {
            key.expr = integer(place);
        }
    }
}
