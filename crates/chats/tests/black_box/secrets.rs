//! Neither the log nor an answer shows a secret.

use std::fs;
use std::time::Duration;

use chats_testkit::certificates::Authority;
use chats_testkit::jwks::{Behaviour, IssuerKey, JwksServer, jwks};
use reqwest::{Certificate, Client, Method};
use serde_json::json;
use url::Url;

use crate::support::{Answer, Database, Deployment, Says, Tenant, write_secret};

const TUTOR: &str = "tutor-7.asked.example.org";
const ASKED: &str = "/api/v1/audiences/asked.example.org/chats/lesson-42";

/// Nobody is meant to see a text with this word.
const WORD: &str = "hunter2";

/// A service whose configuration holds a secret wherever it may.
struct Scene {
    deployment: Deployment,
    tenant: Tenant,
    keys: JwksServer,
    key: IssuerKey,
    http: Client,
    /// What must not be shown.
    secrets: Vec<String>,
}

impl Scene {
    async fn on(database: Database) -> Self {
        let mut deployment = Deployment::on(database).await;
        deployment.kill();
        let key = IssuerKey::generate(Some("known")).unwrap();
        let set = serde_json::to_string(&jwks([&key])).unwrap();
        let keys = JwksServer::start(Behaviour::Serves(set)).await.unwrap();
        let tenant = Tenant::that_says(Says::Allowed(r#"["read"]"#)).await;
        let authority = Authority::new().unwrap();
        let issued = authority.issue_to_server(&["127.0.0.1"]).unwrap();

        let directory = deployment.directory.path();
        fs::write(directory.join("chain.pem"), &issued.certificate).unwrap();
        write_secret(directory.join("key.pem"), &issued.key);
        let sections = format!(
            "[http.tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n\
             [issuers.\"jwks.example.org\"]\naudiences = [\"asked.example.org\"]\n\
             algorithm = \"ES256\"\njwks = \"{}?code={WORD}-of-keys\"\njwks_refresh = \"100ms\"\n\
             jwks_cooldown = \"100ms\"\n\
             [audiences.\"asked.example.org\"]\npolicy = \"http\"\n\
             uri = \"{}?code={WORD}-of-tenant\"\ntimeout = \"500ms\"\nretries = 0\n\
             cache_yes = \"0s\"\ncache_no = \"0s\"\n",
            keys.url(),
            tenant.uri,
        );
        let file = directory.join("chats.toml");
        fs::write(&file, fs::read_to_string(&file).unwrap() + &sections).unwrap();

        let mut secrets: Vec<_> = ["eyJ", WORD, "the secret of"].map(str::to_owned).into();
        secrets.extend(issued.key.lines().filter(|it| !it.starts_with('-')).map(str::to_owned));
        if let Some(url) = &mut deployment.database_url {
            let mut with_password: Url = url.parse().unwrap();
            if with_password.password().is_none() {
                with_password.set_password(Some("hunter2-of-database")).unwrap();
            }
            secrets.extend(with_password.password().map(str::to_owned));
            *url = with_password.into();
        }
        let root = Certificate::from_pem(authority.certificate().as_bytes()).unwrap();
        let http = Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
        Self { deployment, tenant, keys, key, http, secrets }
    }

    /// A token that is signed with the key of the set, or says that it is.
    fn token(&self, key_id: &str, exp: i64) -> String {
        let claims = json!({
            "iss": "jwks.example.org",
            "aud": "asked.example.org",
            "sub": "tutor-7",
            "exp": exp,
        });
        self.key.sign_as(Some(key_id), &claims).unwrap()
    }

    async fn send(&mut self, token: &str, status: u16) {
        // A header alone tells nothing; claims and signature do.
        self.secrets.extend(token.rsplit('.').take(2).map(str::to_owned));
        let request = self.http.request(Method::GET, format!("{}{ASKED}", self.deployment.url));
        let answer = Answer::of(request.bearer_auth(token).send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        self.assert_silent(&format!("{:?} {}", answer.headers, answer.text));
    }

    async fn create(&self) {
        let url = format!("{}/api/v1/chats", self.deployment.url);
        let body = json!({
            "audience": "school.example.org",
            "scope": "lesson-42",
            "tags": {"tag": "hunter2-of-tags"},
        });
        let token = Deployment::token("tutor-7.school.example.org");
        let request = self.http.post(url).bearer_auth(token).json(&body);
        Answer::of(request.send().await.unwrap()).await.chat(201);
    }

    #[track_caller]
    fn assert_silent(&self, text: &str) {
        for secret in &self.secrets {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(line, None, "{secret}");
        }
    }
}

/// With everything logged that there is to log, and with everything going wrong that others can get wrong.
#[tokio::test]
async fn neither_the_log_nor_an_answer_shows_a_token_a_key_a_password_or_tags() {
    const LATER: i64 = 4_102_444_800;
    for database in [Database::Sqlite, Database::PostgreSql] {
        let mut scene = Scene::on(database).await;
        let log = scene.deployment.start_with_log("trace");
        scene.create().await;
        scene.send(&Deployment::token(TUTOR), 404).await;
        scene.send(&scene.token("known", LATER), 404).await;

        for refused in [
            scene.token("known", 1),
            scene.token("unknown", LATER),
            scene.token("known", LATER) + "x",
            scene.token("known", LATER).to_lowercase(),
            Deployment::own_token(TUTOR),
            Deployment::token_for("tutor-7.unknown.example.org", Duration::from_mins(1)),
            format!("{WORD}.{WORD}.{WORD}"),
            WORD.repeat(2_000),
        ] {
            scene.send(&refused, 401).await;
        }
        for says in [Says::Status(500), Says::Status(302), Says::Allowed("hunter2"), Says::Nothing]
        {
            scene.tenant.now_says(says);
            scene.send(&scene.token("known", LATER), 503).await;
        }
        for behaviour in [Behaviour::Says("hunter2".to_owned()), Behaviour::Serves(WORD.to_owned())]
        {
            scene.keys.behave(behaviour);
            scene.keys.until_requests(scene.keys.requests() + 2).await;
        }
        assert!(scene.deployment.terminate());

        let log = fs::read_to_string(log).unwrap();
        for said in ["TRACE", "cannot be fetched", "did not tell", "authentication_failed"] {
            assert!(log.contains(said), "{said:?} is not in the log");
        }
        scene.assert_silent(&log);
    }
}
