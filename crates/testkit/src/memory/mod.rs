//! The domain's ports in memory. They need no runtime but [`SystemClock`], which sleeps on tokio.

mod access;
mod clock;
mod ids;
mod rooms;
mod store;
mod waiting;

pub use access::{FakePolicy, LiteralTokens, Verdict};
pub use clock::{ManualClock, SystemClock};
pub use ids::RandomIds;
pub use rooms::{Answer, Hold, MemoryRooms};
pub use store::MemoryStore;
