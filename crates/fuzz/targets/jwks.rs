//! Any document as an issuer's set of keys: each of its keys is used, or is told of as passed over.

#![no_main]

use chats_access::internals::read_jwks;
use chats_fuzz::{ALGORITHMS, json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| {
    for algorithm in ALGORITHMS {
        let Ok(content) = read_jwks(algorithm, document) else { continue };
        let Some(read) = json(document) else { continue };
        // A struct may be written as an array, too.
        let keys = read.get("keys").or(read.get(0)).and_then(|keys| keys.as_array()).unwrap();
        assert_eq!(content.keys + content.passed_over.len(), keys.len());
    }
});
