use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, received whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The chat object, with which the request was answered well.
    #[track_caller]
    pub(crate) fn chat(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        assert!(!self.header("x-request-id").is_empty());
        let chat = self.json();
        assert_eq!(chat["id"], chat["scope"]);
        chat
    }

    /// The problem, with which the request was answered.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, problem_type: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], problem_type, "{}", self.text);
        assert_eq!(problem["status"], status);
        assert!(!problem["title"].as_str().unwrap().is_empty());
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        let is_transient = status == 429 || status == 503;
        assert_eq!(problem["is_transient"], is_transient);
        assert_eq!(self.headers.contains_key("retry-after"), is_transient);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem
    }
}
