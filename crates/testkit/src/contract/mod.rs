//! The contracts of the ports as tests, one suite a port. An adapter passes its suite or is none.
//!
//! [`chat_store_contract!`](crate::chat_store_contract), [`bulk_store_contract!`](crate::bulk_store_contract)
//! and [`event_rooms_contract!`](crate::event_rooms_contract) stamp one test for each function of a suite.

#![expect(missing_docs, reason = "the name of a test says what it tests")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test fails by a panic")]

pub mod bulk_store;
pub mod chat_store;
pub mod event_rooms;

/// Stamps tests out of functions that take an adapter.
#[doc(hidden)]
#[macro_export]
macro_rules! stamp_contract {
    ($fresh:expr, $suite:path, [$($test:ident)*]) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                use $suite as suite;
                let (adapter, _alive) = $fresh.await;
                suite::$test(adapter).await;
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_function_of_a_suite_is_stamped() {
        let (chats, rooms) = (include_str!("chat_store/mod.rs"), include_str!("event_rooms.rs"));
        let bulk = include_str!("bulk_store.rs");
        let suites = [
            (include_str!("chat_store/reading.rs"), chats),
            (include_str!("chat_store/keys.rs"), chats),
            (include_str!("chat_store/attempts.rs"), chats),
            (include_str!("chat_store/races.rs"), chats),
            (bulk, bulk),
            (rooms, rooms),
        ];
        for (suite, stamps) in suites {
            let functions = suite.lines().filter_map(|line| line.strip_prefix("pub async fn "));
            let names: Vec<_> = functions.filter_map(|rest| rest.split('(').next()).collect();
            assert!(!names.is_empty());
            for name in names {
                assert!(stamps.lines().any(|line| line.trim() == name), "{name}");
            }
        }
    }
}
