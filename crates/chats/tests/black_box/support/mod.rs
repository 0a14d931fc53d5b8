//! A deployment of our own for each test: the service, an event service in its own process, a database.

mod answer;
mod balancer;
mod browser;
mod deployment;
mod forger;
mod instance;
mod load;
mod process;
mod raw;
mod recorder;
mod tenant;
mod tls_front;
mod until;

pub(crate) use answer::Answer;
pub(crate) use balancer::{Backend, Balancer};
pub(crate) use browser::Browser;
pub(crate) use deployment::{Database, Deployment, TRIES, url_after};
pub(crate) use forger::Forger;
pub(crate) use instance::Instance;
pub(crate) use load::Load;
pub(crate) use process::{Process, chats, refusal, under_limit, write_secret};
pub(crate) use raw::Raw;
pub(crate) use recorder::Recorder;
pub(crate) use tenant::{Says, Tenant};
pub(crate) use tls_front::tls_front;
pub(crate) use until::until;

/// Stamps each test for both databases.
macro_rules! on_both_databases {
    ($(async fn $name:ident($deployment:ident) $body:block)+) => {
        mod on_sqlite {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                let $deployment = Deployment::on(Database::Sqlite).await;
                $body
            })+
        }

        mod on_postgresql {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                let $deployment = Deployment::on(Database::PostgreSql).await;
                $body
            })+
        }
    };
}
