//! Writes problems as JSON, and logs them once.

use std::error::Error;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use serde::Serialize;

use super::{Kind, Problem};

/// After how many seconds a client is to try again where that may help.
const RETRY_AFTER_SECONDS: &str = "1";

#[derive(Serialize)]
struct ProblemObject<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    is_transient: bool,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_id: Option<uuid::Uuid>,
}

/// Puts the problem into a response that has one; other responses stay as they are.
pub(crate) fn rendered(
    response: ServiceResponse<BoxBody>,
    request_id: &str,
) -> ServiceResponse<BoxBody> {
    let problem = match response.response().error() {
        Some(error) => match error.as_error::<Problem>() {
            Some(problem) => http_response(problem, request_id),
            // An error of the framework that no handler of ours has turned into a problem.
            None => http_response(&Problem::internal(error.to_string().into()), request_id),
        },
        None => return response,
    };
    response.into_response(problem)
}

fn http_response(problem: &Problem, request_id: &str) -> HttpResponse {
    log(problem, request_id);
    let row = problem.kind.row();
    let body = serde_json::to_vec(&ProblemObject {
        r#type: row.name,
        title: row.title,
        status: row.status,
        detail: &problem.detail,
        is_transient: row.is_transient,
        request_id,
        chat_id: problem.chat_id.map(chats_domain::values::ChatId::as_uuid),
    });
    let mut response = HttpResponse::with_body(
        problem.kind.status(),
        // An object of strings and numbers is always written.
        BoxBody::new(body.unwrap_or_default()),
    );
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if row.is_transient {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    }
    for (name, value) in &problem.headers {
        headers.insert(name.clone(), value.clone());
    }
    response
}

/// Logs the causes of a problem: at length if it is ours, briefly if it is the caller's.
fn log(problem: &Problem, request_id: &str) {
    let problem_type = problem.kind.row().name;
    let cause = problem.cause.as_deref().map(chain).unwrap_or_default();
    match problem.kind {
        Kind::InternalFailure => {
            tracing::error!(request_id, problem_type, cause, "a request failed");
        }
        _ if problem.kind.status().is_server_error() && !problem.is_logged_elsewhere => {
            tracing::warn!(request_id, problem_type, cause, "a request could not be served");
        }
        _ => tracing::debug!(request_id, problem_type, cause, "a request was refused"),
    }
}

/// An error and all its sources, outermost first.
fn chain(error: &(dyn Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
