//! Which nodes an entity means.

use super::forest::Forest;
use super::node::{Kind, Node, last_part};
use crate::domain::entity::{Entity, EntityType};

impl Forest {
    /// The nodes of a key, a session, a role, a principal or an account, and those that were used
    /// from an address. Entities of other types have none.
    pub fn find(&self, entity: &Entity) -> Vec<usize> {
        let nodes = self.nodes().iter().enumerate();
        nodes
            .filter(|(_, node)| means(entity, node))
            .map(|(at, _)| at)
            .collect()
    }
}

fn means(entity: &Entity, node: &Node) -> bool {
    let value = entity.value.as_str();
    let same = |text: &Option<String>| {
        text.as_deref()
            .is_some_and(|text| text.eq_ignore_ascii_case(value))
    };
    match entity.kind {
        EntityType::AccessKey => node.kind.is_key() && node.id.eq_ignore_ascii_case(value),
        EntityType::Session => is_session(node, value),
        EntityType::Role => is_role(node, value),
        EntityType::Principal => {
            same(&node.principal)
                || node.principal.as_deref().map(last_part) == Some(value)
                || (!node.kind.is_key() && node.id.eq_ignore_ascii_case(value))
                || is_role(node, value)
                || is_session(node, value)
        }
        EntityType::Account => same(&node.account),
        EntityType::Ip => {
            node.addresses.contains_key(value)
                || node
                    .issued
                    .as_ref()
                    .is_some_and(|issued| issued.address.as_deref() == Some(value))
                    && node.kind != Kind::Service
        }
        _ => false,
    }
}

fn is_session(node: &Node, value: &str) -> bool {
    let name = node.session.as_deref();
    let arn = node.principal.as_deref();
    // `AROA…:name` is a session by its role's id.
    let of_role = value.starts_with("AROA").then(|| value.split_once(':'));
    let of_role = of_role.flatten().map(|(_, name)| name);
    name.is_some_and(|name| name == value || of_role == Some(name))
        || (node.session.is_some() || node.role.is_some())
            && arn.is_some_and(|arn| arn.eq_ignore_ascii_case(value))
}

/// Roles are the same by account and name: the ARN of a session leaves the role's path out.
fn is_role(node: &Node, value: &str) -> bool {
    let Some(role) = node.role.as_deref() else {
        return false;
    };
    if role.eq_ignore_ascii_case(value) {
        return true;
    }
    let account = |arn: &str| arn.split(':').nth(4).map(str::to_owned);
    let is_arn = value.starts_with("arn:");
    last_part(role) == last_part(value)
        && (!is_arn || value.contains(":role/") && account(role) == account(value))
}
