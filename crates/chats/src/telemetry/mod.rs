//! What is told to those who run the service: logs, traces and figures.

mod logs;
mod metrics;
mod traces;

pub(crate) use logs::{filter, start};
pub(crate) use metrics::{CountedRequests, metrics};
pub(crate) use traces::{Traces, read as traces};
