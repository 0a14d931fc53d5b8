//! Tenants and sets of keys whose certificates come from an authority of the operator's own.

use std::fs;
use std::net::SocketAddr;

use chats_testkit::certificates::Authority;
use chats_testkit::jwks::{Behaviour, IssuerKey, JwksServer, jwks};
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Database, Deployment, Says, Tenant, chats, refusal, tls_front};

const PATH: &str = "/api/v1/audiences/asked.example.org/chats/lesson-42";

/// A service that asks a tenant and fetches keys there, both by `https`.
async fn deployment(
    tenant: SocketAddr,
    keys: SocketAddr,
    authority: Option<&Authority>,
) -> Deployment {
    let (mut ca, mut jwks_ca) = ("", "");
    let mut deployment = Deployment::on(Database::Sqlite).await;
    deployment.kill();
    let directory = deployment.directory.path();
    if let Some(authority) = authority {
        (ca, jwks_ca) = ("ca = \"ca.pem\"", "jwks_ca = \"ca.pem\"");
        fs::write(directory.join("ca.pem"), authority.certificate()).unwrap();
    }
    let sections = format!(
        "[audiences.\"asked.example.org\"]\npolicy = \"http\"\nuri = \"https://{tenant}/authz\"\n{ca}\n\
         [issuers.\"jwks.example.org\"]\naudiences = [\"asked.example.org\"]\nalgorithm = \"ES256\"\n\
         jwks = \"https://{keys}/jwks.json\"\n{jwks_ca}\n"
    );
    let file = directory.join("chats.toml");
    fs::write(&file, fs::read_to_string(&file).unwrap() + &sections).unwrap();
    deployment.start();
    deployment
}

#[tokio::test]
async fn what_a_private_authority_vouches_for_is_trusted_where_that_is_configured() {
    let (own, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let issued = own.issue_to_server(&["127.0.0.1"]).unwrap();
    let key = IssuerKey::generate(Some("known")).unwrap();
    let set = Behaviour::Serves(serde_json::to_string(&jwks([&key])).unwrap());
    let keys = JwksServer::start(set).await.unwrap();
    let tenant = Tenant::that_says(Says::Allowed(r#"["read"]"#)).await;
    let keys_front = tls_front(keys.address(), &issued).await;
    let tenant_front = tls_front(tenant.address(), &issued).await;

    let claims = json!({
        "iss": "jwks.example.org",
        "aud": "asked.example.org",
        "sub": "tutor-7",
        "exp": 4_102_444_800_i64,
    });
    let signed_by_set = key.sign(&claims).unwrap();
    let signed_by_key = Deployment::token("tutor-7.asked.example.org");
    for (authority, is_trusted) in [(Some(&own), true), (Some(&other), false), (None, false)] {
        let deployment = deployment(tenant_front, keys_front, authority).await;
        for token in [&signed_by_set, &signed_by_key] {
            let request = deployment.anonymous(Method::GET, PATH).bearer_auth(token);
            let answer = Answer::of(request.send().await.unwrap()).await;
            if is_trusted {
                answer.problem(404, "chat_not_found");
            } else {
                answer.problem(503, "authorization_unavailable");
            }
        }
        assert_eq!(tenant.questions().is_empty(), !is_trusted);
    }
}

#[test]
fn roots_that_cannot_be_used_stop_the_start_and_are_named() {
    const TENANT: &str = "[audiences.\"a.org\"]\npolicy = \"http\"\nuri = \"https://a.org\"\n";
    const KEYS: &str = "[issuers.\"i.org\"]\naudiences = []\nalgorithm = \"ES256\"\n";
    const URL: &str = "jwks = \"https://i.org/jwks.json\"\n";
    let (authority, directory) = (Authority::new().unwrap(), tempfile::tempdir().unwrap());
    let file = |name: &str, content: &str| fs::write(directory.path().join(name), content).unwrap();
    let key = authority.issue_to_server(&["a.org"]).unwrap().key;
    file("key.pem", &key);
    file("text.pem", "hunter2");
    file("ca.pem", authority.certificate());
    file("secret", "hunter2 hunter2 hunter2 hunter2 hunter2");
    file(
        "jwks.json",
        &serde_json::to_string(&jwks([&IssuerKey::generate(None).unwrap()])).unwrap(),
    );
    for (section, setting) in [
        (format!("{TENANT}ca = \"missing.pem\""), "audiences.a.org.ca"),
        (format!("{TENANT}ca = \"key.pem\""), "audiences.a.org.ca"),
        (format!("{TENANT}ca = \"text.pem\""), "audiences.a.org.ca"),
        (
            "[audiences.\"a.org\"]\npolicy = \"none\"\nca = \"ca.pem\"".to_owned(),
            "audiences.a.org.ca",
        ),
        (format!("{KEYS}{URL}jwks_ca = \"missing.pem\""), "issuers.i.org.jwks_ca"),
        (format!("{KEYS}{URL}jwks_ca = \"key.pem\""), "issuers.i.org.jwks_ca"),
        (
            format!("{KEYS}jwks = \"http://127.0.0.1/jwks.json\"\njwks_ca = \"ca.pem\""),
            "issuers.i.org.jwks_ca",
        ),
        (format!("{TENANT}ca = \"ca.pem\"").replace("https", "http"), "audiences.a.org.ca"),
        ("[event]\nurl = \"http://e.org\"\nca = \"ca.pem\"".to_owned(), "event.ca"),
        ("[event]\nca = \"ca.pem\"".to_owned(), "event.ca"),
        (format!("{KEYS}jwks = \"jwks.json\"\njwks_ca = \"ca.pem\""), "issuers.i.org.jwks_ca"),
        (format!("{KEYS}key = \"secret\"\njwks_ca = \"ca.pem\""), "issuers.i.org.jwks_ca"),
    ] {
        let identity = "[identity]\naccount = \"chats.svc.example.org\"\nissuer = \"i\"\n\
                        algorithm = \"HS256\"\nkey = \"secret\"\n";
        file("chats.toml", &format!("{identity}{section}"));
        let mut command = chats(directory.path());
        let said = refusal(command.args(["--http-listen", "127.0.0.1:0"]));
        assert!(said.contains(&format!("configuration: {setting} (from ")), "{said}");
        assert!(!said.contains("hunter2") && !said.contains(key.lines().nth(1).unwrap()), "{said}");
    }
}
