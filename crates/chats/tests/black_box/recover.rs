//! What was left half made is finished, without anybody asking for it again.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Database, Deployment, TRIES};

on_both_databases! {
    async fn the_service_finishes_what_the_event_service_did_not_tell(deployment) {
        let mut deployment = deployment;
        deployment.kill();
        deployment.start_with(&[("CHATS_RECOVERY__INTERVAL", "100ms")]);
        for (n, when) in ["before_work", "after_work"].into_iter().enumerate() {
            let scope = format!("lesson-{n}");
            deployment.fault(&json!({"fault": "cut", "when": when})).await;
            deployment.create(&scope, None).await.problem(503, "event_service_unavailable");
            deployment.lift_faults().await;
            let chat = until_ready(&deployment, &scope).await;
            assert_eq!(deployment.rooms(chat["chat_id"].as_str()).await.len(), 1);
            assert_eq!(deployment.create(&scope, None).await.chat(200), chat);
        }
    }

    async fn a_convert_is_finished_too(deployment) {
        let mut deployment = deployment;
        deployment.kill();
        deployment.start_with(&[("CHATS_RECOVERY__INTERVAL", "100ms")]);
        let room = deployment.open_room("tutor-7.school.example.org").await;
        let cut = json!({"fault": "cut", "when": "before_work", "on": "bind"});
        deployment.fault(&cut).await;
        deployment.convert("lesson-42", &room).await.problem(503, "event_service_unavailable");
        deployment.lift_faults().await;
        let chat = until_ready(&deployment, "lesson-42").await;
        assert_eq!(chat["real_time"], json!({"event_room_id": room}));
        assert_eq!(deployment.rooms(chat["chat_id"].as_str()).await.len(), 1);
    }

    async fn a_pass_by_hand_tells_what_it_did(deployment) {
        deployment.fault(&json!({"fault": "cut", "when": "after_work", "times": TRIES})).await;
        deployment.create("lesson-42", None).await.problem(503, "event_service_unavailable");
        let opening = deployment.read_by_scope("lesson-42").await.chat(200);

        let said = timeout(LONG, async {
            loop {
                let output = deployment.command().arg("recover").output().unwrap();
                assert!(output.status.success());
                let said = String::from_utf8(output.stdout).unwrap();
                // Nothing is done before the pause after the first attempt is over.
                if said != "0 of 0 chats were finished.\n" {
                    break said;
                }
            }
        });
        let id = opening["chat_id"].as_str().unwrap();
        let expected = format!("{id} is ready, by attempt {}\n1 of 1 chats were finished.\n", TRIES + 1);
        assert_eq!(said.await.unwrap(), expected);
        assert!(deployment.read_by_scope("lesson-42").await.chat(200)["real_time"].is_object());
    }
}

/// No test waits longer than this for what must come.
const LONG: Duration = Duration::from_secs(30);

/// Reads a chat again and again, until its room is open.
async fn until_ready(deployment: &Deployment, scope: &str) -> Value {
    let ready = async {
        loop {
            let chat = deployment.read_by_scope(scope).await.chat(200);
            if chat["real_time"].is_object() {
                break chat;
            }
        }
    };
    timeout(LONG, ready).await.unwrap()
}
