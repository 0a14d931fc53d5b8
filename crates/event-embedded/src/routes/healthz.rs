//! `GET /healthz`: it answers, and checks nothing.

pub(super) async fn handle() -> &'static str {
    "pong"
}
