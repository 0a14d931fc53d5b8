//! Whatever a client sends, and in whatever pieces.

use futures_util::future::join;
use proptest::prelude::*;

use super::*;

/// A piece of what a client sends.
fn piece() -> impl Strategy<Value = String> {
    let body = || "[a\r\n]{0,8}|a{0,4}\r\n\r\n|GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    prop_oneof![
        4 => prop::sample::select(vec!["/", "/slow"]).prop_map(get),
        1 => Just(get("/").replace('\r', "")),
        2 => body().prop_map(|body| with_length("/", &body)),
        1 => body().prop_map(|body| in_chunks("/", &body)),
        1 => Just(post("/", "Content-Length: 0")),
        1 => "(\r?\n){1,3}",
    ]
}

/// What is sent, and where it is interrupted. (If a body follows at once on a request that is not answered yet,
/// the framework may or may not close the connection.)
fn conversation() -> impl Strategy<Value = (String, Vec<usize>)> {
    prop::collection::vec((piece(), any::<bool>()), 1..8).prop_flat_map(|pieces| {
        let (mut sent, mut pauses) = (String::new(), Vec::new());
        for (piece, has_pause) in pieces {
            pauses.extend((has_pause || piece.starts_with("POST")).then_some(sent.len()));
            sent += &piece;
        }
        sent += &last();
        let anywhere = prop::collection::vec(0..sent.len(), 0..3);
        (Just((sent, pauses)), anywhere).prop_map(|((sent, pauses), anywhere)| {
            let mut pauses = [pauses, anywhere].concat();
            pauses.sort_unstable();
            (sent, pauses)
        })
    })
}

/// The answers, and how often the connection rested.
async fn hold(sent: &str, pauses: &[usize], rest_after: Duration) -> (Vec<String>, u32) {
    let mut client = Client::connect_resting_after(rest_after, LONG).await;
    let service = Rc::clone(&client.service);
    let mut begin = 0;
    for &end in pauses {
        client.send(&sent[begin..end]).await;
        rt::time::sleep(PAUSE).await;
        begin = end;
    }
    client.send(&sent[begin..]).await;
    client.stream.shutdown().await.unwrap();
    (client.until_closed().await, service.rests.get())
}

#[test]
fn rests_change_no_answer() {
    let system = System::new();
    let all_rests = Cell::new(0);
    proptest!(ProptestConfig::with_cases(100), |((sent, pauses) in conversation())| {
        let ((resting, rests), (awake, _)) = system.block_on(async {
            join(hold(&sent, &pauses, SHORT), hold(&sent, &pauses, LONG)).await
        });
        prop_assert_eq!(resting, awake);
        all_rests.set(all_rests.get() + rests);
    });
    assert!(all_rests.get() >= 20, "{}", all_rests.get());
}
