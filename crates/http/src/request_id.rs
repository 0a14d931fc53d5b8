//! Request ids: what leads from an answer to the log.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries a request's id, both ways.
pub(crate) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over from a client.
const MAX_CHARS: usize = 128;

/// The id of a request: the client's own, if that is a sane one, else a new one.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    sane(headers).unwrap_or_else(fresh)
}

/// The client's own id, if it is one that can do no harm in a log: once, short, and of plain characters.
fn sane(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut ids = headers.get_all(&X_REQUEST_ID);
    let id = ids.next()?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(byte);
    let is_sane = (1..=MAX_CHARS).contains(&id.len())
        && id.as_bytes().iter().all(is_plain)
        && ids.next().is_none();
    is_sane.then(|| id.clone())
}

#[expect(clippy::disallowed_methods, reason = "nothing depends on which id a request gets")]
fn fresh() -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let id = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_over(ids: &[&'static str]) -> Option<HeaderValue> {
        let mut headers = HeaderMap::new();
        for id in ids {
            headers.append(X_REQUEST_ID.clone(), HeaderValue::from_static(id));
        }
        sane(&headers)
    }

    #[test]
    fn a_sane_id_is_taken_over() {
        for id in ["7", "0193a5c1-7b1e-7cc3-9d3e-2f6a1c0b8e11", "Root=1-67891233:a/b_c.d+e"] {
            assert_eq!(taken_over(&[id]).unwrap(), id);
        }
    }

    #[test]
    fn any_other_id_is_not() {
        for id in ["", "a b", "a\"b", "a,b", "<script>", "{}", "a%0ab"] {
            assert_eq!(taken_over(&[id]), None, "{id}");
        }
        let long = String::from_utf8(vec![b'a'; MAX_CHARS + 1]).unwrap();
        assert_eq!(taken_over(&[long.leak()]), None);
        assert_eq!(taken_over(&["a", "b"]), None);
        assert_eq!(taken_over(&[]), None);
    }

    #[test]
    fn a_fresh_id_is_a_sane_one() {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID.clone(), fresh());
        assert_eq!(sane(&headers).unwrap().len(), 36);
    }
}
