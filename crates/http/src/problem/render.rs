//! Writes problems as JSON, and tells the log of them.

use std::error::Error;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use chats_domain::values::ChatId;
use serde::Serialize;
use tracing::Level;
use uuid::Uuid;

use super::{Kind, Problem};

/// After how many seconds a client is to try again where that may help.
const RETRY_AFTER_SECONDS: &str = "1";

#[derive(Serialize)]
pub(crate) struct ProblemObject<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    is_transient: bool,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_id: Option<Uuid>,
}

/// What the log is told of a problem.
pub(crate) struct Trouble {
    pub(crate) level: Level,
    pub(crate) problem_type: &'static str,
    /// Why, with all that led to it; empty if there is no more to tell than the type.
    pub(crate) cause: String,
}

/// Puts the problem into a response that has one, and tells of it; other responses stay as they are.
pub(crate) fn rendered(
    response: ServiceResponse<BoxBody>,
    request_id: &str,
) -> (ServiceResponse<BoxBody>, Option<Trouble>) {
    let Some(error) = response.response().error() else {
        return (response, None);
    };
    let of_framework;
    let problem = if let Some(problem) = error.as_error::<Problem>() {
        problem
    } else {
        // No handler of ours has turned it into a problem.
        of_framework = Problem::internal(error.to_string().into());
        &of_framework
    };
    let (rendered, trouble) = (http_response(problem, request_id), trouble(problem));
    (response.into_response(rendered), Some(trouble))
}

fn http_response(problem: &Problem, request_id: &str) -> HttpResponse {
    let chat_id = problem.chat_id.map(ChatId::as_uuid);
    let object = problem_object(problem.kind, &problem.detail, request_id, chat_id);
    let mut response = HttpResponse::with_body(
        problem.kind.status(),
        // An object of strings and numbers is always written.
        BoxBody::new(serde_json::to_vec(&object).unwrap_or_default()),
    );
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if object.is_transient {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    }
    for (name, value) in &problem.headers {
        headers.insert(name.clone(), value.clone());
    }
    response
}

/// A problem as clients see it.
pub(crate) fn problem_object<'a>(
    kind: Kind,
    detail: &'a str,
    request_id: &'a str,
    chat_id: Option<Uuid>,
) -> ProblemObject<'a> {
    let row = kind.row();
    ProblemObject {
        r#type: row.name,
        title: row.title,
        status: row.status,
        detail,
        is_transient: row.is_transient,
        request_id,
        chat_id,
    }
}

/// What there is to tell of a problem: more urgently if it is ours than if it is the caller's.
fn trouble(problem: &Problem) -> Trouble {
    let level = match problem.kind {
        Kind::InternalFailure => Level::ERROR,
        _ if problem.kind.status().is_server_error() && !problem.is_logged_elsewhere => Level::WARN,
        _ => Level::INFO,
    };
    let cause = problem.cause.as_deref().map(chain).unwrap_or_default();
    Trouble { level, problem_type: problem.kind.row().name, cause }
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
