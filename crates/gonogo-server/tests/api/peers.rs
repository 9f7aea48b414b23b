//! The programs that others run: a real Prometheus, a real Alertmanager, and `amtool`.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use gonogo_engine::external::Word;
use gonogo_server::view::View;
use tempfile::TempDir;

use crate::alertmanager::{PROM, Tool};
use crate::server::{Server, TOOL_TOKEN};

/// A program that ends with the test.
struct Peer(Child);

impl Peer {
    fn run(dir: &Path, program: &str, args: &[&str]) -> Self {
        let log = |name: &str| fs::File::create(dir.join(name)).unwrap();
        let child = Command::new(program)
            .args(args)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(log("stdout"))
            .stderr(log("stderr"))
            .spawn()
            .unwrap_or_else(|e| panic!("{program} (see `cargo xtask test`): {e}"));
        Self(child)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn stands(name: &'static str, standing: Word) -> impl FnMut(&Arc<View>) -> bool {
    move |view| {
        let mut all = view.externals.values().flat_map(|k| k.alerts.values());
        all.any(|h| h.labels.get("alertname").is_some_and(|n| n == name) && h.standing == standing)
    }
}

#[tokio::test]
async fn a_rule_of_prometheus_fires_here_and_resolves() {
    let server = Server::start_with(PROM).await;
    let dir = TempDir::new().unwrap();
    let rules = |expression: &str| {
        let text = format!(
            "groups:\n- name: g\n  interval: 1s\n  rules:\n  - alert: ShopDown\n    expr: {expression}\n    labels: {{severity: critical}}\n    annotations: {{summary: The shop is down}}\n"
        );
        fs::write(dir.path().join("rules.yml"), text).unwrap();
    };
    rules("vector(1)");
    fs::write(dir.path().join("token"), TOOL_TOKEN).unwrap();
    let config = format!(
        "global: {{evaluation_interval: 1s}}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n  - path_prefix: /in/prom\n    authorization: {{credentials_file: token}}\n    static_configs: [{{targets: [\"{}\"]}}]\n",
        server.app.address
    );
    fs::write(dir.path().join("prometheus.yml"), config).unwrap();
    let address = free_address();
    let prometheus = Peer::run(
        dir.path(),
        "prometheus",
        &[
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            &format!("--web.listen-address={address}"),
            "--web.enable-lifecycle",
            "--rules.alert.resend-delay=1s",
        ],
    );
    server.until(stands("ShopDown", Word::Firing)).await;
    server.message_to("ada").await;
    let listed = Tool::of(&server).get("/api/v2/alerts").await;
    assert_eq!(listed[0]["annotations"]["summary"], "The shop is down");
    assert!(
        listed[0]["generatorURL"]
            .as_str()
            .unwrap()
            .starts_with("http")
    );
    rules("vector(1) > 1");
    let reload = reqwest::Client::builder().no_proxy().build().unwrap();
    let reload = reload
        .post(format!("http://{address}/-/reload"))
        .send()
        .await;
    assert!(reload.unwrap().status().is_success());
    server.until(stands("ShopDown", Word::Over)).await;
    drop(prometheus);
    server.stop().await;
}

#[tokio::test]
async fn alertmanager_itself_sends_its_webhook() {
    let server = Server::start_with(PROM).await;
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("token"), TOOL_TOKEN).unwrap();
    let config = format!(
        "route: {{receiver: gonogo, group_wait: 0s, group_interval: 1s, group_by: [alertname]}}\nreceivers:\n- name: gonogo\n  webhook_configs:\n  - url: {}\n    send_resolved: true\n    http_config: {{authorization: {{credentials_file: token}}}}\n",
        server.url("/in/prom")
    );
    fs::write(dir.path().join("alertmanager.yml"), config).unwrap();
    let address = free_address();
    let alertmanager = Peer::run(
        dir.path(),
        "prometheus-alertmanager",
        &[
            "--config.file=alertmanager.yml",
            "--storage.path=data",
            &format!("--web.listen-address={address}"),
            "--cluster.listen-address=",
        ],
    );
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = format!("http://{address}/-/ready");
    while !http
        .get(&ready)
        .send()
        .await
        .is_ok_and(|r| r.status().is_success())
    {
        tokio::task::yield_now().await;
    }
    let amtool = |args: &[&str]| run_amtool(dir.path(), &format!("http://{address}"), args);
    let add = [
        "alert",
        "add",
        "Queue",
        "severity=critical",
        "--annotation=summary=It grows",
    ];
    assert!(amtool(&add).status.success());
    server.until(stands("Queue", Word::Firing)).await;
    server.message_to("ada").await;
    let end = jiff::Timestamp::now().to_string();
    let over = format!("--end={end}");
    assert!(
        amtool(&["alert", "add", "Queue", "severity=critical", &over])
            .status
            .success()
    );
    server.until(stands("Queue", Word::Over)).await;
    drop(alertmanager);
    server.stop().await;
}

fn run_amtool(dir: &Path, url: &str, args: &[&str]) -> Output {
    Command::new("amtool")
        .args(args)
        .arg(format!("--alertmanager.url={url}"))
        .current_dir(dir)
        .env("HOME", dir)
        .output()
        .unwrap_or_else(|e| panic!("amtool (see `cargo xtask test`): {e}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_works_as_it_is() {
    let server = Server::start_with(PROM).await;
    let dir = TempDir::new().unwrap();
    let http = format!("authorization:\n  credentials: {TOOL_TOKEN}\n");
    fs::write(dir.path().join("http.yml"), http).unwrap();
    for base in [server.url("/in/prom"), server.url("")] {
        let try_it = |args: &[&str]| {
            let mut args = args.to_vec();
            args.push("--http.config.file=http.yml");
            run_amtool(dir.path(), &base, &args)
        };
        let amtool = |args: &[&str]| {
            let output = try_it(args);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{args:?}: {said}");
            String::from_utf8(output.stdout).unwrap()
        };
        amtool(&["alert", "add", "Amtool", "severity=warning", "job=demo"]);
        server.until(stands("Amtool", Word::Firing)).await;
        let query = ["alert", "query", "-o", "extended"];
        assert!(amtool(&query).contains("job=\"demo\""));
        assert!(amtool(&["alert", "query", "severity=warning"]).contains("Amtool"));
        assert!(!amtool(&["alert", "query", "severity=critical"]).contains("Amtool"));
        let add = [
            "silence",
            "add",
            "Amtool",
            "job=~d.*",
            "--comment=tried",
            "--author=ada",
        ];
        let id = amtool(&add).trim().to_owned();
        assert_eq!(id.len(), 36, "{id}");
        let listed = amtool(&["silence", "query"]);
        assert!(listed.contains(&id) && listed.contains("tried"), "{listed}");
        assert!(!amtool(&["alert", "query"]).contains("Amtool"), "silenced");
        assert!(amtool(&["alert", "query", "--silenced"]).contains("Amtool"));
        let json = amtool(&["silence", "query", "-o", "json"]);
        fs::write(dir.path().join("silences.json"), &json).unwrap();
        amtool(&["silence", "import", "silences.json"]);
        let longer = amtool(&["silence", "update", &id, "--duration=3h"]);
        assert!(longer.contains(&id), "the same silence: {longer}");
        for id in amtool(&["silence", "query", "-q"]).split_whitespace() {
            amtool(&["silence", "expire", id]);
        }
        assert!(!amtool(&["silence", "query", "-q"]).contains(&id));
        assert!(amtool(&["silence", "query", "--expired", "-q"]).contains(&id));
        let config = amtool(&["config", "show"]);
        assert!(config.contains("prom-critical"), "{config}");
        assert!(amtool(&["config", "routes", "show"]).contains("listed"));
        let shown = amtool(&["cluster", "show"]);
        assert!(shown.contains("disabled"), "{shown}");
        let unknown = try_it(&["silence", "expire", "c0ffee00-0000-4000-8000-000000000000"]);
        assert!(!unknown.status.success());
        assert!(
            !run_amtool(dir.path(), &base, &["alert", "query"])
                .status
                .success()
        );
    }
    server.stop().await;
}
