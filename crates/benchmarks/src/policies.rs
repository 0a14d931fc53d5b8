//! A policy tells what an account may do.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use chats_access::{
    Algorithm, HttpClients, Policies, Policy, Signer, SigningKey, TenantPolicy,
    TenantPolicySettings,
};
use chats_domain::ports::{AccessPolicy, Action, Object};
use tokio::runtime::Builder;

use crate::samples::{audience, chat, tutor};
use crate::standing_clock::StandingClock;
use crate::{Part, at_once};

/// The policy `local`, of an account that it trusts.
#[must_use]
pub fn policy_local() -> Part {
    authorize(trusting_the_tutor(), ())
}

/// The policy `http`, of a question that the tenant has answered.
#[must_use]
pub fn policy_http_answered_before() -> Part {
    let runtime = Builder::new_current_thread().enable_all().build().expect("there is a runtime");
    let policies = runtime.block_on(async {
        let policies = asking_the_tenant();
        let (tutor, chat) = (tutor(), Object::Chat(chat().id));
        let allowed = policies.authorize(&tutor, &audience(), chat, Action::Read).await;
        allowed.expect("the tenant says yes");
        policies
    });
    authorize(policies, runtime)
}

pub(crate) fn trusting_the_tutor() -> Policies {
    let policy = Policy::Local { trusted: HashSet::from([tutor()]) };
    Policies::new(HashMap::from([(audience(), policy)]))
}

/// Policies that live as long as `runtime` does, if they need one.
fn authorize<R: 'static>(policies: Policies, runtime: R) -> Part {
    let (tutor, audience, chat) = (tutor(), audience(), Object::Chat(chat().id));
    Part::new(move || {
        let _ = &runtime;
        at_once(policies.authorize(&tutor, &audience, chat, Action::Read));
    })
}

fn asking_the_tenant() -> Policies {
    let uri = format!("http://{}/authz", tenant_that_answers_once());
    let settings = TenantPolicySettings::new(audience(), uri.parse().expect("it is a URI"));
    let key = SigningKey::parse(Algorithm::Hs256, &[7; 32]).expect("it is a secret");
    let signer = Signer::new("chats.example.org".to_owned(), key, Arc::new(StandingClock));
    let account = "chats.svc.example.org".parse().expect("it is an account");
    let clients = HttpClients::default();
    let policy = TenantPolicy::new(settings, account, signer, &clients).expect("the settings fit");
    Policies::new(HashMap::from([(audience(), Policy::Http(Arc::new(policy)))]))
}

fn tenant_that_answers_once() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody asks");
        let mut question = BufReader::new(&stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            question.read_line(&mut line).expect("the head is text");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("it is a length");
            }
            if line.is_empty() {
                break;
            }
        }
        question.read_exact(&mut vec![0; length]).expect("the body comes");
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\n[\"read\"]";
        stream.write_all(answer.as_bytes()).expect("the answer goes");
    });
    address
}
