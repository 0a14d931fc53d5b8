//! The chart, rendered by Helm's own library and held against the schemas of Kubernetes.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::tools::{all, is_valid, python, yaml};
use crate::{read, root};

/// The oldest that `Chart.yaml` names, and the newest whose schemas are there.
const KUBERNETES: [&str; 2] = ["1.27", "1.37"];

const CHART: &str = "deploy/helm/chats";

#[test]
fn what_is_rendered_is_valid_in_old_and_new_kubernetes() {
    let Some(few) = rendered(&least()) else { return };
    assert_eq!(
        kinds(&few),
        [
            "ConfigMap",
            "Deployment",
            "Job",
            "NetworkPolicy",
            "Pod",
            "PodDisruptionBudget",
            "Service",
            "Service",
            "ServiceAccount",
        ]
    );
    let all = rendered(&everything()).unwrap();
    for kind in ["HorizontalPodAutoscaler", "Ingress", "PrometheusRule", "ServiceMonitor"] {
        assert!(kinds(&all).contains(&kind.to_owned()), "there is no {kind}");
    }
}

#[test]
fn values_that_cannot_work_are_refused() {
    let wrong = [
        ("event", json!({"url": ""}), "/event/url"),
        ("database", json!({"existingSecret": "", "key": "url"}), "/database/existingSecret"),
        ("config", json!(""), "/config"),
        ("replicas", json!(3), "replicas"),
        ("ingress", json!({"enabled": true, "hosts": []}), "/ingress"),
    ];
    for (key, value, named) in wrong {
        let mut values = least();
        values[key] = value;
        let Some(output) = render(&values) else { return };
        assert!(!output.status.success(), "{key} was taken");
        assert!(all(&output).contains(named), "{named} is not named: {}", all(&output));
    }
}

#[test]
fn the_schema_of_the_values_is_one() {
    let _ = is_valid(&root().join(CHART).join("values.schema.json"), ["--check-metaschema", "--"]);
}

#[test]
fn no_pod_may_more_than_it_needs() {
    let Some(manifests) = rendered(&everything()) else { return };
    let pods: Vec<_> = manifests.iter().filter_map(pod).collect();
    assert_eq!(pods.len(), 3);
    for pod in pods {
        assert_eq!(pod["automountServiceAccountToken"], false);
        // Kubernetes would set CHATS_PORT and the like for a Service named `chats`.
        assert_eq!(pod["enableServiceLinks"], false);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        for container in pod["containers"].as_array().unwrap() {
            let context = &container["securityContext"];
            assert_eq!(context["readOnlyRootFilesystem"], true);
            assert_eq!(context["allowPrivilegeEscalation"], false);
            assert_eq!(context["capabilities"]["drop"], json!(["ALL"]));
            assert!(container["resources"]["limits"]["memory"].is_string());
        }
    }
}

#[test]
fn a_pod_has_the_time_that_its_service_takes_to_end() {
    let mut values = least();
    values["shutdown"] = json!({"delaySeconds": 20, "timeoutSeconds": 60});
    let Some(manifests) = rendered(&values) else { return };
    let pod = pod(of_kind(&manifests, "Deployment")).unwrap();
    assert_eq!(pod["terminationGracePeriodSeconds"], 90);
    assert_eq!(variable(pod, "CHATS_SHUTDOWN__DELAY")["value"], "20s");
    assert_eq!(variable(pod, "CHATS_SHUTDOWN__TIMEOUT")["value"], "60s");
}

#[test]
fn what_the_chart_sets_are_settings() {
    let Some(manifests) = rendered(&least()) else { return };
    let page = read("docs/configuration.md");
    let mut count = 0;
    for pod in ["Deployment", "Job"].map(|kind| pod(of_kind(&manifests, kind)).unwrap()) {
        for variable in pod["containers"][0]["env"].as_array().unwrap() {
            let name = variable["name"].as_str().unwrap();
            let key = name.strip_prefix("CHATS_").unwrap().replace("__", ".").to_lowercase();
            assert!(page.contains(&format!("| `{key}` |")), "there is no setting {key}");
            count += 1;
        }
    }
    assert!(count > 5, "the chart sets nothing");
}

#[test]
fn migrations_run_before_and_may_have_a_role_of_their_own() {
    let mut values = least();
    let Some(manifests) = rendered(&values) else { return };
    let job = of_kind(&manifests, "Job");
    assert_eq!(job["metadata"]["annotations"]["helm.sh/hook"], "pre-install,pre-upgrade");
    let secret = |manifest: &Value| {
        let variable = variable(pod(manifest).unwrap(), "CHATS_DATABASE__URL");
        variable["valueFrom"]["secretKeyRef"]["name"].clone()
    };
    assert_eq!(secret(job), "database");
    values["migrations"] = json!({"existingSecret": "owner"});
    let manifests = rendered(&values).unwrap();
    assert_eq!(secret(of_kind(&manifests, "Job")), "owner");
    assert_eq!(secret(of_kind(&manifests, "Deployment")), "database");
}

#[test]
fn whoever_scales_pods_alone_says_how_many_there_are() {
    let Some(manifests) = rendered(&least()) else { return };
    assert_eq!(of_kind(&manifests, "Deployment")["spec"]["replicas"], 2);
    let manifests = rendered(&everything()).unwrap();
    assert!(of_kind(&manifests, "Deployment")["spec"]["replicas"].is_null());
}

#[test]
fn everything_that_selects_the_pods_of_the_service_selects_them_alone() {
    let Some(manifests) = rendered(&everything()) else { return };
    let service = &of_kind(&manifests, "Deployment")["spec"]["template"]["metadata"]["labels"];
    let job = &of_kind(&manifests, "Job")["spec"]["template"]["metadata"]["labels"];
    let selectors = [
        ("Deployment", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("Service", "/spec/selector"),
    ];
    for (kind, path) in selectors {
        for manifest in manifests.iter().filter(|it| it["kind"] == kind) {
            let selector = manifest.pointer(path).unwrap().as_object().unwrap();
            let selects = |labels: &Value| selector.iter().all(|(key, it)| labels[key] == *it);
            assert!(selects(service), "{kind} misses the service: {selector:?}");
            assert!(!selects(job), "{kind} selects the migrations, too: {selector:?}");
        }
    }
    let monitored = &of_kind(&manifests, "ServiceMonitor")["spec"]["selector"]["matchLabels"];
    let is_monitored = |it: &&Value| {
        let labels = &it["metadata"]["labels"];
        let mut wanted = monitored.as_object().unwrap().iter();
        it["kind"] == "Service" && wanted.all(|(key, value)| labels[key] == *value)
    };
    let monitored: Vec<_> = manifests.iter().filter(is_monitored).collect();
    assert_eq!(monitored.len(), 1);
    assert_eq!(monitored[0]["spec"]["ports"][0]["name"], "admin");
}

#[test]
fn alerts_and_dashboard_are_those_of_everybody() {
    let Some(manifests) = rendered(&everything()) else { return };
    let rules = yaml(&root().join("deploy/prometheus/alerts.yml")).unwrap();
    assert_eq!(of_kind(&manifests, "PrometheusRule")["spec"], rules);

    let mut maps = manifests.iter().filter_map(|it| it["data"]["chats.json"].as_str());
    let dashboard: Value = serde_json::from_str(maps.next().unwrap()).unwrap();
    let expected = read("deploy/grafana/dashboards/chats.json");
    assert_eq!(dashboard, serde_json::from_str::<Value>(&expected).unwrap());
}

/// What has to be given.
fn least() -> Value {
    json!({
        "event": {"url": "https://event.example.org"},
        "database": {"existingSecret": "database", "key": "url"},
        "config": "[cache]\nchats = \"64MiB\"\n",
    })
}

/// All that can be switched on, and set to something.
fn everything() -> Value {
    let mut values = least();
    let more = json!({
        "image": {
            "repository": "registry.example.org/chats",
            "digest": format!("sha256:{}", "0".repeat(64)),
        },
        "imagePullSecrets": [{"name": "registry"}],
        "keys": {"existingSecret": "keys"},
        "autoscaling": {"enabled": true},
        "extraEnv": [{"name": "CHATS_LOG__FILTER", "value": "debug"}],
        "ingress": {
            "enabled": true,
            "className": "nginx",
            "annotations": {"example.org/limit": "10"},
            "hosts": ["chats.example.org"],
            "tlsSecret": "tls",
        },
        "networkPolicy": {
            "apiFrom": [{"namespaceSelector": {}}],
            "egress": [{"ports": [{"port": 443}, {"port": 53, "protocol": "UDP"}]}],
        },
        "serviceMonitor": {"enabled": true, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": true, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": true},
        "serviceAccount": {"annotations": {"example.org/role": "chats"}},
        "podAnnotations": {"example.org/team": "chats"},
        "podLabels": {"team": "chats"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "high",
    });
    values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    values
}

/// The manifests that come of these values.
fn rendered(values: &Value) -> Option<Vec<Value>> {
    let output = render(values)?;
    assert!(output.status.success(), "{}", all(&output));
    let manifests: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    Some(manifests.into_iter().map(|mut it| it["manifest"].take()).collect())
}

fn render(values: &Value) -> Option<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deploy/chart.py");
    let mut command = python()?;
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let task = json!({"chart": root().join(CHART), "values": values, "kubernetes": KUBERNETES});
    child.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap())
}

fn kinds(manifests: &[Value]) -> Vec<String> {
    let mut kinds: Vec<_> =
        manifests.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect();
    kinds.sort();
    kinds
}

fn of_kind<'a>(manifests: &'a [Value], kind: &str) -> &'a Value {
    manifests.iter().find(|it| it["kind"] == kind).unwrap()
}

/// The pod of whatever has one.
fn pod(manifest: &Value) -> Option<&Value> {
    match manifest["kind"].as_str().unwrap() {
        "Deployment" | "Job" => Some(&manifest["spec"]["template"]["spec"]),
        "Pod" => Some(&manifest["spec"]),
        _ => None,
    }
}

fn variable<'a>(pod: &'a Value, name: &str) -> &'a Value {
    let variables = pod["containers"][0]["env"].as_array().unwrap();
    variables.iter().find(|it| it["name"] == name).unwrap()
}
