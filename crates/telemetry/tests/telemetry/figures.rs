use std::time::Duration;

use chats_telemetry::{CacheFigures, ConnectionFigures, Figures, OpeningFigures, ReplicaFigures};

use crate::{lines, metrics};

#[test]
fn what_is_known_is_told() {
    let figures = Figures {
        is_ready: true,
        log_lines_dropped: 7,
        connections: Some(ConnectionFigures {
            idle: 3,
            used: 2,
            max: 10,
            pending_requests: 1,
            queued_changes: 12,
        }),
        chats_cache: Some(CacheFigures { hits: 7, misses: 2, entries: 4, bytes: Some(4096) }),
        tokens_cache: Some(CacheFigures { hits: 5, misses: 6, entries: 1, bytes: None }),
        replica: ReplicaFigures { answered: 8, passed_on: 3, failed: 2, left_alone: 9 },
        opening: Some(OpeningFigures { count: 2, oldest_age: Duration::from_millis(1500) }),
    };
    let told = |prefix| lines(&metrics(), &figures, prefix);
    assert_eq!(told("chats_ready"), ["chats_ready 1"]);
    assert_eq!(told("chats_log"), ["chats_log_lines_dropped_total 7"]);
    assert_eq!(
        told("db_client_"),
        [
            "db_client_connection_max 10",
            "db_client_connection_pending_requests 1",
            r#"db_client_connections{state="idle"} 3"#,
            r#"db_client_connections{state="used"} 2"#,
        ]
    );
    assert_eq!(told("chats_store_"), ["chats_store_queued_changes 12"]);
    assert_eq!(
        told("chats_cache_"),
        [
            r#"chats_cache_bytes{cache="chats"} 4096"#,
            r#"chats_cache_entries{cache="chats"} 4"#,
            r#"chats_cache_entries{cache="tokens"} 1"#,
            r#"chats_cache_requests_total{cache="chats",result="hit"} 7"#,
            r#"chats_cache_requests_total{cache="chats",result="miss"} 2"#,
            r#"chats_cache_requests_total{cache="tokens",result="hit"} 5"#,
            r#"chats_cache_requests_total{cache="tokens",result="miss"} 6"#,
        ]
    );
    assert_eq!(
        told("chats_replica_"),
        [
            r#"chats_replica_reads_total{result="answered"} 8"#,
            r#"chats_replica_reads_total{result="failed"} 2"#,
            r#"chats_replica_reads_total{result="left_alone"} 9"#,
            r#"chats_replica_reads_total{result="passed_on"} 3"#,
        ]
    );
    assert_eq!(told("chats_opening"), ["chats_opening 2", "chats_opening_oldest_age_seconds 1.5"]);
}

#[test]
fn what_is_not_known_is_left_out() {
    for prefix in ["db_client_", "chats_cache_", "chats_opening"] {
        assert_eq!(lines(&metrics(), &Figures::default(), prefix), [""; 0]);
    }
    // Who does not know to be ready is not.
    assert_eq!(lines(&metrics(), &Figures::default(), "chats_ready"), ["chats_ready 0"]);
}

#[test]
fn the_program_and_its_process_are_told() {
    let metrics = metrics();
    metrics.room_is_possibly_orphaned();
    let told = |prefix| lines(&metrics, &Figures::default(), prefix);
    assert_eq!(told("chats_build"), [r#"chats_build_info{commit="0123abc",version="1.2.3"} 1"#]);
    assert_eq!(told("chats_rooms"), ["chats_rooms_possibly_orphaned_total 1"]);
    if cfg!(target_os = "linux") {
        for name in [
            "process_cpu_seconds_total",
            "process_max_fds",
            "process_open_fds",
            "process_resident_memory_bytes",
            "process_start_time_seconds",
            "process_threads",
            "process_virtual_memory_bytes",
        ] {
            let [line] = &told(name)[..] else { panic!("{name}") };
            assert!(line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() >= 0.0, "{line}");
        }
    }
}

#[test]
fn each_figure_is_explained_once() {
    let metrics = metrics();
    let text = metrics.text(&Figures::default()).unwrap();
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP "))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert!(names.contains(&"chats_build_info"));
    assert!(names.is_sorted_by(|one, other| one < other), "{names:?}");
}
