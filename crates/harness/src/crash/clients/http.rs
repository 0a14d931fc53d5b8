use std::error::Error;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use reqwest::Client;
use serde::Deserialize;
use uuid::Uuid;

use crate::crash::record::{Answer, Ask};
use crate::deployment::OUR_AUDIENCE;

/// The platform's clients give up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shorter than the service keeps idle connections: so it never closes one that a request goes out on.
const LONGEST_IDLE: Duration = Duration::from_secs(1);

/// Speaks to instances of the service.
#[derive(Clone)]
pub(crate) struct Http(Client);

#[derive(Deserialize)]
struct Problem {
    r#type: String,
    status: u16,
    is_transient: bool,
    chat_id: Option<Uuid>,
}

impl Http {
    pub(crate) fn new() -> Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .retry(reqwest::retry::never())
            .pool_idle_timeout(LONGEST_IDLE)
            .timeout(PATIENCE)
            .build()?;
        Ok(Self(client))
    }

    /// Asks the instance at `url`, and returns whatever comes of it.
    pub(crate) async fn ask(&self, url: &str, token: &str, ask: &Ask) -> Answer {
        let request = match ask {
            Ask::Post(post) => self.0.post(format!("{url}{}", post.path())).json(&post.body()),
            Ask::ReadById(id) => self.0.get(format!("{url}/api/v1/chats/{id}")),
            Ask::ReadByScope(scope) => {
                self.0.get(format!("{url}/api/v1/audiences/{OUR_AUDIENCE}/chats/{scope}"))
            }
        };
        let exchange = async {
            let response = request.bearer_auth(token).send().await?;
            let tells_when = response.headers().contains_key("retry-after");
            Ok((response.status().as_u16(), tells_when, response.text().await?))
        };
        match exchange.await {
            Ok((status, tells_when, body)) => read(status, tells_when, &body),
            Err(error) => no_answer(&error),
        }
    }
}

fn read(status: u16, tells_when: bool, body: &str) -> Answer {
    let answer = match status {
        200 | 201 => serde_json::from_str(body)
            .ok()
            .map(|chat| Answer::Chat { status, chat: Arc::new(chat) }),
        _ => serde_json::from_str(body)
            .ok()
            .filter(|problem: &Problem| problem.status == status)
            .filter(|problem| (problem.is_transient, tells_when) == (status == 503, status == 503))
            .map(|Problem { r#type: kind, chat_id, .. }| Answer::Problem { status, kind, chat_id }),
    };
    answer.unwrap_or_else(|| Answer::Strange(format!("{status} {body}")))
}

fn no_answer(error: &reqwest::Error) -> Answer {
    if error.is_timeout() {
        return Answer::TimedOut;
    }
    let causes = iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source());
    Answer::Broken(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
