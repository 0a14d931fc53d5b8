//! Instances are restarted one after the other behind a load balancer, and nobody notices.

use chats_testkit::postgres::free_port;

use crate::support::{Backend, Balancer, Database, Deployment, Load, Process, until};

const INSTANCES: usize = 2;
const ROUNDS: usize = 2;

/// How many requests there are at least between two restarts.
const REQUESTS: usize = 40;

/// How long an instance goes on that is not ready any more. The load balancer looks ten times meanwhile, and needs
/// two.
const DELAY: (&str, &str) = ("CHATS_SHUTDOWN__DELAY", "2s");

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_and_no_chat_is_lost() {
    let mut deployment = Deployment::on(Database::PostgreSql).await;
    deployment.kill();
    let backends: [_; INSTANCES] = std::array::from_fn(|_| Backend {
        api: format!("127.0.0.1:{}", free_port().unwrap()),
        admin: format!("127.0.0.1:{}", free_port().unwrap()),
    });
    let mut instances: Vec<_> = backends.iter().map(|it| start(&deployment, it)).collect();
    let balancer = Balancer::start(deployment.directory.path(), &backends);
    for number in 0..INSTANCES {
        until(async || balancer.has_up(number).await).await;
    }

    let load = Load::on(vec![balancer.url.clone()]);
    let restarts = async {
        for number in (0..INSTANCES).cycle().take(INSTANCES * ROUNDS) {
            let before = load.answered();
            until(async || load.answered() >= before + REQUESTS).await;
            let instance = instances.remove(number);
            instance.signal("-TERM");
            until(async || !balancer.has_up(number).await).await;
            let ended = tokio::task::spawn_blocking(|| instance.wait()).await.unwrap();
            assert!(ended.success());
            instances.insert(number, start(&deployment, &backends[number]));
            until(async || balancer.has_up(number).await).await;
        }
        load.end();
    };
    let (chats, ()) = tokio::join!(load.run(), restarts);

    let clients = chats.iter().map(Vec::len).collect::<Vec<_>>();
    assert!(clients.iter().all(|chats| *chats > INSTANCES * ROUNDS), "{clients:?}");
    for chat in chats.iter().flatten() {
        assert_eq!(load.read(chat).await, *chat);
    }
    assert_eq!(deployment.rooms(None).await.len(), clients.iter().sum::<usize>());
}

fn start(deployment: &Deployment, backend: &Backend) -> Process {
    let mut command = deployment.command();
    command.args(["--http-listen", &backend.api, "--admin-listen", &backend.admin]);
    command.env(DELAY.0, DELAY.1).arg("serve");
    Process::start(&mut command, "tenants").0
}
