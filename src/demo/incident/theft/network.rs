//! What the network saw: knocks at doors, and the beacon of the poisoned package.

use super::{Theft, stream};
use crate::demo::background::{ephemeral, near, query};
use crate::demo::rows::{Answer, Event, FlowEnd, FlowEvent, Rule, WebEvent};
use crate::demo::world::{PRODUCTION, REGIONS, SHARED};
use crate::domain::lake::Source;

const FETCHER: &str = "curl/8.8.0";

impl Theft<'_> {
    /// The outside address tries doors in the open beforehand.
    pub(super) fn knock(&mut self) {
        let outside = self.outside.clone();
        for (index, port) in [22, 443, 8080, 8443, 9000, 50_000].into_iter().enumerate() {
            let source = FlowEnd {
                ip: outside.clone(),
                port: ephemeral(&mut self.dice),
                ..FlowEnd::default()
            };
            let mut flow = self.flow(source, near(self.host, self.place, port), 1, 40);
            flow.allowed = false;
            flow.outbound = false;
            self.plant(
                -90.0 + index as f64,
                stream(Source::VpcFlow, SHARED),
                Event::Flow(flow),
            );
        }
        for (index, path) in ["/.git/config", "/.aws/credentials", "/.env"]
            .into_iter()
            .enumerate()
        {
            let event = self.web(path);
            self.plant(-60.0 + index as f64, stream(Source::Waf, PRODUCTION), event);
        }
    }

    fn web(&mut self, path: &str) -> Event {
        Event::Web(WebEvent {
            ip: self.outside.clone(),
            country: "NL",
            balancer: format!(
                "arn:aws:elasticloadbalancing:{}:{}:loadbalancer/app/shop-front/50dc6c495c0c9188",
                REGIONS[0], self.world.accounts[PRODUCTION].id
            ),
            host: "shop.example.com",
            method: "GET",
            path: path.to_owned(),
            query: None,
            agent: FETCHER.to_owned(),
            referrer: None,
            request: format!("1-{}", self.dice.hex(24)),
            rule: Some(Rule {
                name: "block-dotfiles",
                kind: "REGULAR",
                condition: Some("REGEX"),
                place: Some("URI"),
                details: &["/."],
                limit: None,
            }),
            blocked: true,
            status: 403,
        })
    }

    fn flow(&mut self, src: FlowEnd, dst: FlowEnd, packets: i64, bytes: i64) -> FlowEvent {
        FlowEvent {
            account: self.world.accounts[SHARED].id.clone(),
            region: REGIONS[0],
            zone: self.host.zone.clone(),
            src,
            dst,
            protocol: 6,
            tcp_flags: 3,
            outbound: true,
            allowed: true,
            packets,
            bytes,
            lasted: self.dice.between(1, 60) * 1_000,
        }
    }

    /// The build host resolves the command domain and calls the server, first with the key, then
    /// every ten minutes.
    pub(super) fn beacon(&mut self) {
        let account = self.world.accounts[SHARED].id.clone();
        for beat in 0..30 {
            let minute = f64::from(beat) * 10.0;
            let mut name = query(&account, REGIONS[0], self.place, self.host, &mut self.dice);
            name.name.clone_from(&self.domain);
            name.answers = vec![Answer {
                kind: "A",
                data: self.server.clone(),
            }];
            self.plant(minute, stream(Source::Route53, SHARED), Event::Dns(name));
            let bytes = if beat == 0 {
                48_213
            } else {
                self.dice.between(600, 900)
            };
            let port = ephemeral(&mut self.dice);
            let here = near(self.host, self.place, port);
            let there = FlowEnd {
                ip: self.server.clone(),
                port: 443,
                ..FlowEnd::default()
            };
            let out = self.flow(here.clone(), there.clone(), bytes / 900 + 4, bytes);
            let mut back = self.flow(there, here, 5, 1_420);
            back.outbound = false;
            back.tcp_flags = 18;
            let flows = stream(Source::VpcFlow, SHARED);
            self.plant(minute + 0.3, flows, Event::Flow(out));
            self.plant(minute + 0.4, flows, Event::Flow(back));
        }
    }
}
