use reqwest::{Client, Method};
use serde_json::json;

use super::deployment::url_after;
use super::{Answer, Deployment, Process};

/// One more instance of a deployment, beside its own.
pub(crate) struct Instance {
    url: String,
    http: Client,
    _process: Process,
}

impl Instance {
    /// Starts it with these variables in its environment.
    pub(crate) fn of(deployment: &Deployment, variables: &[(&str, &str)]) -> Self {
        let mut command = deployment.command();
        command.envs(variables.iter().copied()).arg("serve");
        let (process, said) = Process::start(&mut command, "tenants");
        let http = Client::builder().no_proxy().build().unwrap();
        Self { url: url_after("is ready at ", &said), http, _process: process }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    pub(crate) async fn create(&self, scope: &str) -> Answer {
        let body = json!({"audience": "school.example.org", "scope": scope});
        self.send(Method::POST, "/api/v1/chats", &body.to_string()).await
    }

    pub(crate) async fn read_by_scope(&self, scope: &str) -> Answer {
        self.get(&format!("/api/v1/audiences/school.example.org/chats/{scope}")).await
    }

    async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json").body(body.to_owned());
        let token = Deployment::token("tutor-7.school.example.org");
        Answer::of(request.bearer_auth(token).send().await.unwrap()).await
    }
}
