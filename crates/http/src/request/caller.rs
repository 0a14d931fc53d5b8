use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use chats_domain::ports::Authenticator;
use chats_domain::values::Account;

use crate::problem::{Kind, Problem};

/// The account that calls, by its bearer token (RFC 6750, section 2.1).
pub(crate) async fn caller(
    request: &HttpRequest,
    authenticator: &dyn Authenticator,
) -> Result<Account, Problem> {
    Ok(authenticator.authenticate(bearer_token(request)?).await?)
}

fn bearer_token(request: &HttpRequest) -> Result<&str, Problem> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header =
        headers.next().ok_or_else(|| Problem::no_token("The request has no bearer token."))?;
    if headers.next().is_some() {
        let detail = "The request has more than one Authorization header.";
        return Err(Problem::malformed_token(detail));
    }
    let detail = "The Authorization header is not 'Bearer' and a token.";
    // `to_str` looks at each character by itself, which for a token shows.
    let text = str::from_utf8(header.as_bytes()).ok().filter(|text| text.is_ascii());
    let text = text.ok_or_else(|| Problem::malformed_token(detail))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Problem::no_token(detail));
    }
    match token.trim_matches(' ') {
        "" => Err(Problem::malformed_token(detail)),
        token => Ok(token),
    }
}

impl Problem {
    /// No token came, or another scheme: the challenge then names no error (RFC 6750, section 3.1).
    fn no_token(detail: &str) -> Self {
        Self::authentication_failed(detail, r#"Bearer realm="chats""#)
    }

    /// Nobody can tell which token is meant. The same section wants `400` where we have one type for all
    /// that is wrong with who calls.
    fn malformed_token(detail: &str) -> Self {
        Self::authentication_failed(detail, r#"Bearer realm="chats", error="invalid_request""#)
    }

    /// The token that came does not count.
    pub(crate) fn invalid_token() -> Self {
        let challenge = r#"Bearer realm="chats", error="invalid_token""#;
        Self::authentication_failed("The bearer token was refused.", challenge)
    }

    fn authentication_failed(detail: &str, challenge: &'static str) -> Self {
        Self::new(Kind::AuthenticationFailed, detail)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }
}
