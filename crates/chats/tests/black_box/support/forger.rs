use std::fs;

use chats_domain::ports::Clock;
use chats_testkit::jwks::{Behaviour, IssuerKey, JwksServer, jwks};
use chats_testkit::memory::SystemClock;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Database, Deployment};

/// A service with an issuer of tokens that can be forged as one likes, and a key of somebody else's.
pub(crate) struct Forger {
    pub(crate) deployment: Deployment,
    pub(crate) key: IssuerKey,
    pub(crate) stranger: IssuerKey,
    /// Where the issuer's keys are, if they are a set.
    pub(crate) keys: Option<JwksServer>,
}

impl Forger {
    pub(crate) const ISSUER: &str = "forged.example.org";
    pub(crate) const HEADER: &str = r#"{"alg":"ES256","typ":"JWT"}"#;
    const ROUTES: [(Method, &str); 4] = [
        (Method::GET, "/api/v1/audiences/school.example.org/chats/lesson-42"),
        (Method::GET, "/api/v1/chats/00000000-0000-0000-0000-000000000007"),
        (Method::POST, "/api/v1/chats"),
        (Method::POST, "/api/v1/chats/convert"),
    ];

    /// An issuer with one key, in a file.
    pub(crate) async fn new() -> Self {
        let key = IssuerKey::generate(None).unwrap();
        Self::with(key, "key = \"public.pem\"", None).await
    }

    /// An issuer with a set of one key, named `known`.
    pub(crate) async fn with_a_set() -> Self {
        let key = IssuerKey::generate(Some("known")).unwrap();
        let set = serde_json::to_string(&jwks([&key])).unwrap();
        let server = JwksServer::start(Behaviour::Serves(set)).await.unwrap();
        let jwks = format!("jwks = \"{}\"", server.url());
        Self::with(key, &jwks, Some(server)).await
    }

    async fn with(key: IssuerKey, keys: &str, server: Option<JwksServer>) -> Self {
        let mut deployment = Deployment::on(Database::Sqlite).await;
        deployment.kill();
        let directory = deployment.directory.path();
        let issuer = format!(
            "[issuers.\"{}\"]\naudiences = [\"school.example.org\", \"example.org\"]\n\
             algorithm = \"ES256\"\n{keys}\n",
            Self::ISSUER
        );
        let file = directory.join("chats.toml");
        fs::write(&file, fs::read_to_string(&file).unwrap() + &issuer).unwrap();
        fs::write(directory.join("public.pem"), key.public_pem()).unwrap();
        deployment.start();
        Self { deployment, key, stranger: IssuerKey::generate(None).unwrap(), keys: server }
    }

    /// The time, in Unix seconds.
    pub(crate) fn now() -> i64 {
        SystemClock.now().as_unix_seconds()
    }

    /// What a good token says.
    pub(crate) fn claims() -> Value {
        json!({
            "iss": Self::ISSUER,
            "aud": "school.example.org",
            "sub": "tutor-7",
            "exp": Self::now() + 600,
        })
    }

    pub(crate) fn claims_with(claim: &str, value: Value) -> String {
        let mut claims = Self::claims();
        claims[claim] = value;
        claims.to_string()
    }

    /// A token that the issuer signed, whatever it says.
    pub(crate) fn signed(&self, header: &str, claims: &str) -> String {
        self.key.sign_text(header, claims).unwrap()
    }

    pub(crate) async fn send(request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    /// The token counts.
    pub(crate) async fn takes(&self, token: &str) {
        let (method, path) = Self::ROUTES[0].clone();
        let request = self.deployment.anonymous(method, path).bearer_auth(token);
        Self::send(request).await.problem(404, "chat_not_found");
    }

    /// The token counts on no route, the answer does not tell why, and nothing was done.
    pub(crate) async fn refuses(&self, token: &str) {
        for (method, path) in Self::ROUTES {
            let body = json!({
                "audience": "school.example.org",
                "scope": "lesson-42",
                "event_room_id": "00000000-0000-4000-8000-000000000001",
            });
            let request = self.deployment.anonymous(method, path).bearer_auth(token).json(&body);
            let answer = Self::send(request).await;
            let problem = answer.problem(401, "authentication_failed");
            assert_eq!(problem["detail"], "The bearer token was refused.", "{token}");
            let challenge = r#"Bearer realm="chats", error="invalid_token""#;
            assert_eq!(answer.header("www-authenticate"), challenge);
        }
        assert!(self.deployment.rooms(None).await.is_empty());
    }

    /// The issuer's signature does not help a token that says this.
    pub(crate) async fn refuses_claims(&self, claims: &str) {
        self.refuses(&self.signed(Self::HEADER, claims)).await;
    }
}
