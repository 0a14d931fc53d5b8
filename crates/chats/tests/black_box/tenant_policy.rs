//! Audiences whose tenants are asked.

use std::fs;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Database, Deployment, Says, Tenant, chats, refusal};

const AUDIENCE: &str = "asked.example.org";
const TUTOR: &str = "tutor.asked.example.org";
const STRANGER: &str = "somebody.stranger.example.org";
const ALL: &str = r#"["create", "convert", "read"]"#;

async fn deployment(tenant: &Tenant, more: &str) -> Deployment {
    Deployment::with(Database::Sqlite, &tenant.section(AUDIENCE, more)).await
}

async fn get(deployment: &Deployment, account: &str, path: &str) -> Answer {
    let request = deployment.anonymous(Method::GET, path).bearer_auth(Deployment::token(account));
    Answer::of(request.send().await.unwrap()).await
}

async fn create(deployment: &Deployment, account: &str, audience: &str, scope: &str) -> Answer {
    let body = json!({"audience": audience, "scope": scope});
    let request = deployment.anonymous(Method::POST, "/api/v1/chats").json(&body);
    Answer::of(request.bearer_auth(Deployment::token(account)).send().await.unwrap()).await
}

fn path_of(scope: &str) -> String {
    format!("/api/v1/audiences/{AUDIENCE}/chats/{scope}")
}

#[tokio::test]
async fn the_tenant_decides() {
    let tenant = Tenant::that_says(Says::Allowed(ALL)).await;
    let deployment = deployment(&tenant, "cache_yes = \"0s\"\ncache_no = \"0s\"").await;
    let made = create(&deployment, TUTOR, AUDIENCE, "lesson-42").await;
    let chat = made.chat(201);
    get(&deployment, TUTOR, made.header("location")).await.chat(200);
    get(&deployment, STRANGER, &path_of("lesson-42")).await.chat(200);
    get(&deployment, TUTOR, &path_of("lesson-43")).await.problem(404, "chat_not_found");
    let question = |namespace: &str, label: &str, object: Value, action: &str| {
        json!({
            "subject": {"namespace": namespace, "value": label},
            "object": {"namespace": "chats.svc.example.org", "value": object},
            "action": action,
        })
    };
    let (all, one) = (json!(["classrooms"]), json!(["classrooms", chat["chat_id"]]));
    assert_eq!(
        tenant.questions(),
        [
            question("asked.example.org", "tutor", all.clone(), "create"),
            question("asked.example.org", "tutor", one.clone(), "read"),
            question("stranger.example.org", "somebody", one, "read"),
            question("asked.example.org", "tutor", all, "read"),
        ]
    );

    tenant.now_says(Says::Allowed(r#"["create"]"#));
    create(&deployment, TUTOR, AUDIENCE, "lesson-42").await.chat(200);
    for path in [made.header("location"), &path_of("lesson-42"), &path_of("lesson-43")] {
        get(&deployment, TUTOR, path).await.problem(403, "access_denied");
    }
    tenant.now_says(Says::Allowed("[]"));
    let denied = create(&deployment, TUTOR, AUDIENCE, "lesson-44").await;
    denied.problem(403, "access_denied");
    tenant.now_says(Says::Allowed(ALL));
    get(&deployment, TUTOR, &path_of("lesson-44")).await.problem(404, "chat_not_found");
}

#[tokio::test]
async fn whom_the_audience_trusts_needs_no_tenant() {
    let tenant = Tenant::that_says(Says::Status(500)).await;
    let deployment = deployment(&tenant, &format!("trusted = [\"{TUTOR}\"]")).await;
    create(&deployment, TUTOR, AUDIENCE, "lesson-42").await.chat(201);
    get(&deployment, TUTOR, &path_of("lesson-42")).await.chat(200);
    assert!(tenant.questions().is_empty());
}

#[tokio::test]
async fn a_tenant_that_cannot_be_asked_lets_nobody_in_for_now() {
    let tenant = Tenant::that_says(Says::Allowed(ALL)).await;
    let deployment = deployment(&tenant, "cache_yes = \"0s\"").await;
    let made = create(&deployment, TUTOR, AUDIENCE, "lesson-42").await;
    made.chat(201);
    for says in
        [Says::Status(500), Says::Status(403), Says::Allowed("{}"), Says::Nothing, Says::Endlessly]
    {
        tenant.now_says(says);
        let create = create(&deployment, TUTOR, AUDIENCE, "lesson-43");
        create.await.problem(503, "authorization_unavailable");
        for path in [made.header("location"), &path_of("lesson-42"), &path_of("lesson-43")] {
            let problem = get(&deployment, TUTOR, path).await;
            problem.problem(503, "authorization_unavailable");
            assert!(!problem.text.contains(&tenant.uri), "{}", problem.text);
        }
    }
    tenant.now_says(Says::Allowed(ALL));
    get(&deployment, TUTOR, &path_of("lesson-43")).await.problem(404, "chat_not_found");
}

#[tokio::test]
async fn a_tenant_that_hangs_slows_nobody_elses_callers() {
    let (hanging, quick) =
        tokio::join!(Tenant::that_says(Says::Nothing), Tenant::that_says(Says::Allowed(ALL)));
    let other = "quick.example.org";
    // The questions to the one outlast the test's to the others.
    let sections =
        hanging.section(AUDIENCE, "").replace("\"1s\"", "\"5s\"") + &quick.section(other, "");
    let deployment = Deployment::with(Database::Sqlite, &sections).await;
    let waiting = join_all((0..200).map(|number| {
        let account = format!("tutor-{number}.asked.example.org");
        let deployment = &deployment;
        async move { get(deployment, &account, &path_of("lesson-42")).await }
    }));
    let others = async {
        while !hanging.was_asked() {
            tokio::task::yield_now().await;
        }
        let begin = Instant::now();
        for number in 0..5 {
            let scope = format!("lesson-{number}");
            create(&deployment, TUTOR, other, &scope).await.chat(201);
            deployment.create(&scope, None).await.chat(201);
        }
        (begin.elapsed(), hanging.questions().len())
    };
    let (waited, (took, under_way)) = tokio::join!(waiting, others);
    assert!(took < Duration::from_secs(4), "{took:?}");
    for answer in waited {
        answer.problem(503, "authorization_unavailable");
    }
    assert!(under_way <= 32, "{under_way} questions were under way");
}

/// The tenant is asked as often about a chat that is there as about one that is not. So an outsider
/// waits equally long for both, and gets the same answers while the tenant is down.
#[tokio::test]
async fn an_outsider_cannot_tell_a_chat_that_is_there_from_one_that_is_not() {
    let tenant = Tenant::that_says(Says::Allowed(ALL)).await;
    let deployment = deployment(&tenant, "").await;
    create(&deployment, TUTOR, AUDIENCE, "lesson-42").await.chat(201);
    tenant.questions();
    for (says, status, problem) in [
        (Says::Allowed("[]"), 403, "access_denied"),
        (Says::Status(500), 503, "authorization_unavailable"),
        (Says::Allowed("[]"), 403, "access_denied"),
    ] {
        tenant.now_says(says);
        for _ in 0..2 {
            let mut details = Vec::new();
            for scope in ["lesson-42", "lesson-43"] {
                let answer = get(&deployment, STRANGER, &path_of(scope)).await;
                details.push(answer.problem(status, problem)["detail"].clone());
                assert_eq!(tenant.questions().len(), 1, "{scope} {says:?}");
            }
            assert_eq!(details[0], details[1]);
        }
    }
}

/// All chats that are missing are one question, and each that is there is one of its own. Were equal questions
/// of outsiders asked once, two reads at the same moment would tell which they are.
#[tokio::test]
async fn an_outsider_cannot_tell_by_two_reads_at_the_same_moment_either() {
    let tenant = Tenant::that_says(Says::Allowed(ALL)).await;
    let mut section = tenant.section(AUDIENCE, "");
    section = section.replace("\"1s\"", "\"5s\"");
    let deployment = Deployment::with(Database::Sqlite, &section).await;
    create(&deployment, TUTOR, AUDIENCE, "lesson-42").await.chat(201);
    tenant.questions();
    tenant.now_says(Says::AllowedLate("[]", Duration::from_millis(100)));
    for scope in ["lesson-42", "lesson-43"] {
        let paths = ["missing", scope, scope, "missing"].map(path_of);
        let reads = paths.iter().map(|path| get(&deployment, STRANGER, path));
        for answer in join_all(reads).await {
            answer.problem(403, "access_denied");
        }
        assert_eq!(tenant.questions().len(), 4, "{scope}");
    }
}

#[tokio::test]
async fn outsiders_of_one_audience_shut_out_those_of_no_other() {
    let tenant = Tenant::that_says(Says::AllowedTo("other.example.org")).await;
    // The questions about the many outlast the test's about the one.
    let section = tenant.section(AUDIENCE, "").replace("\"1s\"", "\"5s\"");
    let deployment = Deployment::with(Database::Sqlite, &section).await;
    let (many, one) = (path_of("lesson-42"), path_of("lesson-43"));
    let waiting = join_all((0..200).map(|_| get(&deployment, STRANGER, &many)));
    let other = async {
        while !tenant.was_asked() {
            tokio::task::yield_now().await;
        }
        let begin = Instant::now();
        let answer = get(&deployment, "tutor-8.other.example.org", &one).await;
        answer.problem(404, "chat_not_found");
        begin.elapsed()
    };
    let (waited, took) = tokio::join!(waiting, other);
    assert!(took < Duration::from_secs(4), "{took:?}");
    for answer in waited {
        answer.problem(503, "authorization_unavailable");
    }
}

#[tokio::test]
async fn the_log_is_told_once_of_a_tenant_that_cannot_be_asked() {
    let tenant = Tenant::that_says(Says::Status(500)).await;
    let mut deployment = deployment(&tenant, "").await;
    deployment.kill();
    let log = deployment.start_with_log("warn");
    for number in 0..20 {
        let answer = get(&deployment, STRANGER, &path_of(&format!("lesson-{number}"))).await;
        answer.problem(503, "authorization_unavailable");
    }
    assert!(deployment.terminate());
    let log = fs::read_to_string(log).unwrap();
    let told = log.lines().filter(|line| line.contains("questions to the tenant go unanswered"));
    assert_eq!((told.count(), log.matches("WARN").count()), (1, 1), "{log}");
    assert!(log.contains(AUDIENCE) && !log.contains(&tenant.uri), "{log}");
}

#[tokio::test]
async fn answers_are_kept() {
    let tenant = Tenant::that_says(Says::Allowed(ALL)).await;
    let deployment = deployment(&tenant, "cache_yes = \"1h\"\ncache_no = \"1h\"").await;
    let other = "other.asked.example.org";
    create(&deployment, TUTOR, AUDIENCE, "lesson-42").await.chat(201);
    get(&deployment, TUTOR, &path_of("lesson-42")).await.chat(200);
    tenant.now_says(Says::Allowed("[]"));
    get(&deployment, other, &path_of("lesson-42")).await.problem(403, "access_denied");
    tenant.questions();

    tenant.now_says(Says::Status(500));
    create(&deployment, TUTOR, AUDIENCE, "lesson-43").await.chat(201);
    get(&deployment, TUTOR, &path_of("lesson-42")).await.chat(200);
    get(&deployment, other, &path_of("lesson-42")).await.problem(403, "access_denied");
    assert!(tenant.questions().is_empty());
}

#[test]
fn settings_that_no_tenant_can_be_asked_with_stop_the_start() {
    const IDENTITY: &str = "[identity]\naccount = \"chats.svc.example.org\"\nissuer = \"i\"\n\
                            algorithm = \"HS256\"\nkey = \"k\"\n";
    const URI: &str = "uri = \"http://tenant.example.org/authz\"";
    for (setting, settings) in [
        ("uri", ""),
        ("uri", "uri = \"hunter2\""),
        ("uri", "uri = \"ftp://tenant.example.org/hunter2\""),
        ("uri", "uri = \"http://chats:hunter2@tenant.example.org\""),
        ("uri", "uri = \"http://tenant.example.org#hunter2\""),
        ("timeout", "timeout = \"0s\""),
        ("timeout", "timeout = \"5s\""),
        ("timeout", "retries = 2"),
        ("timeout", "timeout = \"hunter2\""),
        ("retries", "retries = -1"),
        ("concurrency", "concurrency = 0"),
        ("cache_yes", "cache_yes = \"hunter2\""),
        ("cache_no", "cache_no = 10"),
        ("cache_size", "cache_size = \"hunter2\""),
        ("trusted", "trusted = [\"hunter2\"]"),
        ("records", "records = []"),
    ] {
        let uri = if setting == "uri" { "" } else { URI };
        let section = format!("[audiences.\"a.org\"]\npolicy = \"http\"\n{uri}\n{settings}\n");
        let said = refused(&format!("{IDENTITY}{section}"));
        assert!(said.contains(&format!("configuration: audiences.a.org.{setting}")), "{said}");
        assert!(said.contains("chats.toml"), "{said}");
    }
    for (setting, value) in
        [("uri", "\"http://a\""), ("timeout", "\"1s\""), ("retries", "1"), ("cache_size", "1")]
    {
        let said =
            refused(&format!("[audiences.\"a.org\"]\npolicy = \"none\"\n{setting} = {value}"));
        assert!(said.contains(&format!("audiences.a.org.{setting}")), "{said}");
    }
    let said = refused(&format!("[audiences.\"a.org\"]\npolicy = \"http\"\n{URI}"));
    assert!(said.contains("configuration: identity") && said.contains("a.org"), "{said}");
}

/// What the service says of a configuration that it does not start with.
#[track_caller]
fn refused(configuration: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("chats.toml"), configuration).unwrap();
    fs::write(directory.path().join("k"), "a secret of thirty-two bytes, or more").unwrap();
    let mut command = chats(directory.path());
    let said =
        refusal(command.args(["--http-listen", "127.0.0.1:0", "--event-listen", "127.0.0.1:0"]));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    said
}
