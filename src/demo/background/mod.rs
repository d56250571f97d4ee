//! What happens anyway: the events of an ordinary week, one generator a source. None of them
//! knows of any incident.

mod calls;
mod cluster;
mod data;
mod findings;
mod network;
mod operations;
mod trail;
mod web;

pub(crate) use calls::{Caller, deny, plain};
pub(crate) use data::object_event;
pub(crate) use network::{ephemeral, near, query};
pub(crate) use trail::assume_role;

use super::dice::Dice;
use super::plan::Stream;
use super::rows::Event;
use super::world::World;
use crate::domain::lake::Source;

/// Gives one event after the other; may remember what it began.
pub(crate) trait Background {
    /// The event of this time; times never fall.
    fn next(&mut self, time: i64, dice: &mut Dice) -> Event;
}

/// The generator of a stream's events.
pub(crate) fn background(world: &World, stream: Stream) -> Box<dyn Background + '_> {
    match stream.source {
        Source::CloudTrailMgmt => Box::new(trail::Trail::new(world, stream)),
        Source::S3Data => Box::new(data::Objects::new(world, stream)),
        Source::LambdaExecution => Box::new(data::Invocations::new(world, stream)),
        Source::VpcFlow => Box::new(network::Flows::new(world, stream)),
        Source::Route53 => Box::new(network::Names::new(world, stream)),
        Source::EksAudit => Box::new(cluster::Cluster::new(world, stream)),
        Source::Waf => Box::new(web::Web::new(world, stream)),
        Source::ShFindings => Box::new(findings::Findings::new(world, stream)),
    }
}
