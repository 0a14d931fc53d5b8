use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ALL: &str = r#"["create", "convert", "read"]"#;

/// A tenant's service. It gives every question the same answer, until it is told another one.
pub(crate) struct Tenant {
    pub(crate) uri: String,
    says: Arc<Mutex<Says>>,
    questions: Arc<Mutex<Vec<Value>>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Says {
    Allowed(&'static str),
    /// Takes its time for the answer, to this long.
    AllowedLate(&'static str, Duration),
    /// Allows everything to accounts of this audience. About others it keeps silent.
    AllowedTo(&'static str),
    Status(u16),
    /// Takes the question, and keeps silent.
    Nothing,
    /// Begins an answer that has no end.
    Endlessly,
}

impl Tenant {
    pub(crate) async fn that_says(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tenant = Self {
            uri: format!("http://{}/authz", listener.local_addr().unwrap()),
            says: Arc::new(Mutex::new(says)),
            questions: Arc::default(),
        };
        let (says, questions) = (Arc::clone(&tenant.says), Arc::clone(&tenant.questions));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer(connection, Arc::clone(&says), Arc::clone(&questions)));
            }
        });
        tenant
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let uri: url::Url = self.uri.parse().unwrap();
        uri.socket_addrs(|| None).unwrap()[0]
    }

    pub(crate) fn now_says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// What was asked since this was called before.
    pub(crate) fn questions(&self) -> Vec<Value> {
        std::mem::take(&mut self.questions.lock().unwrap())
    }

    pub(crate) fn was_asked(&self) -> bool {
        !self.questions.lock().unwrap().is_empty()
    }

    /// The section of its audience.
    pub(crate) fn section(&self, audience: &str, more: &str) -> String {
        let uri = &self.uri;
        format!(
            "[audiences.\"{audience}\"]\npolicy = \"http\"\nuri = \"{uri}\"\ntimeout = \"1s\"\n\
             retries = 0\n{more}\n"
        )
    }
}

async fn answer(
    mut connection: TcpStream,
    says: Arc<Mutex<Says>>,
    questions: Arc<Mutex<Vec<Value>>>,
) {
    let mut request = Vec::new();
    let question: Value = loop {
        if connection.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        let body = request.windows(4).position(|four| four == b"\r\n\r\n").map(|end| end + 4);
        if let Some(body) = body
            && let Ok(question) = serde_json::from_slice(&request[body..])
        {
            break question;
        }
    };
    let namespace = question["subject"]["namespace"].clone();
    questions.lock().unwrap().push(question);
    let says = *says.lock().unwrap();
    let (status, body) = match says {
        Says::Allowed(actions) => (200, actions),
        Says::AllowedLate(actions, delay) => {
            tokio::time::sleep(delay).await;
            (200, actions)
        }
        Says::AllowedTo(audience) if namespace == audience => (200, ALL),
        Says::Status(status) => (status, ALL),
        // These end when the caller gives up.
        Says::Nothing | Says::AllowedTo(_) => return drop(connection.read_buf(&mut request).await),
        Says::Endlessly => {
            let begin = b"HTTP/1.1 200 Said\r\nconnection: close\r\n\r\n[\"read\"";
            let mut goes_on = connection.write_all(begin).await.is_ok();
            while goes_on {
                goes_on = connection.write_all(&[b' '; 4096]).await.is_ok();
            }
            return;
        }
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: {length}");
    let _ = connection.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await;
}
