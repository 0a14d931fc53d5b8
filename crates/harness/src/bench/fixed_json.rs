//! A server that answers every request with the same JSON: what a service on the same web server could do
//! at the most.

use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::{env, fs, thread};

use actix_web::http::header::AUTHORIZATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;

use crate::deployment::{OUR_AUDIENCE, Process};
use crate::measure::turn::Part;

/// 200 bytes.
const BODY: &str = concat!(
    r#"{"id":"lesson-00042","chat_id":"00000000-0000-7000-8000-100000000042","#,
    r#""audience":"school.example.org","scope":"lesson-00042","tags":{"grade":7},"#,
    r#""created_at":1732281600,"of":"always 200 bytes of JSON"}"#
);

/// The name of the subcommand that serves.
const COMMAND: &str = "fixed-json";

/// The server as a process of its own, which ends when this is dropped.
pub(super) struct FixedJson {
    pub(super) url: String,
    id: u32,
    _process: Process,
    _directory: TempDir,
}

/// Which tokens the server verifies.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verifies<'a> {
    Nothing,
    /// Those that the key of this file signed, with ES256.
    Key(&'a Path),
}

impl FixedJson {
    pub(super) async fn start(verifies: Verifies<'_>) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut command = Command::new(env::current_exe()?);
        command.arg(COMMAND);
        if let Verifies::Key(file) = verifies {
            command.arg("--key").arg(file);
        }
        let mut process = Process::spawn(command, &directory.path().join("log"))?;
        let said = process.until_it_says("ready at ").await?;
        let url = said.trim().trim_start_matches("ready at ").to_owned();
        let id = process.id().context("the fixed JSON's server has ended")?;
        Ok(Self { url, id, _process: process, _directory: directory })
    }

    /// The part whose processor time is told.
    pub(super) fn part(&self) -> Part {
        ("server", self.id)
    }
}

/// Serves until the process is killed, with as many workers as the service has. With a key, each request
/// has a token that is verified.
pub async fn serve(key: Option<PathBuf>) -> Result<()> {
    let key = key.map(|file| fs::read(file).map_err(anyhow::Error::new)).transpose()?;
    let key = key.map(|pem| DecodingKey::from_ec_pem(&pem)).transpose()?;
    let verifier = web::Data::new(Verifier { key, validation: validation() });
    let app = move || App::new().app_data(verifier.clone()).default_service(web::to(answer));
    let server = HttpServer::new(app)
        .workers(thread::available_parallelism().map_or(1, usize::from))
        .bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = server.addrs().first().copied().context("the server has no address")?;
    writeln!(io::stdout(), "ready at http://{address}")?;
    Ok(server.run().await?)
}

struct Verifier {
    key: Option<DecodingKey>,
    validation: Validation,
}

/// What the service reads of a token, too.
#[derive(Deserialize)]
#[expect(dead_code, reason = "they are parsed, as the service parses them")]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: u64,
}

async fn answer(request: HttpRequest, verifier: web::Data<Verifier>) -> HttpResponse {
    if let Some(key) = &verifier.key {
        let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if decode::<Claims>(token, key, &verifier.validation).is_err() {
            return HttpResponse::Unauthorized().finish();
        }
    }
    HttpResponse::Ok().content_type("application/json").body(BODY)
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[OUR_AUDIENCE]);
    validation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_json_is_json_of_200_bytes() {
        assert_eq!(BODY.len(), 200);
        serde_json::from_str::<serde_json::Value>(BODY).unwrap();
    }
}
