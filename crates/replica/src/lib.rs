//! A decorator of the chat store's port: chats that are ready are read from a replica.
//!
//! [`ReplicatedStore`] stands before a primary and a replica of it, and keeps the same contract as the primary does.
//! A replica lags behind, and may not have a chat yet, or have it as it was once. But a chat that is ready never
//! changes and never goes: whoever has it so has it right. That alone is believed from a replica; all else is
//! asked of the primary.

mod breaker;
mod replicated_store;

pub use breaker::REST;
pub use replicated_store::{PATIENCE, ReplicaStats, ReplicatedStore};
