//! Answers that are kept, and questions that are asked once.

use std::time::Duration;

use chats_access::TenantPolicySettings;
use chats_domain::ports::{Action, Object};
use futures_util::FutureExt;
use futures_util::future::join_all;
use uuid::Uuid;

use super::tenant::Tenant;
use super::{
    CHAT, STRANGER, School, TUTOR, account, assert_allowed, assert_denied, assert_unavailable,
    settings,
};

const YES: &str = r#"["read"]"#;
const NO: &str = "[]";

fn keeping(tenant: &Tenant) -> TenantPolicySettings {
    TenantPolicySettings {
        cache_yes: Duration::from_mins(1),
        cache_no: Duration::from_secs(10),
        ..settings(&tenant.uri())
    }
}

#[tokio::test]
async fn a_yes_and_a_no_are_kept_each_for_its_time() {
    for (said, just_under) in
        [(YES, Duration::from_micros(59_999_999)), (NO, Duration::from_micros(9_999_999))]
    {
        let tenant = Tenant::start().await;
        let school = School::with(keeping(&tenant));
        let (first, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(said));
        assert_eq!(first.is_ok(), said == YES);

        school.clock.advance(just_under);
        assert_eq!(school.may_read(TUTOR).await.is_ok(), said == YES);
        assert!(!tenant.was_called().await);

        school.clock.advance(Duration::from_micros(1));
        let other = if said == YES { NO } else { YES };
        let (second, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(other));
        assert_eq!(second.is_ok(), other == YES);
    }
}

#[tokio::test]
async fn an_answer_answers_its_question_and_no_other() {
    let tenant = Tenant::start().await;
    let school = School::with(keeping(&tenant));
    let (tutor, chat) = (account(TUTOR), Object::Chat(CHAT.into()));
    let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(YES));
    assert_allowed(&answer);
    for (who, object, action) in [
        (account("tutor-8.school.example.org"), chat, Action::Read),
        (account("tutor-7.other.example.org"), chat, Action::Read),
        (tutor.clone(), Object::Chat(Uuid::from_u128(7).into()), Action::Read),
        (tutor.clone(), Object::Chats, Action::Read),
        (tutor.clone(), Object::Chats, Action::Create),
        (tutor, Object::Chats, Action::Convert),
    ] {
        let (answer, ()) = tokio::join!(school.may(&who, object, action), tenant.allow(NO));
        assert_denied(&answer);
    }
}

#[tokio::test]
async fn a_zero_keeps_nothing() {
    let tenant = Tenant::start().await;
    let never = Duration::ZERO;
    let school = School::with(TenantPolicySettings {
        cache_yes: never,
        cache_no: never,
        ..keeping(&tenant)
    });
    for said in [YES, YES, NO, NO, YES] {
        let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(said));
        assert_eq!(answer.is_ok(), said == YES);
    }
}

#[tokio::test]
async fn a_no_to_an_outsider_is_not_kept() {
    let tenant = Tenant::start().await;
    let school = School::with(keeping(&tenant));
    for _ in 0..3 {
        let (answer, ()) = tokio::join!(school.may_read(STRANGER), tenant.allow(NO));
        assert_denied(&answer);
    }
    let (answer, ()) = tokio::join!(school.may_read(STRANGER), tenant.allow(YES));
    assert_allowed(&answer);
    assert_allowed(&school.may_read(STRANGER).await);
    assert!(!tenant.was_called().await);
}

#[tokio::test]
async fn an_error_is_not_kept_and_spoils_no_answer() {
    let tenant = Tenant::start().await;
    let school = School::with(keeping(&tenant));
    for said in ["nonsense", "null"] {
        let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(said));
        assert_unavailable(&answer);
    }
    let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(YES));
    assert_allowed(&answer);
    assert_allowed(&school.may_read(TUTOR).await);
    assert!(!tenant.was_called().await);
}

#[tokio::test]
async fn an_answer_that_has_run_out_does_not_stand_in_for_a_tenant_that_is_down() {
    let tenant = Tenant::start().await;
    let school = School::with(keeping(&tenant));
    let (answer, ()) = tokio::join!(school.may_read(TUTOR), tenant.allow(YES));
    assert_allowed(&answer);
    drop(tenant);
    assert_allowed(&school.may_read(TUTOR).await);
    school.clock.advance(Duration::from_mins(1));
    assert_unavailable(&school.may_read(TUTOR).await);
}

#[tokio::test]
async fn equal_questions_at_the_same_moment_are_asked_once() {
    let tenant = Tenant::start().await;
    let never = Duration::ZERO;
    for said in [YES, NO, "nonsense"] {
        let settings =
            TenantPolicySettings { cache_yes: never, cache_no: never, ..keeping(&tenant) };
        let school = School::with(settings);
        let all = join_all((0..64).map(|_| school.may_read(TUTOR)));
        let (answers, ()) = tokio::join!(all, tenant.allow(said));
        for answer in answers {
            match said {
                YES => assert_allowed(&answer),
                NO => assert_denied(&answer),
                _ => assert!(assert_unavailable(&answer).contains("not an array of strings")),
            }
        }
        assert!(!tenant.was_called().await);
    }
}

/// Else an outsider would hear at once about what somebody had just asked, and so whether that was the same:
/// all chats that are missing are one question, and each that is there is one of its own.
#[tokio::test]
async fn equal_questions_about_outsiders_are_asked_each() {
    let tenant = Tenant::start().await;
    let school = School::with(keeping(&tenant));
    let mut first = school.may(&account(STRANGER), Object::Chats, Action::Read);
    let mut second = school.may(&account(STRANGER), Object::Chats, Action::Read);
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    let (first, second, ()) = tokio::join!(first, second, async {
        tenant.allow(NO).await;
        tenant.allow(NO).await;
    });
    assert_denied(&first);
    assert_denied(&second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_ask_once_while_the_answer_is_kept() {
    let tenant = Tenant::start().await;
    let school = School::with(keeping(&tenant));
    let asking: Vec<_> = (0..256).map(|_| tokio::spawn(school.may_read(TUTOR))).collect();
    tenant.allow(YES).await;
    for answer in asking {
        assert_allowed(&answer.await.unwrap());
    }
    assert!(!tenant.was_called().await);
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_the_question_from_nobody() {
    let tenant = Tenant::start().await;
    let school = School::with(keeping(&tenant));
    let mut first = school.may_read(TUTOR);
    let mut second = school.may_read(TUTOR);
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    let asked = tenant.asked().await;
    drop(first);
    let (answer, ()) = tokio::join!(second, asked.answer("200 OK", YES));
    assert_allowed(&answer);
    assert!(!tenant.was_called().await);
}

#[tokio::test]
async fn an_answer_that_nobody_waited_for_is_kept() {
    let tenant = Tenant::start().await;
    let school = School::with(keeping(&tenant));
    let mut gone = school.may_read(TUTOR);
    assert!((&mut gone).now_or_never().is_none());
    drop(gone);
    tenant.allow(YES).await;
    // It meets either the question still under way, or its answer.
    assert_allowed(&school.may_read(TUTOR).await);
    assert!(!tenant.was_called().await);
}
