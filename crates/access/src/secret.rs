use std::fmt;

use aws_lc_rs::{error::Unspecified, rand};

use crate::KeyError;

/// The fewest bytes of a secret: as many as the digest has (RFC 7518 §3.2).
const MIN_BYTES: usize = 32;

/// A fresh secret for [`Algorithm::Hs256`](crate::Algorithm::Hs256), as text that can be kept in a file.
///
/// The secret is the text itself, not what it encodes, so that what is read back from the file is what
/// was made.
pub struct Secret(String);

impl Secret {
    /// Makes a secret of 256 random bits.
    ///
    /// Fails only if the system gives no random bytes.
    pub fn generate() -> Result<Self, Unspecified> {
        let mut random = [[0_u8; 16]; 2];
        rand::fill(random.as_flattened_mut())?;
        let [high, low] = random.map(u128::from_be_bytes);
        Ok(Self(format!("{high:032x}{low:032x}")))
    }

    /// The secret as text: 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secret").finish_non_exhaustive()
    }
}

/// The secret in the bytes of a file.
pub(crate) fn parse(bytes: &[u8]) -> Result<&[u8], KeyError> {
    let secret = without_line_end(bytes);
    // A public key taken for a secret would let everyone sign.
    if secret.windows(10).any(|window| window == b"-----BEGIN") {
        return Err(KeyError::PemForSecret);
    }
    if !is_long_enough(secret) {
        return Err(KeyError::ShortSecret);
    }
    Ok(secret)
}

/// Whether a secret has as many bytes as it takes.
pub(crate) fn is_long_enough(secret: &[u8]) -> bool {
    secret.len() >= MIN_BYTES
}

/// Text loses the one line end that editors put after it. Other bytes are taken as they are, for there
/// a last byte of 10 can belong to the secret.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.is_ascii() { text } else { bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_secret_is_long_enough_and_never_the_same() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_eq!(parse(one.as_str().as_bytes()).unwrap().len(), 64);
        assert_ne!(one.as_str(), other.as_str());
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::generate().unwrap();
        assert!(!format!("{secret:?}").contains(&secret.as_str()[..8]));
    }

    #[test]
    fn a_secret_of_text_loses_one_line_end() {
        let secret = [b's'; 32];
        for end in ["", "\n", "\r\n"] {
            assert_eq!(parse(&[&secret, end.as_bytes()].concat()).unwrap(), secret);
        }
        assert_eq!(parse(&[&secret[..], b"\n\n"].concat()).unwrap().len(), 33);
    }

    #[test]
    fn a_secret_of_other_bytes_keeps_its_last_one() {
        let mut secret = [0xfe; 32];
        secret[31] = b'\n';
        assert_eq!(parse(&secret).unwrap(), secret);
    }

    #[test]
    fn a_secret_is_at_least_32_bytes_long_without_its_line_end() {
        assert_eq!(parse(&[b's'; 31]), Err(KeyError::ShortSecret));
        let with_line_end = [&[b's'; 31][..], b"\n"].concat();
        assert_eq!(parse(&with_line_end), Err(KeyError::ShortSecret));
        assert_eq!(parse(b""), Err(KeyError::ShortSecret));
    }

    #[test]
    fn pem_is_no_secret() {
        let pem = "\n  -----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n";
        assert_eq!(parse(pem.as_bytes()), Err(KeyError::PemForSecret));
    }
}
