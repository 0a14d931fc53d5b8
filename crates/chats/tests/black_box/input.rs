//! What is checked before anything is done: odd input gives no 5xx, and the same on both databases.

use serde_json::{Value, json};

use crate::support::{Answer, Database, Deployment};

on_both_databases! {
    async fn a_scope_has_1_to_255_characters_and_no_control_character(deployment) {
        for scope in ["é".repeat(255), "🦀".repeat(255), "x".into(), " ".into()] {
            let made = deployment.create(&scope, None).await.chat(201);
            assert_eq!(made["scope"], scope);
        }
        for scope in ["", &"é".repeat(256), "a\0b", "a\nb", "\u{7f}", "\u{85}"] {
            refused(&deployment, &json!({"audience": "school.example.org", "scope": scope})).await;
        }
    }

    async fn an_audience_has_1_to_255_characters_and_no_white_space(deployment) {
        for audience in ["", &"a".repeat(256), "a b", "a\0b", "a\tb", "a\u{a0}b", "a\u{2003}b"] {
            refused(&deployment, &json!({"audience": audience, "scope": "lesson-42"})).await;
        }
        // One of the greatest length is well formed; nobody has named it.
        let body = json!({"audience": "a".repeat(255), "scope": "lesson-42"});
        deployment.post("/api/v1/chats", &body).await.problem(403, "access_denied");
    }

    async fn what_is_missing_or_of_another_type_is_refused(deployment) {
        for body in [
            json!({}),
            json!({"audience": "school.example.org"}),
            json!({"scope": "lesson-42"}),
            json!({"audience": 1, "scope": "lesson-42"}),
            json!({"audience": "school.example.org", "scope": null}),
            json!({"audience": "school.example.org", "scope": ["lesson-42"]}),
            json!([]),
            json!("lesson-42"),
            json!(null),
        ] {
            refused(&deployment, &body).await;
        }
        for tags in [json!(null), json!([]), json!("a"), json!(1), json!(true)] {
            let body = json!({"audience": "school.example.org", "scope": "a", "tags": tags});
            refused(&deployment, &body).await;
        }
        let base = json!({"audience": "school.example.org", "scope": "a"});
        let ids = [None, Some(json!(null)), Some(json!(7)), Some(json!("7")), Some(json!("{}"))];
        for id in ids {
            let mut body = base.clone();
            if let Some(id) = id {
                body["event_room_id"] = id;
            }
            let answer = deployment.post("/api/v1/chats/convert", &body).await;
            answer.problem(400, "invalid_payload");
        }
    }

    async fn tags_come_back_value_for_value(deployment) {
        for (n, tags) in [
            r#"{"n":1234567890123456789012345678901234567890}"#,
            r#"{"n":-1234567890123456789012345678901234567890}"#,
            r#"{"n":0.123456789012345678901234567890}"#,
            r#"{"n":1.10,"e":1e400,"z":-0.0,"big":1E+9999999}"#,
            r#"{"s":"\u00e9 \ud83e\udd80 \\ \" \/ \b\f\n\r\t \u001f é 🦀"}"#,
            r#"{"":{"":[]},"a":{"b":[[],{},null,true,false]}}"#,
            r#"{"z":1,"a":2,"m":3}"#,
            "{}",
        ].into_iter().enumerate() {
            let scope = format!("lesson-{n}");
            let body =
                format!(r#"{{"audience":"school.example.org","scope":"{scope}","tags":{tags}}}"#);
            let made = deployment.post_text("/api/v1/chats", body.clone()).await;
            assert_eq!(made.status, 201, "{}", made.text);
            let read = deployment.read_by_scope(&scope).await;
            for answer in [made, read, deployment.post_text("/api/v1/chats", body).await] {
                assert!(answer.text.contains(&format!(r#""tags":{tags},"#)), "{}", answer.text);
            }
        }
    }

    async fn tags_that_differ_in_their_last_digit_differ(deployment) {
        let create = async |tags: &str| {
            let body =
                format!(r#"{{"audience":"school.example.org","scope":"lesson-42","tags":{tags}}}"#);
            deployment.post_text("/api/v1/chats", body).await
        };
        create(r#"{"n":9007199254740993}"#).await.chat(201);
        create(r#"{"n":9007199254740992}"#).await.problem(409, "chat_already_exists");
        create(r#"{"n":9007199254740993.00}"#).await.chat(200);
    }

    async fn tags_have_bounds(deployment) {
        let nested = |levels: usize| {
            format!("{}{}{}", r#"{"a":"#.repeat(levels - 1), "{}", "}".repeat(levels - 1))
        };
        let filled = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
        let brackets = format!(r#"{{"a":{}{}}}"#, "[".repeat(8_000), "]".repeat(8_000));
        for (tags, fits) in [
            (nested(32), true),
            (nested(33), false),
            (filled(16 * 1024), true),
            (filled(16 * 1024 + 1), false),
            (brackets, false),
            (r#"{"a":"\u0000"}"#.into(), false),
            (r#"{"\u0000":1}"#.into(), false),
            (r#"{"a":"\ud800"}"#.into(), false),
            (r#"{"a":"\udc00\ud800"}"#.into(), false),
            (r#"{"a":1,"a":1}"#.into(), false),
            (r#"{"x":[{"a":1,"\u0061":2}]}"#.into(), false),
        ] {
            let scope = format!("lesson-{}", tags.len());
            let body =
                format!(r#"{{"audience":"school.example.org","scope":"{scope}","tags":{tags}}}"#);
            let answer = deployment.post_text("/api/v1/chats", body).await;
            if fits {
                answer.chat(201);
            } else {
                answer.problem(400, "invalid_payload");
            }
        }
    }

    async fn a_body_that_is_not_json_is_refused(deployment) {
        let good = r#"{"audience":"school.example.org","scope":"lesson-42"}"#;
        for length in 0..good.len() {
            let answer = deployment.post_text("/api/v1/chats", &good[..length]).await;
            answer.problem(400, "invalid_payload");
        }
        for body in [
            &b"{\"audience\":\"school.example.org\",\"scope\":\"\xff\"}"[..],
            b"{\"audience\":\"school.example.org\",\"scope\":\"\xed\xa0\x80\"}",
            b"{\"audience\":\"school.example.org\",\"scope\":\"\\ud800\"}",
            b"\xef\xbb\xbf{\"audience\":\"school.example.org\",\"scope\":\"a\"}",
            b"{\"audience\":\"school.example.org\",\"scope\":\"a\"}{}",
            b"{\"audience\":\"school.example.org\",\"scope\":\"a\",}",
            b"{'audience':'school.example.org','scope':'a'}",
            b"audience=school.example.org&scope=a",
            b"\x00",
        ] {
            let answer = deployment.post_text("/api/v1/chats", body.to_vec()).await;
            answer.problem(400, "invalid_payload");
        }
    }

    async fn a_repeated_member_is_an_error_and_an_unknown_one_is_not(deployment) {
        for member in [r#""scope":"a""#, r#""tags":{}"#, r#""audience":"b""#, r#""x":1,"x":1"#] {
            let body = format!(
                r#"{{"audience":"school.example.org","scope":"a","tags":{{}},{member}}}"#
            );
            deployment.post_text("/api/v1/chats", body).await.problem(400, "invalid_payload");
        }
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        let body =
            format!(r#"{{"audience":"school.example.org","scope":"a","x":{{"y":1}},"z":{deep}}}"#);
        deployment.post_text("/api/v1/chats", body).await.chat(201);
    }

    async fn a_body_has_at_most_64_kib(deployment) {
        let body_of = |bytes: usize| {
            let good = r#"{"audience":"school.example.org","scope":"lesson-42"}"#;
            format!("{good}{}", " ".repeat(bytes - good.len()))
        };
        deployment.post_text("/api/v1/chats", body_of(64 * 1024)).await.chat(201);
        let answer = deployment.post_text("/api/v1/chats", body_of(64 * 1024 + 1)).await;
        answer.problem(413, "payload_too_large");

        // Without a length in advance, too.
        let chunks = futures_util::stream::iter(
            body_of(64 * 1024 + 1)
                .into_bytes()
                .chunks(10_000)
                .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
                .collect::<Vec<_>>(),
        );
        let body = reqwest::Body::wrap_stream(chunks);
        deployment.post_text("/api/v1/chats", body).await.problem(413, "payload_too_large");
    }

    async fn a_body_says_that_it_is_json(deployment) {
        let body = r#"{"audience":"school.example.org","scope":"lesson-42"}"#;
        let post = async |content_type: Option<&str>| {
            let mut request = deployment.request(reqwest::Method::POST, "/api/v1/chats");
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            Answer::of(request.body(body).send().await.unwrap()).await
        };
        for json in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
            assert!(post(Some(json)).await.status < 300, "{json}");
        }
        let others =
            ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", "json", ""];
        for other in others.map(Some).into_iter().chain([None]) {
            post(other).await.problem(415, "unsupported_media_type");
        }
        let compressed = deployment
            .request(reqwest::Method::POST, "/api/v1/chats")
            .header("content-type", "application/json")
            .header("content-encoding", "gzip");
        let answer = Answer::of(compressed.body(body).send().await.unwrap()).await;
        answer.problem(415, "unsupported_media_type");
    }
}

/// Both routes that take a body refuse it, for the same reason.
async fn refused(deployment: &Deployment, body: &Value) {
    let create = deployment.post("/api/v1/chats", body).await;
    let problem = create.problem(400, "invalid_payload");
    let mut body = body.clone();
    if let Some(body) = body.as_object_mut() {
        body.insert("event_room_id".into(), json!("00000000-0000-4000-8000-000000000001"));
    }
    let convert = deployment.post("/api/v1/chats/convert", &body).await;
    assert_eq!(convert.problem(400, "invalid_payload")["detail"], problem["detail"]);
}
