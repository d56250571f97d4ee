//! ARNs taken apart: what one names as a whole, and the account, role and bucket inside.

use super::kind::EntityType;
use super::{Entity, shape};

/// The parts of an ARN.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arn<'a> {
    pub(super) partition: &'a str,
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if !parts.next()?.eq_ignore_ascii_case("arn") {
            return None;
        }
        let partition = parts.next()?;
        let service = parts.next()?;
        let region = parts.next()?;
        let account = parts.next()?;
        let resource = parts.next()?;
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let fits = partition.to_ascii_lowercase().starts_with("aws")
            && !service.is_empty()
            && !resource.is_empty()
            && [partition, service, region, account].into_iter().all(word)
            && !resource.contains(char::is_control);
        fits.then_some(Self {
            partition,
            service,
            region,
            account,
            resource,
        })
    }

    /// The id behind `type/` or `type:`.
    fn id(&self) -> &'a str {
        self.resource
            .rsplit(['/', ':'])
            .next()
            .unwrap_or(self.resource)
    }
}

/// An ARN with everything but its resource in lower case; `None` for what is no ARN.
pub(super) fn normal(text: &str) -> Option<String> {
    Arn::parse(text)?;
    let head = text.len() - text.splitn(6, ':').last()?.len();
    let (head, resource) = text.split_at(head);
    Some(format!("{}{resource}", head.to_ascii_lowercase()))
}

/// What an ARN names, the whole first; nothing for what is no ARN.
pub(super) fn take_apart(text: &str) -> Vec<Entity> {
    let Some(normal) = normal(text) else {
        return Vec::new();
    };
    let Some(arn) = Arn::parse(&normal) else {
        return Vec::new();
    };
    let mut found = Vec::with_capacity(3);
    match arn.service {
        "iam" | "sts" => identity(&arn, &normal, &mut found),
        "s3" => bucket(&arn, &normal, &mut found),
        "ec2" if arn.resource.contains('/') => {
            found.push(Entity::new(EntityType::Resource, arn.id()));
        }
        "securityhub" | "guardduty" | "inspector2" | "inspector" | "macie2" | "access-analyzer"
            if arn.resource.contains("finding/") =>
        {
            found.push(Entity::new(EntityType::Finding, &*normal));
        }
        _ => found.push(Entity::new(EntityType::Resource, &*normal)),
    }
    if arn.account.len() == 12 && arn.account.bytes().all(|b| b.is_ascii_digit()) {
        found.push(Entity::new(EntityType::Account, arn.account));
    }
    found
}

fn identity(arn: &Arn<'_>, whole: &str, found: &mut Vec<Entity>) {
    let (kind, rest) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
    match kind {
        "user" | "root" => found.push(Entity::new(EntityType::Principal, whole)),
        "role" => found.push(Entity::new(EntityType::Role, whole)),
        "assumed-role" => {
            let (role, session) = rest.split_once('/').unwrap_or((rest, ""));
            if !session.is_empty() {
                found.push(Entity::new(EntityType::Session, whole));
            }
            // The session of an instance's role bears the instance's name.
            if shape::is_resource_id(session) {
                found.push(Entity::new(EntityType::Resource, session));
            }
            if !role.is_empty() {
                found.push(Entity::new(EntityType::Role, role_of(arn, role)));
            }
        }
        "federated-user" => found.push(Entity::new(EntityType::Session, whole)),
        _ => found.push(Entity::new(EntityType::Resource, whole)),
    }
}

/// A session's ARN leaves the path of its role out. Roles that always have one go by their bare
/// name, because an ARN without it would be nobody's.
fn role_of(arn: &Arn<'_>, role: &str) -> String {
    let has_path = ["AWSReservedSSO_", "AWSServiceRoleFor"]
        .iter()
        .any(|start| role.starts_with(start));
    if has_path {
        return role.to_owned();
    }
    format!("arn:{}:iam::{}:role/{role}", arn.partition, arn.account)
}

fn bucket(arn: &Arn<'_>, whole: &str, found: &mut Vec<Entity>) {
    let (bucket, key) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
    if !key.is_empty() && key != "*" {
        found.push(Entity::new(EntityType::Resource, whole));
    }
    if !bucket.is_empty() && bucket != "*" {
        found.push(Entity::new(EntityType::Resource, bucket));
    }
}
