use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use chats_testkit::postgres::free_port;
use reqwest::Client;

use super::Answer;

/// A load balancer (`haproxy`), as an operator may have it: it sends requests to the instances that are ready.
pub(crate) struct Balancer {
    process: Child,
    statistics_url: String,
    http: Client,
    pub(crate) url: String,
}

/// Where an instance answers: its API, and its operators.
pub(crate) struct Backend {
    pub(crate) api: String,
    pub(crate) admin: String,
}

impl Balancer {
    /// Starts it with its files in a directory.
    pub(crate) fn start(directory: &Path, backends: &[Backend]) -> Self {
        let [port, statistics] = [(); 2].map(|()| free_port().unwrap());
        let mut configuration = format!(
            "global
                 maxconn 256
             defaults
                 mode http
                 timeout connect 5s
                 # On a busy machine an answer takes a while, and says nothing of readiness.
                 timeout check 10s
                 timeout client 1m
                 timeout server 1m
                 # What an instance does not answer is to be seen.
                 retries 0
             frontend statistics
                 bind 127.0.0.1:{statistics}
                 stats enable
                 stats uri /
             frontend api
                 bind 127.0.0.1:{port}
                 default_backend chats
             backend chats
                 balance roundrobin
                 option httpchk GET /readyz
                 http-check expect status 200
                 default-server check inter 200ms rise 1 fall 2\n"
        );
        for (number, Backend { api, admin }) in backends.iter().enumerate() {
            let (host, port) = admin.rsplit_once(':').unwrap();
            let server = format!("server instance-{number} {api} check addr {host} port {port}\n");
            configuration.push_str(&server);
        }
        let file = directory.join("haproxy.cfg");
        fs::write(&file, configuration).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        Self {
            process: haproxy().arg("-f").arg(file).spawn().unwrap(),
            statistics_url: format!("http://127.0.0.1:{statistics}/;csv"),
            http: Client::builder().no_proxy().build().unwrap(),
            url,
        }
    }

    /// Whether it sends requests to an instance.
    pub(crate) async fn has_up(&self, number: usize) -> bool {
        let Ok(answer) = self.http.get(&self.statistics_url).send().await else {
            return false;
        };
        let statistics = Answer::of(answer).await.text;
        let mut lines = statistics.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let status = lines.next().unwrap().iter().position(|name| *name == "status").unwrap();
        let server = format!("instance-{number}");
        let line = lines.find(|line| line.get(1) == Some(&server.as_str())).unwrap();
        line[status].starts_with("UP")
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program, which is for administrators on some systems.
fn haproxy() -> Command {
    let programs = ["haproxy", "/usr/sbin/haproxy", "/usr/local/sbin/haproxy"];
    let is_there = |program: &&str| Command::new(program).arg("-v").output().is_ok();
    let program = programs.into_iter().find(is_there);
    Command::new(program.unwrap_or_else(|| panic!("haproxy is not there")))
}
