//! Who comes in, and what they may do.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Database, Deployment};

const ROUTES: [(Method, &str); 4] = [
    (Method::POST, "/api/v1/chats"),
    (Method::POST, "/api/v1/chats/convert"),
    (Method::GET, "/api/v1/chats/00000000-0000-0000-0000-000000000007"),
    (Method::GET, "/api/v1/audiences/school.example.org/chats/lesson-42"),
];

const TUTOR_7: &str = "tutor-7.school.example.org";
const TUTOR_8: &str = "tutor-8.other.example.org";
const STRANGER: &str = "somebody.stranger.example.org";

on_both_databases! {
    async fn no_route_serves_anyone_without_a_good_token(deployment) {
        let good = Deployment::token(TUTOR_7);
        let foreign = Deployment::token("tutor.unknown.example.org");
        // A challenge names an error only if the client knows of bearer tokens (RFC 6750, section 3.1).
        let none = r#"Bearer realm="chats""#;
        let malformed = r#"Bearer realm="chats", error="invalid_request""#;
        let invalid = r#"Bearer realm="chats", error="invalid_token""#;
        let authorizations = [
            (None, none),
            (Some(String::new()), none),
            (Some("Bearer".to_owned()), malformed),
            (Some("Bearer ".to_owned()), malformed),
            (Some(format!("Basic {good}")), none),
            (Some(good.clone()), none),
            (Some(format!("Bearer {}", good.to_uppercase())), invalid),
            (Some(format!("Bearer {good}x")), invalid),
            (Some(format!("Bearer {good} {good}")), invalid),
            (Some(format!("Bearer {foreign}")), invalid),
            (Some(format!("Bearer {}", "x".repeat(9_000))), invalid),
        ];
        for (method, path) in ROUTES {
            for (authorization, challenge) in &authorizations {
                let mut request = deployment.anonymous(method.clone(), path);
                if let Some(authorization) = authorization {
                    request = request.header("authorization", authorization);
                }
                let answer = Answer::of(request.send().await.unwrap()).await;
                answer.problem(401, "authentication_failed");
                assert_eq!(answer.header("www-authenticate"), *challenge);
            }
            let twice = deployment.anonymous(method.clone(), path).bearer_auth(&good);
            let twice = Answer::of(twice.bearer_auth(&good).send().await.unwrap()).await;
            twice.problem(401, "authentication_failed");
            assert_eq!(twice.header("www-authenticate"), malformed);
        }
    }

    async fn the_scheme_is_written_in_any_case(deployment) {
        let request = deployment
            .anonymous(Method::GET, ROUTES[3].1)
            .header("authorization", format!("bEARER {}", Deployment::token(TUTOR_7)));
        Answer::of(request.send().await.unwrap()).await.problem(404, "chat_not_found");
    }

    async fn an_audience_that_nobody_named_lets_nobody_in(deployment) {
        let body = json!({"audience": "unknown.example.org", "scope": "lesson-42"});
        deployment.post("/api/v1/chats", &body).await.problem(403, "access_denied");
        let path = "/api/v1/audiences/unknown.example.org/chats/lesson-42";
        deployment.get(path).await.problem(403, "access_denied");
        assert!(deployment.rooms(None).await.is_empty());
    }

    async fn a_local_policy_lets_in_whom_it_trusts_and_nobody_else(deployment) {
        let made = create(&deployment, TUTOR_7, "school.example.org").await;
        made.chat(201);
        for account in [TUTOR_8, STRANGER, "tutor-8.school.example.org"] {
            let denied = create(&deployment, account, "school.example.org").await;
            denied.problem(403, "access_denied");
            get(&deployment, account, made.header("location")).await.problem(403, "access_denied");
        }
    }

    async fn who_may_not_read_learns_nothing_of_what_is_there(deployment) {
        create(&deployment, TUTOR_7, "school.example.org").await.chat(201);
        let mut answers = Vec::new();
        for scope in ["lesson-42", "lesson-43"] {
            let path = format!("/api/v1/audiences/school.example.org/chats/{scope}");
            let denied = get(&deployment, STRANGER, &path).await.problem(403, "access_denied");
            answers.push((denied["title"].clone(), denied["detail"].clone()));
        }
        assert_eq!(answers[0], answers[1]);
    }

    async fn the_policy_none_lets_every_account_in(deployment) {
        for account in [TUTOR_7, STRANGER] {
            let answer = create(&deployment, account, "open.example.org").await;
            assert!(answer.status < 300, "{}", answer.text);
            let path = "/api/v1/audiences/open.example.org/chats/lesson-43";
            get(&deployment, account, path).await.problem(404, "chat_not_found");
        }
    }

    async fn a_whitelist_grants_what_its_records_say(deployment) {
        let made = create(&deployment, TUTOR_7, "listed.example.org").await;
        made.chat(201);
        create(&deployment, TUTOR_8, "listed.example.org").await.chat(200);
        create(&deployment, STRANGER, "listed.example.org").await.problem(403, "access_denied");

        let missing = "/api/v1/audiences/listed.example.org/chats/lesson-43";
        get(&deployment, TUTOR_7, made.header("location")).await.chat(200);
        get(&deployment, TUTOR_7, missing).await.problem(404, "chat_not_found");
        for path in [made.header("location"), missing] {
            get(&deployment, TUTOR_8, path).await.problem(403, "access_denied");
        }

        let room = deployment.open_room("any.listed.example.org").await;
        let body = json!({
            "audience": "listed.example.org", "scope": "lesson-44", "event_room_id": room,
        });
        let denied = deployment.post("/api/v1/chats/convert", &body).await;
        denied.problem(403, "access_denied");
    }
}

async fn create(deployment: &Deployment, account: &str, audience: &str) -> Answer {
    let body = json!({"audience": audience, "scope": "lesson-42"});
    let request = deployment.anonymous(Method::POST, "/api/v1/chats").json(&body);
    Answer::of(request.bearer_auth(Deployment::token(account)).send().await.unwrap()).await
}

async fn get(deployment: &Deployment, account: &str, path: &str) -> Answer {
    let request = deployment.anonymous(Method::GET, path);
    Answer::of(request.bearer_auth(Deployment::token(account)).send().await.unwrap()).await
}
