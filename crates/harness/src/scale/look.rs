use std::time::Duration;

use anyhow::{Context, Result};
use fastrand::Rng;
use reqwest::{Client, RequestBuilder};
use tokio::time::{sleep, timeout};

use super::plans::{self, Statement};
use super::server::Server;
use super::site::Site;

/// How many chats are read by each key, and how many are created.
const REQUESTS_OF_A_KIND: u32 = 100;

const OF_READS: &str = "SELECT";

/// What only recovery's search for chats that were left half made has in it.
const OF_RECOVERY: &str = "SKIP LOCKED";

/// The server has heard what it was told, and recovery has had its turn, within this time.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// All statements of the service on a database, as the server carried them out: those of reads, of creates and of
/// recovery.
pub(super) async fn statements_of(site: &Site, server: &Server) -> Result<Vec<Statement>> {
    let begin = server.length_of_log()?;
    let database = site.database_name()?;
    let client = Looker { http: http()?, site };
    let told = || anyhow::Ok(plans::statements_of(&database, &server.log_from(begin)?));
    // The server does not hear of the setting at once.
    let until_told = async |words| {
        while !told()?.iter().any(|statement| statement.text.contains(words)) {
            client.read(1, &mut Rng::with_seed(7)).await?;
            sleep(BETWEEN_LOOKS).await;
        }
        anyhow::Ok(())
    };

    server.tell_plans(true).await?;
    timeout(LONGEST_WAIT, until_told(OF_READS)).await.context("no plan of a read is told")??;
    client.read(REQUESTS_OF_A_KIND, &mut Rng::with_seed(8)).await?;
    client.create(REQUESTS_OF_A_KIND).await?;
    timeout(LONGEST_WAIT, until_told(OF_RECOVERY))
        .await
        .context("no plan of recovery is told")??;
    server.tell_plans(false).await?;
    let statements = told()?;
    site.remove_new_chats().await?;
    Ok(statements)
}

/// A client that does a little of everything.
struct Looker<'s> {
    http: Client,
    site: &'s Site,
}

impl Looker<'_> {
    /// Reads so many chats, each by its identifier, and by its audience and scope.
    async fn read(&self, count: u32, dice: &mut Rng) -> Result<()> {
        for member in self.site.workload.population.any(count, dice) {
            for path in [member.path_by_id(), member.path_by_key()] {
                self.send(self.http.get(self.url(&path))).await?;
            }
        }
        Ok(())
    }

    async fn create(&self, count: u32) -> Result<()> {
        for member in self.site.workload.new_chats(count) {
            let create = self.http.post(self.url("/api/v1/chats")).body(member.body());
            self.send(create.header("content-type", "application/json")).await?;
        }
        Ok(())
    }

    async fn send(&self, request: RequestBuilder) -> Result<()> {
        let token = &self.site.scene.token;
        let answer = request.bearer_auth(token).send().await?.error_for_status()?;
        answer.bytes().await?;
        Ok(())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site.scene.url)
    }
}

fn http() -> reqwest::Result<Client> {
    Client::builder().no_proxy().tls_certs_only([]).build()
}
