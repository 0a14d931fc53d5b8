//! An event service whose certificate comes from an authority that the system does not know.

use std::sync::Arc;

use chats_domain::ports::EventRooms;
use chats_event_client::{EventClient, Settings, SetupError};
use chats_testkit::certificates::{Authority, Issued};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::scripted::{Connection, Server, json, play};
use crate::{CHAT, ROOM, assert_unavailable, chain, room, room_json, settings};

#[tokio::test]
async fn the_authority_of_the_event_service_can_be_named() {
    let server = Server::start().await;
    let authority = Authority::new().unwrap();
    let client = client_that_trusts(&[&authority], &server);

    let answer = json("200 OK", &room_json(ROOM, CHAT));
    let serve = async {
        let stream = server.accept().await.into_stream();
        let stream = acceptor(&authority, "127.0.0.1").accept(stream).await.unwrap();
        let mut connection = Connection::over(stream);
        let request = connection.request().await;
        connection.send(&answer).await;
        request
    };
    let (found, request) = play(client.find(room()), serve).await;
    assert!(found.unwrap().is_some());
    assert_eq!(request.line, format!("GET /api/v1/rooms/{ROOM} HTTP/1.1"));
}

#[tokio::test]
async fn an_authority_that_is_not_named_is_a_strange_one() {
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    for trusted in [&[][..], &[&other]] {
        let why = why_not_called(&acceptor(&authority, "127.0.0.1"), trusted).await;
        assert!(why.contains("UnknownIssuer"), "{why}");
    }
}

#[tokio::test]
async fn a_certificate_is_for_the_name_in_the_url() {
    let authority = Authority::new().unwrap();
    let why = why_not_called(&acceptor(&authority, "event.example.org"), &[&authority]).await;
    assert!(why.contains("not valid for name"), "{why}");
}

#[tokio::test]
async fn roots_that_are_none_are_refused() {
    for roots in [
        "",
        "This is no certificate.",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
    ] {
        let settings =
            Settings { extra_roots: Some(roots.into()), ..settings("https://event.example.org") };
        let refused = EventClient::new(&settings, None);
        assert!(matches!(refused, Err(SetupError::ExtraRoots)), "{roots}");
    }
}

/// Lets a client call a server that accepts TLS so, and returns why it did not.
async fn why_not_called(acceptor: &TlsAcceptor, trusted: &[&Authority]) -> String {
    let server = Server::start().await;
    let client = client_that_trusts(trusted, &server);
    let serve = async { acceptor.accept(server.accept().await.into_stream()).await.is_err() };
    let (found, broke_off) = play(client.find(room()), serve).await;
    assert!(broke_off);
    assert_unavailable(&found);
    chain(&found.unwrap_err())
}

fn client_that_trusts(authorities: &[&Authority], server: &Server) -> EventClient {
    let roots: String = authorities.iter().map(|authority| authority.certificate()).collect();
    let extra_roots = Some(roots.into_bytes()).filter(|roots| !roots.is_empty());
    let url = server.url().replace("http://", "https://");
    EventClient::new(&Settings { extra_roots, ..settings(&url) }, None).unwrap()
}

fn acceptor(authority: &Authority, name: &str) -> TlsAcceptor {
    let Issued { certificate, key } = authority.issue_to_server(&[name]).unwrap();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
