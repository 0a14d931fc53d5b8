//! Any answer of a tenant: it is a yes exactly if it is a list of texts with the action among them.

#![no_main]

use chats_access::internals::read_answer;
use chats_domain::ports::Action;
use chats_fuzz::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|answer: &[u8]| {
    let texts: Option<Vec<String>> = json(answer).and_then(|answer| {
        answer.as_array()?.iter().map(|text| Some(text.as_str()?.to_owned())).collect()
    });
    for action in [Action::Create, Action::Convert, Action::Read] {
        let is_named = texts.as_ref().map(|texts| texts.iter().any(|it| it == action.as_str()));
        assert_eq!(read_answer(answer, action).ok(), is_named);
    }
});
