//! The two ends of the wire to the event service, together.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chats_domain::ports::{Cause, EventRooms};
use chats_event_client::{EventClient, RoomKind, Settings, TokenSource};
use chats_event_embedded::{EventService, Running};
use chats_testkit::memory::{LiteralTokens, SystemClock};

use crate::support::{Answer, Process, chats};

chats_testkit::event_rooms_contract!(client_of_the_embedded_one());

const SERVICE_ACCOUNT: &str = "chats.svc.example.org";

#[expect(clippy::unused_async, reason = "a contract suite awaits what it tests")]
async fn client_of_the_embedded_one() -> (Arc<dyn EventRooms>, Running) {
    let settings = chats_event_embedded::Settings {
        service_accounts: BTreeSet::from([SERVICE_ACCOUNT.parse().unwrap()]),
        ..Default::default()
    };
    let service = EventService::open(settings, Arc::new(LiteralTokens), Arc::new(SystemClock));
    let running = service.unwrap().listen("127.0.0.1:0").unwrap();
    let settings = Settings {
        base_url: format!("http://{}", running.address()).parse().unwrap(),
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(3),
        extra_roots: None,
        room_kind: Some(RoomKind::Webinar),
    };
    let client = EventClient::new(&settings, Some(Arc::new(AccountAsToken))).unwrap();
    (Arc::new(client), running)
}

struct AccountAsToken;

impl TokenSource for AccountAsToken {
    fn token(&self) -> Result<String, Cause> {
        Ok(SERVICE_ACCOUNT.to_owned())
    }
}

#[tokio::test]
async fn faults_can_be_switched_only_where_the_process_was_told_so() {
    for (arguments, status) in [(&["--in-memory"][..], 404), (&["--in-memory", "--faults"], 200)] {
        let directory = tempfile::tempdir().unwrap();
        let mut command = chats(directory.path());
        command.args(["event", "--event-listen", "127.0.0.1:0"]).args(arguments);
        let (process, said) = Process::start(&mut command, "The event service is ready");
        let url = said.split_once("is ready at ").unwrap().1.trim();

        let faults = reqwest::get(format!("{url}/test/faults")).await.unwrap();
        assert_eq!(faults.status(), status);
        let health = Answer::of(reqwest::get(format!("{url}/healthz")).await.unwrap()).await;
        assert_eq!((health.status, health.text.as_str()), (200, "pong"));
        assert!(process.terminate().status.success());
    }
}
