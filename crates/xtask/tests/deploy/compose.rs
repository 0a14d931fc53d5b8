//! compose.yaml.

use serde_json::Value;

use crate::root;
use crate::tools::{is_valid, yaml};

#[test]
fn compose_reads_it() {
    let file = root().join("deploy/compose.yaml");
    let _ = is_valid(&file, ["--builtin-schema", "vendor.compose-spec"]);
}

#[test]
fn no_container_may_more_than_it_needs() {
    each_service(|name, service| {
        assert_eq!(service["read_only"], true, "{name} may write to its root");
        assert_eq!(service["cap_drop"][0], "ALL", "{name} has capabilities");
        assert_eq!(service["security_opt"][0], "no-new-privileges:true", "{name}");
        let limits = &service["deploy"]["resources"]["limits"];
        for limit in ["cpus", "memory", "pids"] {
            assert!(!limits[limit].is_null(), "{name} has no limit of {limit}");
        }
    });
}

#[test]
fn only_this_machine_reaches_them() {
    each_service(|name, service| {
        for port in service["ports"].as_array().into_iter().flatten() {
            assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{name} is open: {port}");
        }
    });
}

#[test]
fn whoever_is_waited_for_can_be_seen_to_be_there() {
    let Some(services) = services() else { return };
    each_service(|name, service| {
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            let other_service = &services[other];
            let ends = other_service["command"].is_array()
                && other_service["healthcheck"]["disable"] == true;
            let expected = if ends { "service_completed_successfully" } else { "service_healthy" };
            assert_eq!(how["condition"], expected, "{name} waits for {other}");
            let is_seen = ends || other_service["healthcheck"]["test"].is_array();
            assert!(is_seen, "{other} has no health check");
        }
    });
}

fn each_service(check: impl Fn(&str, &Value)) {
    let Some(services) = services() else { return };
    let services = services.as_object().unwrap();
    assert!(services.len() > 4, "the services are gone");
    for (name, service) in services {
        check(name, service);
    }
}

fn services() -> Option<Value> {
    Some(yaml(&root().join("deploy/compose.yaml"))?["services"].clone())
}
