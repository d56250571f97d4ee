//! Unintended access to an S3 bucket.
//!
//! A build host runs a poisoned package, which sends the pipeline's access key to a command
//! server. From an outside address somebody looks around with the key, makes a second one, goes
//! through a chain of roles into the data account, tries to stop the trail, opens a bucket and
//! takes what is in it. The services that watch see a part of it.

mod calls;
mod loot;
mod network;

use super::{Part, Plot};
use crate::demo::dice::Dice;
use crate::demo::plan::Stream;
use crate::demo::rows::Event;
use crate::demo::world::{Bucket, DATA, Host, Pipeline, Place, SHARED, World};
use crate::domain::lake::Source;

const MINUTE: f64 = 60_000.0;
/// From the leak to the last object taken, in minutes.
const LENGTH: f64 = 306.0;

/// The plot while it is being told.
pub(super) struct Theft<'w> {
    world: &'w World,
    dice: Dice,
    plot: Plot,
    /// When the key leaks, and how many milliseconds a minute of the plot takes.
    start: f64,
    minute: f64,
    objects: usize,
    pipeline: &'w Pipeline,
    bucket: &'w Bucket,
    place: &'w Place,
    host: &'w Host,
    outside: String,
    server: String,
    domain: String,
    second_key: String,
    session_keys: [String; 2],
}

const fn stream(source: Source, account: usize) -> Stream {
    Stream {
        source,
        account,
        region: 0,
    }
}

impl<'w> Theft<'w> {
    /// A theft of a hundredth as many objects as the lake has events, in the later half of the
    /// time.
    pub(super) fn new(world: &'w World, mut dice: Dice, span: (i64, i64), events: usize) -> Self {
        let length = (span.1 - span.0) as f64;
        let place = world.place(SHARED, 0).unwrap_or(&world.places[0]);
        Self {
            start: span.0 as f64 + length * 0.55,
            minute: MINUTE.min(length * 0.4 / LENGTH),
            objects: (events / 100).clamp(12, 20_000),
            pipeline: &world.pipelines[0],
            bucket: world.buckets_of(DATA)[0],
            host: &place.hosts[3],
            place,
            outside: format!("198.51.100.{}", dice.between(130, 200)),
            server: format!("198.51.100.{}", dice.between(200, 251)),
            domain: format!("metrics-{}.example.org", dice.hex(6)),
            second_key: dice.iam_id("AKIA"),
            session_keys: [dice.iam_id("ASIA"), dice.iam_id("ASIA")],
            plot: Plot::default(),
            world,
            dice,
        }
    }

    /// The whole story.
    pub(super) fn tell(mut self) -> Plot {
        self.introduce();
        self.knock();
        self.beacon();
        self.look_around();
        self.persist();
        self.climb();
        self.open();
        self.take();
        self.notice();
        self.plot
    }

    fn introduce(&mut self) {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let user = &self.pipeline.user;
        let [first_session, second_session] = self.session_keys.clone();
        self.plot.parts = [
            ("leaked access key", "access-key", text(&user.key)),
            ("second access key", "access-key", self.second_key.clone()),
            ("first session key", "access-key", first_session),
            ("second session key", "access-key", second_session),
            ("compromised user", "principal", text(&user.uid)),
            ("first role", "principal", self.pipeline.first.arn.clone()),
            ("second role", "principal", self.pipeline.second.arn.clone()),
            ("outside address", "ip", self.outside.clone()),
            ("command server", "ip", self.server.clone()),
            ("command domain", "domain", self.domain.clone()),
            ("build host", "resource", self.host.instance.clone()),
            ("bucket", "resource", self.bucket.name.clone()),
        ]
        .map(|(role, kind, value)| Part { role, kind, value })
        .into();
    }

    fn plant(&mut self, minute: f64, stream: Stream, event: Event) {
        let jitter = self.dice.unit() * 0.2;
        let time = (self.start + (minute + jitter) * self.minute) as i64;
        let planted = self.plot.planted.entry(stream).or_default();
        planted.push((time, event));
    }
}
