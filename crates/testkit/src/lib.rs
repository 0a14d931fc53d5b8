//! For tests only.
//!
//! * [`contract`]: what every adapter of a port must keep, as suites that stamp their tests.
//! * [`memory`]: the ports in memory, some of which do as they are told.
//! * [`postgres`]: PostgreSQL to throw away.
//! * [`simulation`]: a model check of the use cases, with everything that can go wrong.

pub mod contract;
pub mod memory;
pub mod postgres;
pub mod simulation;
