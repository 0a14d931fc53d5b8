//! For tests only.
//!
//! * [`certificates`]: an authority and what it issues.
//! * [`contract`]: what every adapter of a port must keep, as suites that stamp their tests.
//! * [`jwks`]: issuers whose keys come as a set, and the server of the set.
//! * [`memory`]: the ports in memory, some of which do as they are told.
//! * [`postgres`]: PostgreSQL to throw away.
//! * [`simulation`]: a model check of the use cases, with everything that can go wrong.

pub mod certificates;
pub mod contract;
pub mod jwks;
pub mod memory;
pub mod postgres;
pub mod simulation;
