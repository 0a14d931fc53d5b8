use std::str::FromStr;

use actix_web::http::Uri;
use actix_web::http::header::HeaderValue;

/// Where a page comes from, as browsers write it: `https://app.example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why a text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no origin as browsers write it, such as https://app.example.org or http://localhost:3000"
)]
pub struct InvalidOrigin;

impl Origin {
    /// The origin as browsers send it.
    pub(crate) fn as_header(&self) -> &HeaderValue {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    /// Takes an origin in the one form that browsers send (RFC 6454, section 6.2): in lower case, and
    /// without a path, a slash at the end, or the port that its scheme has anyway.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidOrigin);
        };
        let is_needless = match authority.port_u16() {
            Some(80) => scheme == "http",
            Some(443) => scheme == "https",
            _ => false,
        };
        let is_as_browsers_write_it = text == format!("{scheme}://{authority}")
            && !text.contains(|c: char| c == '@' || c == '*' || c.is_ascii_uppercase());
        if is_needless || !is_as_browsers_write_it {
            return Err(InvalidOrigin);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| InvalidOrigin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for text in [
            "https://app.example.org",
            "http://localhost:3000",
            "https://app.example.org:8443",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
        ] {
            assert_eq!(text.parse::<Origin>().map(|it| it.0), Ok(HeaderValue::from_static(text)));
        }
    }

    #[test]
    fn what_would_never_match_is_no_origin() {
        for text in [
            "",
            "*",
            "null",
            "app.example.org",
            "//app.example.org",
            "https://",
            "https://app.example.org/",
            "https://app.example.org/path",
            "https://app.example.org?query",
            "https://App.example.org",
            "HTTPS://app.example.org",
            "https://app.example.org:443",
            "http://app.example.org:80",
            "https://user@app.example.org",
            "https://*.example.org",
            "https://bücher.example",
            " https://app.example.org",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }
}
