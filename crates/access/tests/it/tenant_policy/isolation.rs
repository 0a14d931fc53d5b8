//! What one tenant does is felt by its own callers alone.

use std::num::NonZeroU16;

use chats_access::TenantPolicySettings;
use chats_domain::ports::{Action, Object};
use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::runtime;
use uuid::Uuid;

use super::tenant::{Asked, Tenant};
use super::{
    LONG, SHORT, STRANGER, School, TUTOR, account, assert_allowed, assert_unavailable, settings,
};

const ONE: NonZeroU16 = NonZeroU16::MIN;
const YES: &str = r#"["read"]"#;

fn chat(number: u128) -> Object {
    Object::Chat(Uuid::from_u128(number).into())
}

#[tokio::test]
async fn a_tenant_that_hangs_does_not_slow_another() {
    let (hanging, other) = (Tenant::start().await, Tenant::start().await);
    let (slow, quick) = (School::of(&hanging), School::of(&other));
    let tutor = account(TUTOR);
    let mut waiting: Vec<_> =
        (0..500).map(|number| slow.may(&tutor, chat(number), Action::Read)).collect();
    for caller in &mut waiting {
        assert!(caller.now_or_never().is_none());
    }
    let _unanswered = hanging.asked().await;

    for number in 0..20 {
        let asking = quick.may(&tutor, chat(number), Action::Read);
        let (answer, ()) = tokio::join!(asking, other.allow(YES));
        assert_allowed(&answer);
    }
    for caller in &mut waiting {
        assert!(caller.now_or_never().is_none());
    }
}

#[tokio::test]
async fn no_more_questions_are_under_way_than_there_are_places() {
    let tenant = Tenant::start().await;
    let settings = TenantPolicySettings { concurrency: ONE, ..settings(&tenant.uri()) };
    let school = School::with(settings);
    let tutor = account(TUTOR);
    let all = join_all((0..5).map(|number| school.may(&tutor, chat(number), Action::Read)));
    let (answers, ()) = tokio::join!(all, async {
        for number in 0..5 {
            let asked = tenant.asked().await;
            // Had it been sent before the answer to this one, the next would be waiting here.
            assert!(!tenant.was_called().await, "{number}");
            asked.answer("200 OK", YES).await;
        }
    });
    answers.iter().for_each(assert_allowed);
}

#[tokio::test]
async fn a_tenant_that_hung_has_all_its_places_when_it_answers_again() {
    let tenant = Tenant::start().await;
    let settings = TenantPolicySettings {
        concurrency: ONE,
        timeout: SHORT,
        retries: 1,
        ..settings(&tenant.uri())
    };
    let school = School::with(settings);
    let tutor = account(TUTOR);
    let all = join_all((0..5).map(|number| school.may(&tutor, chat(number), Action::Read)));
    for answer in all.await {
        assert_unavailable(&answer);
    }
    let answering = async {
        loop {
            if let Some(asked) = tenant.still_asked().await {
                asked.answer("200 OK", YES).await;
            }
        }
    };
    // The tenant meets what was asked before, first.
    let asking = async { while school.may(&tutor, chat(7), Action::Read).await.is_err() {} };
    let answered = async {
        tokio::select! {
            () = asking => {}
            () = answering => {}
        }
    };
    tokio::time::timeout(LONG, answered).await.expect("the place is gone");
}

#[tokio::test]
async fn strangers_who_fill_their_places_leave_the_others_to_the_tenants_own_accounts() {
    for (concurrency, of_strangers) in [(2, 1), (4, 1), (8, 2), (11, 2)] {
        let tenant = Tenant::start().await;
        let concurrency = NonZeroU16::new(concurrency).unwrap();
        let school = School::with(TenantPolicySettings { concurrency, ..settings(&tenant.uri()) });
        let stranger = |number| account(&format!("somebody.stranger-{number}.example.org"));
        let mut strangers: Vec<_> =
            (0..100).map(|number| school.may(&stranger(number), chat(7), Action::Read)).collect();
        for stranger in &mut strangers {
            assert!(stranger.now_or_never().is_none());
        }
        let mut unanswered = Vec::new();
        for _ in 0..of_strangers {
            unanswered.push(tenant.asked().await);
        }

        let tutor = account(TUTOR);
        for number in 0..3 {
            // Were another stranger asked about, that would take the answer, and the tutor get none.
            let asking = school.may(&tutor, chat(number), Action::Read);
            let (answer, ()) = tokio::join!(asking, async {
                let asked = tenant.asked().await;
                assert!(asked.body.contains("tutor-7"), "{}", asked.body);
                asked.answer("200 OK", YES).await;
            });
            assert_allowed(&answer);
        }
        assert!(!tenant.was_called().await, "{concurrency}");

        // A place that gets free is the next stranger's.
        unanswered.remove(0).answer("200 OK", YES).await;
        assert!(tenant.asked().await.body.contains("somebody"));
    }
}

#[tokio::test]
async fn strangers_of_one_audience_keep_only_each_other_waiting() {
    let tenant = Tenant::start().await;
    // Strangers have two places.
    let concurrency = NonZeroU16::new(8).unwrap();
    let school = School::with(TenantPolicySettings { concurrency, ..settings(&tenant.uri()) });
    let many = account(STRANGER);
    let mut many: Vec<_> =
        (0..100).map(|number| school.may(&many, chat(number), Action::Read)).collect();
    for one in &mut many {
        assert!(one.now_or_never().is_none());
    }
    let first_of_many = tenant.asked().await;
    assert!(!tenant.was_called().await);

    for audience in ["b.example.org", "c.example.org"] {
        let other = account(&format!("somebody.{audience}"));
        let asking = school.may(&other, chat(7), Action::Read);
        let (answer, ()) = tokio::join!(asking, async {
            let asked = tenant.asked().await;
            assert!(asked.body.contains(audience), "{}", asked.body);
            asked.answer("200 OK", YES).await;
        });
        assert_allowed(&answer);
    }
    first_of_many.answer("200 OK", YES).await;
    assert!(tenant.asked().await.body.contains("stranger.example.org"));
}

#[test]
fn callers_may_come_from_runtimes_that_end() {
    let main = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (tenant, school) = main.block_on(async {
        let tenant = Tenant::start().await;
        let school = School::of(&tenant);
        (tenant, school)
    });
    main.spawn(async move {
        let mut connection = tenant.accept().await;
        loop {
            connection = Asked::on(connection).await.answer_and_go_on(YES).await;
        }
    });
    for number in 0..3 {
        let worker = runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let asking = school.may(&account(TUTOR), chat(number), Action::Read);
        assert_allowed(&worker.block_on(asking));
    }
}
