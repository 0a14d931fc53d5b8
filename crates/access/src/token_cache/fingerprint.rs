use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use aws_lc_rs::rand::SystemRandom;

/// What a token is known again by. It tells nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

/// Takes the fingerprints of tokens, with a key that nobody knows: HMAC-SHA-256.
///
/// Whoever finds another text with the fingerprint of somebody's token gets in as that one. Without the
/// key nobody can even look for it. And whoever reads the memory, the key with it, still has no token, nor
/// any text that would pass for one: that is what this has over the shorter and quicker `SipHash`, which
/// is made for keys that stay secret. For a token of 300 bytes it takes 0.43 µs, where `SipHash-2-4-128`
/// takes 0.15 and BLAKE3 0.45; verifying ES256 takes a hundred times as long.
pub(super) struct Fingerprints(Key);

impl Fingerprints {
    /// Fails only if the system gives no random bytes.
    pub(super) fn with_random_key() -> Result<Self, Unspecified> {
        Ok(Self(Key::generate(HMAC_SHA256, &SystemRandom::new())?))
    }

    /// The fingerprint of all of a token: two tokens may differ in the signature alone.
    pub(super) fn of(&self, token: &str) -> Fingerprint {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(sign(&self.0, token.as_bytes()).as_ref());
        Fingerprint(fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_one_fingerprint_and_no_other_has_it() {
        let fingerprints = Fingerprints::with_random_key().unwrap();
        assert_eq!(fingerprints.of("a.b.c"), fingerprints.of("a.b.c"));
        for other in ["a.b.d", "b.b.c", "a.b.c\0", "a.b.", "a.b", ""] {
            assert_ne!(fingerprints.of("a.b.c"), fingerprints.of(other), "{other:?}");
        }
    }

    #[test]
    fn without_the_key_nobody_can_tell_the_fingerprint_of_a_token() {
        let [one, other] = [(); 2].map(|()| Fingerprints::with_random_key().unwrap());
        assert_ne!(one.of("a.b.c"), other.of("a.b.c"));
    }
}
