//! Any text as a token: what was not signed does not count.

#![no_main]

use std::sync::LazyLock;

use chats_access::Issuers;
use chats_fuzz::{ALGORITHMS, AUDIENCE, account, issuers, signed_by_another};
use libfuzzer_sys::fuzz_target;

/// One issuer for each algorithm, of which the first is the one that the tokens name.
static ISSUERS: LazyLock<Vec<(String, Issuers)>> = LazyLock::new(|| {
    let issuer = |algorithm| {
        let (token, key) = signed_by_another(algorithm);
        (token, issuers([("pyjwt.example.org", key)]))
    };
    ALGORITHMS.map(issuer).into()
});

fuzz_target!(|text: &str| {
    for (signed, issuers) in &*ISSUERS {
        let account = account(issuers, text);
        assert!(signed != text || account.is_some());
        let Some(account) = account else { continue };
        // Of ECDSA signatures each has a twin that counts, too; what they sign is the same.
        assert_eq!(text.rsplit_once('.').unwrap().0, signed.rsplit_once('.').unwrap().0);
        assert_eq!((account.label(), account.audience().as_str()), ("tutor-7", AUDIENCE));
    }
});
