//! Figures of a running service, in the text form that Prometheus takes.
//!
//! * [`Metrics`]: all that is counted and timed, from the start of the process on.
//! * [`Figures`]: what is looked up when somebody asks.
//! * [`RequestMetrics`]: the requests of the API.
//! * [`ObservedStore`], [`ObservedRooms`], [`ObservedPolicy`] and [`ObservedAuthenticator`]: decorators of the
//!   domain's ports, which count and time each call by its outcome. A [`Call`] does that for any other.
//!
//! The names follow the semantic conventions of OpenTelemetry where these know the thing, in the form that
//! Prometheus gives them. How many series there are does not depend on what clients send.

mod call;
mod figures;
mod metrics;
mod ports;
#[cfg(target_os = "linux")]
mod process;
mod requests;

pub use call::{Call, CallError, Outcome};
pub use figures::{CacheFigures, ConnectionFigures, Figures, OpeningFigures, ReplicaFigures};
pub use metrics::{Build, Metrics, MetricsError};
pub use ports::{ObservedAuthenticator, ObservedPolicy, ObservedRooms, ObservedStore};
pub use requests::RequestMetrics;
