//! Flows and names of the same hosts: what a host resolves is what it connects to.

use super::Background;
use crate::demo::dice::Dice;
use crate::demo::plan::Stream;
use crate::demo::rows::{Answer, DnsEvent, Event, FlowEnd, FlowEvent};
use crate::demo::world::{Host, HostKind, Place, REGIONS, World};

/// The places of the world are the streams' own; a stream without one would have no rows.
fn place(world: &World, stream: Stream) -> &Place {
    world
        .place(stream.account, stream.region)
        .unwrap_or(&world.places[0])
}

/// VPC flow logs.
pub(super) struct Flows<'w> {
    account: &'w str,
    region: &'static str,
    place: &'w Place,
    /// A connection whose answer comes next.
    answer: Option<FlowEvent>,
}

impl<'w> Flows<'w> {
    pub(super) fn new(world: &'w World, stream: Stream) -> Self {
        Self {
            account: &world.accounts[stream.account].id,
            region: REGIONS[stream.region],
            place: place(world, stream),
            answer: None,
        }
    }

    fn outbound(&self, host: &Host, dice: &mut Dice) -> FlowEvent {
        let remote = &self.place.remotes[self.place.popular.draw(dice)];
        let service = remote.name.ends_with("amazonaws.com").then(|| {
            remote
                .name
                .split('.')
                .next()
                .unwrap_or_default()
                .to_uppercase()
        });
        let bytes = dice.size(4_000.0);
        FlowEvent {
            src: near(host, self.place, ephemeral(dice)),
            dst: FlowEnd {
                ip: dice.pick(&remote.ips).clone(),
                port: remote.port,
                service,
                interface: None,
            },
            ..self.flow(host, bytes, dice)
        }
    }

    /// From the internet to a host that serves it, or to a port that is closed.
    fn inbound(&self, host: &Host, dice: &mut Dice) -> FlowEvent {
        let probe = host.kind != HostKind::Web || dice.chance(0.2);
        let port = if probe {
            *dice.pick(&[22, 23, 445, 3389, 5900, 6379, 8080, 9200])
        } else {
            443
        };
        let bytes = if probe { 40 } else { dice.size(1_800.0) };
        FlowEvent {
            src: FlowEnd {
                ip: internet(dice),
                port: ephemeral(dice),
                service: None,
                interface: None,
            },
            dst: near(host, self.place, port),
            outbound: false,
            allowed: !probe,
            tcp_flags: if probe { 2 } else { 3 },
            ..self.flow(host, bytes, dice)
        }
    }

    fn flow(&self, host: &Host, bytes: i64, dice: &mut Dice) -> FlowEvent {
        FlowEvent {
            account: self.account.to_owned(),
            region: self.region,
            zone: host.zone.clone(),
            src: FlowEnd::default(),
            dst: FlowEnd::default(),
            protocol: 6,
            tcp_flags: 3,
            outbound: true,
            allowed: true,
            packets: bytes / 900 + 1 + dice.between(0, 5),
            bytes,
            lasted: dice.between(1, 60) * 1_000,
        }
    }
}

/// A private host's end of a flow.
pub(crate) fn near(host: &Host, place: &Place, port: i32) -> FlowEnd {
    FlowEnd {
        ip: host.ip.clone(),
        port,
        service: None,
        interface: Some([
            host.interface.clone(),
            host.instance.clone(),
            host.subnet.clone(),
            place.vpc.clone(),
        ]),
    }
}

/// A port that a client got.
pub(crate) fn ephemeral(dice: &mut Dice) -> i32 {
    32_768 + dice.below(28_000) as i32
}

/// An address of the internet at large; a few are seen far more often than the rest.
pub(super) fn internet(dice: &mut Dice) -> String {
    format!("198.51.100.{}", 1 + (dice.unit().powi(2) * 120.0) as u32)
}

impl Background for Flows<'_> {
    fn next(&mut self, _time: i64, dice: &mut Dice) -> Event {
        if let Some(answer) = self.answer.take() {
            return Event::Flow(answer);
        }
        let host = &self.place.hosts[self.place.busy.draw(dice)];
        let serves = host.kind == HostKind::Web;
        let flow = if dice.chance(if serves { 0.6 } else { 0.06 }) {
            self.inbound(host, dice)
        } else {
            self.outbound(host, dice)
        };
        if flow.allowed && dice.chance(0.45) {
            let bytes = dice.size(9_000.0);
            self.answer = Some(FlowEvent {
                src: flow.dst.clone(),
                dst: flow.src.clone(),
                outbound: !flow.outbound,
                tcp_flags: 18,
                packets: bytes / 1_200 + 1,
                bytes,
                ..flow.clone()
            });
        }
        Event::Flow(flow)
    }
}

/// Route 53 resolver query logs.
pub(super) struct Names<'w> {
    account: &'w str,
    region: &'static str,
    place: &'w Place,
}

impl<'w> Names<'w> {
    pub(super) fn new(world: &'w World, stream: Stream) -> Self {
        Self {
            account: &world.accounts[stream.account].id,
            region: REGIONS[stream.region],
            place: place(world, stream),
        }
    }
}

impl Background for Names<'_> {
    fn next(&mut self, _time: i64, dice: &mut Dice) -> Event {
        let host = &self.place.hosts[self.place.busy.draw(dice)];
        let remote = &self.place.remotes[self.place.popular.draw(dice)];
        let mut event = query(self.account, self.region, self.place, host, dice);
        if dice.chance(0.04) {
            // A search suffix that some resolvers append first.
            event.name = format!(
                "{}.{}.compute.internal.example.com",
                remote.name, self.region
            );
            event.rcode = if dice.chance(0.05) { 2 } else { 3 };
            return Event::Dns(event);
        }
        event.name.clone_from(&remote.name);
        if dice.chance(0.2) {
            event.kind = "AAAA";
        } else {
            let first = dice.below(remote.ips.len());
            event.answers = (0..remote.ips.len().min(2))
                .map(|index| Answer {
                    kind: "A",
                    data: remote.ips[(first + index) % remote.ips.len()].clone(),
                })
                .collect();
        }
        Event::Dns(event)
    }
}

/// A query of a host, its name and answers still to be filled in.
pub(crate) fn query(
    account: &str,
    region: &'static str,
    place: &Place,
    host: &Host,
    dice: &mut Dice,
) -> DnsEvent {
    DnsEvent {
        account: account.to_owned(),
        region,
        vpc: place.vpc.clone(),
        ip: host.ip.clone(),
        port: ephemeral(dice),
        instance: host.instance.clone(),
        name: String::new(),
        kind: "A",
        answers: Vec::new(),
        rcode: 0,
    }
}
