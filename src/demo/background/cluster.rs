//! The Kubernetes cluster: controllers and nodes that never rest, and a few people.

use super::Background;
use crate::demo::dice::{Dice, Weighted};
use crate::demo::plan::Stream;
use crate::demo::rows::{ClusterEvent, Event};
use crate::demo::world::{Host, HostKind, World};

const NAMESPACES: [&str; 5] = ["kube-system", "shop", "payments", "monitoring", "default"];
const WORKLOADS: [&str; 6] = [
    "cart",
    "catalogue",
    "checkout",
    "payments-api",
    "mailer",
    "search",
];

/// Audit logs of the cluster.
pub(super) struct Cluster<'w> {
    world: &'w World,
    account: &'w str,
    nodes: Vec<&'w Host>,
    who: Weighted,
}

impl<'w> Cluster<'w> {
    pub(super) fn new(world: &'w World, stream: Stream) -> Self {
        let nodes = world
            .place(stream.account, stream.region)
            .map(|place| {
                let nodes = place.hosts.iter();
                nodes.filter(|host| host.kind == HostKind::Node).collect()
            })
            .unwrap_or_default();
        Self {
            world,
            account: &world.accounts[stream.account].id,
            nodes,
            who: Weighted::new([30.0, 30.0, 12.0, 3.0]),
        }
    }

    fn event(&self, verb: &'static str, path: String, dice: &mut Dice) -> ClusterEvent {
        ClusterEvent {
            account: self.account.to_owned(),
            verb,
            path,
            agent: "kube-controller-manager/v1.33.5 (linux/amd64) kubernetes/7b3cf2e",
            ip: "10.0.97.167".to_owned(),
            user: "system:kube-controller-manager".to_owned(),
            user_uid: String::new(),
            groups: vec!["system:authenticated"],
            resource: (
                "kube-system",
                "kube-controller-manager".to_owned(),
                "leases",
            ),
            code: 200,
            audit: dice.uuid(),
            container: None,
            cluster: "shop-cluster",
        }
    }

    fn lease(&self, dice: &mut Dice) -> ClusterEvent {
        let names = [
            "kube-controller-manager",
            "kube-scheduler",
            "cluster-autoscaler",
        ];
        let name = *dice.pick(&names);
        let verb = if dice.chance(0.6) { "update" } else { "get" };
        let path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/";
        let mut event = self.event(verb, format!("{path}{name}"), dice);
        event.user = format!("system:{name}");
        event.resource.1 = name.to_owned();
        if verb == "update" && dice.chance(0.01) {
            event.code = 409;
        }
        event
    }

    fn node(&self, dice: &mut Dice) -> ClusterEvent {
        let namespace = *dice.pick(&NAMESPACES);
        let pod = pod(dice);
        let (verb, path) = *dice.pick(&[
            ("get", "pods"),
            ("watch", "configmaps"),
            ("patch", "pods/status"),
            ("list", "secrets"),
            ("create", "events"),
        ]);
        let path = format!("/api/v1/namespaces/{namespace}/{path}");
        let mut event = self.event(verb, path, dice);
        event.agent = "kubelet/v1.33.5 (linux/amd64) kubernetes/7b3cf2e";
        if !self.nodes.is_empty() {
            let node = dice.pick(&self.nodes);
            event.ip.clone_from(&node.ip);
            event.user = format!("system:node:{}", node.name);
            event.user_uid.clone_from(&node.instance);
        }
        event.groups = vec!["system:nodes", "system:authenticated"];
        event.resource = (namespace, pod, "pods");
        event
    }

    fn rollout(&self, dice: &mut Dice) -> ClusterEvent {
        let namespace = *dice.pick(&["shop", "payments"]);
        let verb = *dice.pick(&["create", "patch", "delete", "get"]);
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
        let mut event = self.event(verb, path, dice);
        event.user = "system:serviceaccount:kube-system:replicaset-controller".to_owned();
        event.groups = vec!["system:serviceaccounts", "system:authenticated"];
        event.resource = (namespace, pod(dice), "deployments");
        if verb == "create" {
            event.container = Some(("app", "shop/checkout:2026.11"));
        }
        event
    }

    fn person(&self, dice: &mut Dice) -> ClusterEvent {
        let person = dice.pick(&self.world.people);
        let namespace = *dice.pick(&NAMESPACES);
        let (verb, what) = *dice.pick(&[
            ("list", "pods"),
            ("get", "pods/log"),
            ("create", "pods/exec"),
            ("get", "secrets"),
        ]);
        let path = format!("/api/v1/namespaces/{namespace}/{what}");
        let mut event = self.event(verb, path, dice);
        event.agent = "kubectl/v1.33.2 (darwin/arm64) kubernetes/e1c3f7a";
        event.ip.clone_from(&person.address);
        event.user.clone_from(&person.email);
        event.user_uid.clone_from(&person.role.arn);
        event.resource = (namespace, pod(dice), "pods");
        if what == "secrets" || dice.chance(0.05) {
            event.code = 403;
        }
        event
    }
}

fn pod(dice: &mut Dice) -> String {
    format!("{}-{:04x}", dice.pick(&WORKLOADS), dice.below(256))
}

impl Background for Cluster<'_> {
    fn next(&mut self, _time: i64, dice: &mut Dice) -> Event {
        Event::Cluster(match self.who.draw(dice) {
            0 => self.lease(dice),
            1 => self.node(dice),
            2 => self.rollout(dice),
            _ => self.person(dice),
        })
    }
}
