//! What works, and is perhaps not meant.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use chats_domain::ports::Clock;
use chats_domain::values::Timestamp;
use chats_testkit::certificates::Authority;
use chats_testkit::jwks::IssuerKey;
use chats_testkit::memory::SystemClock;

use super::{SECRET, Said, directory_with};
use crate::support::{chats, under_limit, write_secret};

#[test]
fn what_passes_in_the_clear_is_pointed_out_and_not_wrong() {
    let directory = directory_with(
        r#"
        [http]
        listen = "0.0.0.0:8080"
        [database]
        url = "postgres://chats:hunter2@db.example.org/chats?sslmode=require"
        replica_url = "postgres://chats:hunter2@one,other/chats?target_session_attrs=any"
        [event]
        url = "http://event.example.org"
        [identity]
        account = "chats.svc.example.org"
        issuer = "svc.example.org"
        algorithm = "HS256"
        key = "secret"
        [issuers."i.example.org"]
        audiences = ["a.example.org", "b.example.org"]
        algorithm = "HS256"
        key = "secret"
        [audiences."a.example.org"]
        policy = "http"
        uri = "http://tenant.example.org/authz?code=hunter2"
        [audiences."b.example.org"]
        policy = "http"
        uri = "http://localhost:8081/authz"
        "#,
    );
    let said = Said::of(directory.path(), &["--offline"]);
    assert!(said.is_well, "{:#?}", said.lines);
    for setting in [
        "http.listen",
        "database.url",
        "database.replica_url",
        "event.url",
        "audiences.a.example.org.uri",
    ] {
        said.line("warning", &format!("{setting}: "));
    }
    assert_eq!(said.count("warning"), 5, "{:#?}", said.lines);

    let directory = directory_with(
        "[event]\nlisten = \"0.0.0.0:8085\"\n[issuers.\"i.example.org\"]\n\
         audiences = [\"a.example.org\"]\nalgorithm = \"HS256\"\nkey = \"secret\"\n\
         [audiences.\"a.example.org\"]\npolicy = \"local\"\ntrusted = []",
    );
    let said = Said::of(directory.path(), &["--offline"]);
    said.line("warning", "event.listen: ");
    assert_eq!(said.count("warning"), 1, "{:#?}", said.lines);
}

#[test]
fn an_issuer_that_bears_our_name_is_pointed_out_if_it_stands_in_the_way_or_lets_others_in() {
    for (event, key, warnings) in [
        // The embedded event service takes our tokens by the same issuers.
        ("embedded", "other", 1),
        ("embedded", "secret", 0),
        ("http://127.0.0.1:8085", "other", 1),
        ("http://127.0.0.1:8085", "secret", 0),
        // Another one could use them here.
        ("https://event.example.org", "other", 0),
        ("https://event.example.org", "secret", 1),
    ] {
        let directory = directory_with(&format!(
            r#"
            [event]
            url = "{event}"
            [identity]
            account = "chats.svc.example.org"
            issuer = "svc.example.org"
            algorithm = "HS256"
            key = "secret"
            [issuers."svc.example.org"]
            audiences = ["svc.example.org"]
            algorithm = "HS256"
            key = "{key}"
            [audiences."svc.example.org"]
            policy = "local"
            trusted = []
            "#
        ));
        write_secret(directory.path().join("other"), SECRET.repeat(2));
        let said = Said::of(directory.path(), &["--offline"]);
        assert!(said.is_well, "{:#?}", said.lines);
        assert_eq!(said.count("warning"), warnings, "{event} {key} {:#?}", said.lines);
        if warnings > 0 {
            said.line("warning", "identity.issuer: svc.example.org ");
        }
    }
}

#[test]
fn times_that_are_long_and_audiences_that_nobody_speaks_for_are_pointed_out() {
    let issuer = |more: &str| {
        format!(
            "[issuers.\"i.org\"]\naudiences = [\"a.org\"]\nalgorithm = \"ES256\"\n\
             jwks = \"https://i.org/jwks.json\"\n{more}\n"
        )
    };
    let audience = |name: &str, more: &str| {
        format!("[audiences.\"{name}\"]\npolicy = \"http\"\nuri = \"https://a.org\"\n{more}\n")
    };
    let identity = "[identity]\naccount = \"chats.svc.org\"\nissuer = \"svc.org\"\n\
                    algorithm = \"HS256\"\nkey = \"secret\"\n";
    for (sections, warning) in [
        (issuer("") + &audience("a.org", ""), None),
        (issuer("") + &audience("a.org", "cache_yes = \"1h\""), None),
        (issuer("jwks_max_age = \"7 days\"") + &audience("a.org", ""), None),
        (issuer("") + &audience("a.org", "cache_yes = \"61m\""), Some("audiences.a.org.cache_yes")),
        (
            issuer("jwks_max_age = \"8 days\"") + &audience("a.org", ""),
            Some("issuers.i.org.jwks_max_age"),
        ),
        (issuer("require_exp = false") + &audience("a.org", ""), Some("issuers.i.org.require_exp")),
        (issuer("") + &audience("a.org", "") + &audience("b.org", ""), Some("audiences.b.org")),
        (issuer(""), Some("audiences")),
        (audience("a.org", ""), Some("issuers")),
    ] {
        let directory = directory_with(&format!("{identity}{sections}"));
        let said = Said::of(directory.path(), &["--offline"]);
        assert!(said.is_well, "{:#?}", said.lines);
        assert_eq!(said.count("warning"), warning.into_iter().count(), "{:#?}", said.lines);
        if let Some(warning) = warning {
            said.line("warning", &format!("{warning}: "));
        }
    }
}

#[test]
fn a_certificate_has_to_count_now_and_to_go_on() {
    const DAY: Duration = Duration::from_hours(24);
    let authority = Authority::new().unwrap();
    let directory = directory_with("[http.tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n");
    let now = SystemClock.now().since(Timestamp::from_unix_micros(0));
    let yesterday = now.checked_sub(DAY).unwrap();
    for (begin, end, status, says) in [
        (Duration::ZERO, DAY * 16, "ok", ""),
        (Duration::ZERO, DAY * 14, "warning", "expires soon: 20"),
        (Duration::ZERO, DAY / 2, "wrong", "has expired: 20"),
        (DAY * 2, DAY * 16, "wrong", "does not count before 20"),
    ] {
        let time = yesterday + begin..yesterday + end;
        let issued = authority.issue_to_server_for(&["chats.example.org"], time).unwrap();
        fs::write(directory.path().join("chain.pem"), issued.certificate).unwrap();
        write_secret(directory.path().join("key.pem"), issued.key);
        let said = Said::of(directory.path(), &["--offline"]);
        assert!(said.line(status, "http.tls").contains(says), "{:#?}", said.lines);
        assert_eq!(said.is_well, status != "wrong", "{:#?}", said.lines);
        assert_eq!(said.count("warning"), usize::from(status == "warning"), "{:#?}", said.lines);
    }
}

#[test]
fn keys_that_others_may_read_are_pointed_out() {
    let authority = Authority::new().unwrap();
    let issued = authority.issue_to_server(&["chats.example.org"]).unwrap();
    let directory = directory_with(
        r#"
        [http.tls]
        certificate = "chain.pem"
        key = "key.pem"
        [identity]
        account = "chats.svc.example.org"
        issuer = "svc.example.org"
        algorithm = "HS256"
        key = "secret"
        [issuers."one.example.org"]
        audiences = ["a.example.org"]
        algorithm = "HS256"
        key = "one"
        [issuers."set.example.org"]
        audiences = ["a.example.org"]
        algorithm = "HS256"
        jwks = "jwks.json"
        [issuers."public.example.org"]
        audiences = ["a.example.org"]
        algorithm = "ES256"
        key = "public.pem"
        [audiences."a.example.org"]
        policy = "local"
        trusted = []
        "#,
    );
    let file = |name: &str| directory.path().join(name);
    fs::create_dir(file("data")).unwrap();
    fs::write(file("chain.pem"), issued.certificate).unwrap();
    fs::write(file("public.pem"), IssuerKey::generate(None).unwrap().public_pem()).unwrap();
    let set = r#"{"keys": [{"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    let secrets = [
        ("secret", SECRET, "identity.key"),
        ("one", SECRET, "issuers.one.example.org.key"),
        ("jwks.json", set, "issuers.set.example.org.jwks"),
        ("key.pem", &issued.key, "http.tls.key"),
        ("data/development.key", SECRET, "development.key"),
    ];
    for (name, content, _) in secrets {
        write_secret(file(name), content);
    }
    let said = Said::of(directory.path(), &["--offline"]);
    assert!(said.is_well, "{:#?}", said.lines);
    assert_eq!(said.count("warning"), 0, "{:#?}", said.lines);

    for (name, ..) in secrets {
        fs::set_permissions(file(name), Permissions::from_mode(0o644)).unwrap();
    }
    let said = Said::of(directory.path(), &["--offline"]);
    for (name, _, setting) in secrets {
        let line = said.line("warning", &format!("{setting}: "));
        assert!(line.contains(name) && line.contains("0644"), "{line}");
    }
    assert_eq!(said.count("warning"), secrets.len(), "{:#?}", said.lines);
}

#[test]
fn more_connections_than_the_limit_of_files_allows_are_pointed_out() {
    for (limit, warnings) in [("-n 300", 1), ("-S -n 300", 0)] {
        let directory = directory_with("[http]\nmax_connections = 500");
        let mut check = chats(directory.path());
        let output = under_limit(limit, check.args(["check", "--offline"])).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        let warning = "warning  http.max_connections: ";
        assert_eq!(said.matches(warning).count(), warnings, "{limit} {said}");
    }
}
