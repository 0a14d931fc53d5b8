//! The parts of a request, each set up once and then run many times, without sockets and without a database.
//!
//! `benches/time.rs` takes their time, `benches/instructions.rs` counts their instructions. For the latter's
//! sake nothing here depends on chance or on the time of day: keys and tokens are checked in, and the clock
//! stands still.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a part that cannot be set up is not measured"
)]

mod answers;
mod bodies;
mod chats;
mod policies;
mod reads;
mod samples;
mod standing_clock;
mod tokens;

pub use answers::{chat_to_json, chat_to_json_and_etag};
pub use bodies::{create_body, create_body_with_2_kib_of_tags};
pub use chats::{chat_kept_by_id, chat_kept_by_key};
pub use policies::{policy_http_answered_before, policy_local};
pub use reads::{read_with_caches, read_without_caches};
pub use tokens::{token_eddsa, token_es256, token_es256_seen_before, token_hs256, token_rs256};

use std::hint::black_box;

use futures_util::FutureExt;

/// A part that is set up.
pub struct Part(Box<dyn Fn()>);

/// Calls a macro with the names of all parts.
#[macro_export]
macro_rules! for_each_part {
    ($do:ident) => {
        $do! {
            create_body,
            create_body_with_2_kib_of_tags,
            token_es256,
            token_eddsa,
            token_rs256,
            token_hs256,
            token_es256_seen_before,
            policy_local,
            policy_http_answered_before,
            chat_kept_by_id,
            chat_kept_by_key,
            chat_to_json,
            chat_to_json_and_etag,
            read_without_caches,
            read_with_caches,
        }
    };
}

impl Part {
    /// Runs `run` a few times, so that what is made at first use is there.
    fn new<T>(run: impl Fn() -> T + 'static) -> Self {
        let part = Self(Box::new(move || drop(black_box(run()))));
        for _ in 0..3 {
            part.run();
        }
        part
    }

    /// Runs the part once.
    pub fn run(&self) {
        (self.0)();
    }
}

/// The outcome of what has to wait for nothing.
fn at_once<T, E: std::fmt::Debug>(work: impl Future<Output = Result<T, E>>) -> T {
    work.now_or_never().expect("it waits for something").expect("it failed")
}
