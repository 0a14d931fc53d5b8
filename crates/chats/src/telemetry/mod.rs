//! What is told to those who run the service: logs and traces.

mod logs;
mod traces;

pub(crate) use logs::{filter, start};
pub(crate) use traces::{Traces, read as traces};
