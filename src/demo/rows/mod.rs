//! Events as values, and how each becomes a row of its source's documented columns.

mod api;
mod finding;
mod kubernetes;
mod network;
mod web;

pub(crate) use api::{ApiEvent, Error, Grant, Target};
pub(crate) use finding::{Finding, FindingKind, Weakness};
pub(crate) use kubernetes::ClusterEvent;
pub(crate) use network::{Answer, DnsEvent, FlowEnd, FlowEvent};
pub(crate) use web::{Rule, WebEvent};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use crate::domain::lake::Source;
use crate::domain::lake::frame::{Class, Frame, leaves, observable};

/// An event of any source.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Api(ApiEvent),
    Flow(FlowEvent),
    Dns(DnsEvent),
    Cluster(ClusterEvent),
    Web(WebEvent),
    Finding(Box<Finding>),
}

/// Rows of one source under way.
pub(crate) enum Sheet {
    Api(Box<api::Sheet>),
    Flow(Box<network::FlowSheet>),
    Dns(Box<network::DnsSheet>),
    Cluster(Box<kubernetes::Sheet>),
    Web(Box<web::Sheet>),
    Finding(Box<finding::Sheet>),
}

impl Sheet {
    /// An empty sheet with the documented columns of the source.
    pub(crate) fn new(source: Source) -> Result<Self, ArrowError> {
        Ok(match source {
            Source::CloudTrailMgmt | Source::S3Data | Source::LambdaExecution => {
                Self::Api(Box::new(api::Sheet::new(source)?))
            }
            Source::VpcFlow => Self::Flow(Box::new(network::FlowSheet::new()?)),
            Source::Route53 => Self::Dns(Box::new(network::DnsSheet::new()?)),
            Source::EksAudit => Self::Cluster(Box::new(kubernetes::Sheet::new()?)),
            Source::Waf => Self::Web(Box::new(web::Sheet::new()?)),
            Source::ShFindings => Self::Finding(Box::new(finding::Sheet::new()?)),
        })
    }

    /// Writes one row. An event of another source's kind is a fault of the caller and an error.
    pub(crate) fn push(&mut self, time: i64, event: &Event) -> Result<(), ArrowError> {
        match (self, event) {
            (Self::Api(sheet), Event::Api(event)) => sheet.push(time, event),
            (Self::Flow(sheet), Event::Flow(event)) => sheet.push(time, event),
            (Self::Dns(sheet), Event::Dns(event)) => sheet.push(time, event),
            (Self::Cluster(sheet), Event::Cluster(event)) => sheet.push(time, event),
            (Self::Web(sheet), Event::Web(event)) => sheet.push(time, event),
            (Self::Finding(sheet), Event::Finding(event)) => sheet.push(time, event),
            _ => {
                let message = "an event of another source".to_owned();
                return Err(ArrowError::InvalidArgumentError(message));
            }
        }
        Ok(())
    }

    /// The rows since the last batch.
    pub(crate) fn rows(&mut self) -> usize {
        self.frame().table.rows()
    }

    /// Takes the rows out.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.frame().table.finish()
    }

    fn frame(&mut self) -> &mut Frame {
        match self {
            Self::Api(sheet) => &mut sheet.frame,
            Self::Flow(sheet) => &mut sheet.frame,
            Self::Dns(sheet) => &mut sheet.frame,
            Self::Cluster(sheet) => &mut sheet.frame,
            Self::Web(sheet) => &mut sheet.frame,
            Self::Finding(sheet) => &mut sheet.frame,
        }
    }
}
