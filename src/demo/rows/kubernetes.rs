//! Rows of EKS audit logs.

use arrow::error::ArrowError;

use super::{Class, Frame, leaves, observable};
use crate::domain::lake::Source;
use crate::domain::lake::columns::List;

/// A request to the Kubernetes API server.
#[derive(Debug, Clone)]
pub(crate) struct ClusterEvent {
    pub(crate) account: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub(crate) verb: &'static str,
    pub(crate) path: String,
    pub(crate) agent: &'static str,
    pub(crate) ip: String,
    pub(crate) user: String,
    pub(crate) user_uid: String,
    pub(crate) groups: Vec<&'static str>,
    /// Namespace, name and kind.
    pub(crate) resource: (&'static str, String, &'static str),
    pub(crate) code: i32,
    pub(crate) audit: String,
    /// Name and image of the container of a created pod.
    pub(crate) container: Option<(&'static str, &'static str)>,
    pub(crate) cluster: &'static str,
}

const API_ACTIVITY: Class = Class {
    uid: 6003,
    name: "API Activity",
    category_uid: 6,
    category: "Application Activity",
};

leaves!(Leaves {
    log_level: "metadata.log_level",
    product_version: "metadata.product.version",
    feature: "metadata.product.feature.name",
    request: "api.request.uid",
    container: "api.request.containers.name",
    image: "api.request.containers.image.name",
    image_path: "api.request.containers.image.path",
    operation: "api.operation",
    version: "api.version",
    code: "api.response.code",
    error: "api.response.error",
    error_message: "api.response.error_message",
    group: "api.group.name",
    message: "message",
    path: "http_request.url.path",
    agent: "http_request.user_agent",
    user: "actor.user.name",
    user_uid: "actor.user.uid",
    user_group: "actor.user.groups.name",
    user_type: "actor.user.type_id",
    account: "cloud.account.uid",
    ip: "src_endpoint.ip",
    namespace: "resources.namespace",
    resource: "resources.name",
    resource_version: "resources.version",
    resource_type: "resources.type",
    start: "start_time_dt",
});

/// Rows of EKS audit logs under way.
pub(crate) struct Sheet {
    pub(super) frame: Frame,
    leaves: Leaves,
    containers: List,
    groups: List,
    resources: List,
}

impl Sheet {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let frame = Frame::new(Source::EksAudit)?;
        Ok(Self {
            leaves: Leaves::bind(&frame.table)?,
            containers: frame.table.list("api.request.containers")?,
            groups: frame.table.list("actor.user.groups")?,
            resources: frame.table.list("resources")?,
            frame,
        })
    }

    pub(super) fn push(&mut self, time: i64, event: &ClusterEvent) {
        let activity = match event.verb {
            "create" => (1, "Create"),
            "get" | "list" | "watch" => (2, "Read"),
            "update" | "patch" => (3, "Update"),
            "delete" | "deletecollection" => (4, "Delete"),
            _ => (99, "Other"),
        };
        self.frame.stamp(time, API_ACTIVITY, activity, 1);
        let profiles = ["cloud", "container", "datetime"];
        self.frame.product("Amazon EKS", "AWS", &profiles);
        let (table, leaves) = (&mut self.frame.table, &self.leaves);
        table.text(leaves.log_level, "Metadata");
        table.text(leaves.product_version, "1.33");
        table.text(leaves.feature, "Elastic Kubernetes Service");
        table.text(leaves.request, &event.audit);
        if let Some((name, image)) = event.container {
            table.text(leaves.container, name);
            table.text(leaves.image, image);
            table.text(leaves.image_path, "registry.example.net");
            table.end_element(self.containers);
        }
        table.text(leaves.operation, event.verb);
        table.text(leaves.version, "audit.k8s.io/v1");
        table.int(leaves.code, event.code);
        if event.code >= 400 {
            let (reason, text) = match event.code {
                403 => ("Forbidden", "the user may not do this in the namespace"),
                404 => ("NotFound", "the object was not found"),
                _ => ("Conflict", "the object has been modified"),
            };
            table.text(leaves.error, reason);
            table.text(leaves.error_message, text);
        }
        let group = event
            .path
            .strip_prefix("/apis/")
            .and_then(|p| p.split('/').next());
        table.maybe(leaves.group, group);
        table.text(leaves.message, "ResponseComplete");
        table.text(leaves.path, &event.path);
        table.text(leaves.agent, event.agent);
        table.text(leaves.user, &event.user);
        table.text(leaves.user_uid, &event.user_uid);
        table.int(
            leaves.user_type,
            if event.user.starts_with("system:") {
                3
            } else {
                1
            },
        );
        for group in &event.groups {
            table.text(leaves.user_group, group);
            table.end_element(self.groups);
        }
        table.text(leaves.account, &event.account);
        table.text(leaves.ip, &event.ip);
        let (namespace, name, kind) = &event.resource;
        table.text(leaves.namespace, namespace);
        table.text(leaves.resource, name);
        table.text(leaves.resource_version, "v1");
        table.text(leaves.resource_type, kind);
        table.end_element(self.resources);
        table.time(leaves.start, time);
        let frame = &mut self.frame;
        frame.observe("src_endpoint.ip", &event.ip, observable::IP);
        frame.observe("actor.user.name", &event.user, observable::USER_NAME);
        frame.observe("resources[].name", name, observable::RESOURCE);
        frame.leftover("kind", "Event");
        frame.leftover("cluster", event.cluster);
        frame.leftover(
            "annotations.authorization.k8s.io/decision",
            if event.code == 403 { "forbid" } else { "allow" },
        );
        frame.table.end_row();
    }
}
