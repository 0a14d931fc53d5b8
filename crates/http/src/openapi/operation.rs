use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::{Components, Ref, Response};

use super::{TAG, parameters, problems};
use crate::Route;
use crate::problem::Kind;

/// A path, and what can be done with it.
pub(crate) struct Documented {
    pub(super) path: &'static str,
    pub(super) operations: Vec<(HttpMethod, Operation)>,
}

/// What a route says of itself.
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) path_parameters: Vec<Parameter>,
    /// The names of request headers, besides those that every request may have.
    pub(crate) headers: &'static [&'static str],
    pub(crate) body: Option<RequestBody>,
    /// What it answers if all goes well, by status.
    pub(crate) answers: Vec<(u16, Response)>,
    /// What may go wrong, besides what may with every operation.
    pub(crate) problems: &'static [Kind],
}

/// What may go wrong with every operation.
const ALWAYS: [Kind; 6] = [
    Kind::AuthenticationFailed,
    Kind::AccessDenied,
    Kind::RateLimited,
    Kind::InternalFailure,
    Kind::DatabaseUnavailable,
    Kind::AuthorizationUnavailable,
];

impl Documented {
    /// A path that is posted to.
    pub(crate) fn post(route: Route, operation: Operation) -> Self {
        Self { path: route.pattern(), operations: vec![(HttpMethod::Post, operation)] }
    }

    /// A path that is read with `GET`, or with `HEAD` by an operation of the id `head`.
    pub(crate) fn read(
        route: Route,
        operation: impl Fn() -> Operation,
        head: &'static str,
    ) -> Self {
        let head =
            Operation { id: head, summary: "Reads as GET does, without the body", ..operation() };
        Self {
            path: route.pattern(),
            operations: vec![(HttpMethod::Get, operation()), (HttpMethod::Head, head)],
        }
    }
}

impl Operation {
    /// Writes the operation, and what it refers to into `components`.
    pub(super) fn write(
        self,
        method: &HttpMethod,
        components: &mut Components,
    ) -> utoipa::openapi::path::Operation {
        let has_body = *method != HttpMethod::Head;
        let mut operation = OperationBuilder::new()
            .tag(TAG)
            .operation_id(Some(self.id))
            .summary(Some(self.summary))
            .description(Some(self.description))
            .request_body(self.body);
        for parameter in self.path_parameters {
            operation = operation.parameter(parameter);
        }
        for name in self.headers.iter().chain(parameters::ALWAYS) {
            operation = operation.parameter_ref(parameters::reference(name));
        }
        for (status, mut response) in self.answers {
            if !has_body {
                response.content.clear();
                response.links.clear();
            }
            operation = operation.response(status.to_string(), response);
        }
        let mut kinds: Vec<Kind> = Kind::ALL.to_vec();
        kinds.retain(|kind| ALWAYS.contains(kind) || self.problems.contains(kind));
        kinds.sort_by_key(|kind| kind.row().status);
        for kinds in kinds.chunk_by(|a, b| a.row().status == b.row().status) {
            let name = problems::response_name(kinds, has_body);
            let response = problems::response(kinds, has_body);
            components.responses.insert(name.clone(), response.into());
            let status = kinds[0].row().status;
            operation = operation.response(status.to_string(), Ref::from_response_name(name));
        }
        operation.build()
    }
}
