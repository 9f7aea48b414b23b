//! The same servers asked by blackbox_exporter: where it sees a failure, so do we.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gonogo_server::probe::{HttpTarget, ProbeResult, Verdict};
use tempfile::TempDir;

use crate::probe_support::http::{HttpServer, answer};
use crate::probe_support::tls::{Authority, HOST, Wish};
use crate::probe_support::{ask_http, page, tls_at};

/// A blackbox_exporter from Debian that trusts one root.
struct Blackbox {
    process: Child,
    url: String,
    http: reqwest::Client,
    _dir: TempDir,
}

impl Drop for Blackbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Blackbox {
    async fn start(root: &str) -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("root.pem"), root).unwrap();
        let config = format!(
            "modules:\n  http: {{prober: http, timeout: 5s, http: {{preferred_ip_protocol: ip4, follow_redirects: false}}}}\n  \
             tls: {{prober: tcp, timeout: 5s, tcp: {{preferred_ip_protocol: ip4, tls: true, tls_config: {{ca_file: '{}', server_name: {HOST}}}}}}}\n",
            dir.path().join("root.pem").display()
        );
        let file = dir.path().join("blackbox.yml");
        std::fs::write(&file, config).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let process = Command::new("prometheus-blackbox-exporter")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's prometheus-blackbox-exporter is installed");
        let started = Self {
            process,
            url: format!("http://{address}"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _dir: dir,
        };
        let ready = async {
            let url = format!("{}/-/healthy", started.url);
            while started.http.get(&url).send().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let begun = tokio::time::timeout(Duration::from_secs(30), ready).await;
        begun.expect("blackbox_exporter answers");
        started
    }

    async fn succeeds(&self, module: &str, target: &str) -> bool {
        let url = format!("{}/probe?module={module}&target={target}", self.url);
        let asked = self.http.get(url);
        let said = asked.send().await.unwrap().text().await.unwrap();
        let value = said.lines().find_map(|l| l.strip_prefix("probe_success "));
        value.unwrap_or_else(|| panic!("{said}")) == "1"
    }
}

/// A line of the table: what we say, and whether both say the same.
fn line(what: &str, ours: &ProbeResult, theirs: bool) -> String {
    let ok = ours.verdict == Verdict::Ok;
    assert_ne!(ours.verdict, Verdict::Unknown, "{what}: {}", ours.detail);
    assert_eq!(ok, theirs, "{what}: {}", ours.detail);
    format!("{what}: {}", ours.code)
}

async fn closed() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_judged_as_blackbox_exporter_judges_them() {
    let root = Authority::root("Example Root");
    let other = Authority::root("Another Root");
    let middle = root.intermediate("Example Intermediate", -400, 20);
    let blackbox = Blackbox::start(&root.pem).await;
    let cases = [
        (
            "valid",
            middle.issue(&Wish::days(-4, 2)).sending(&middle.der),
        ),
        ("expired", root.issue(&Wish::days(-90, -1))),
        ("not yet valid", root.issue(&Wish::days(1, 90))),
        (
            "another name",
            root.issue(&Wish::named("elsewhere.example.com")),
        ),
        ("another root", other.issue(&Wish::days(-4, 2))),
        ("no intermediate", middle.issue(&Wish::days(-4, 2))),
        ("self-signed", Wish::days(-4, 2).self_signed()),
    ];
    let mut lines = Vec::new();
    for (what, served) in cases {
        let server = served.serve().await;
        let ours = super::ask_tls(tls_at(server.address, &root.pem)).await;
        let theirs = blackbox.succeeds("tls", &server.address.to_string()).await;
        lines.push(line(what, &ours, theirs));
    }
    let nobody = closed().await;
    let ours = super::ask_tls(tls_at(nobody, &root.pem)).await;
    let theirs = blackbox.succeeds("tls", &nobody.to_string()).await;
    lines.push(line("nobody there", &ours, theirs));
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_judged_as_blackbox_exporter_judges_them() {
    let blackbox = Blackbox::start("").await;
    let mut lines = Vec::new();
    for status in [200, 204, 302, 401, 404, 500, 503] {
        let server = HttpServer::start(answer(status, "", "")).await;
        let target: HttpTarget = page(server.address, "/");
        let theirs = blackbox.succeeds("http", &target.url).await;
        lines.push(line(&status.to_string(), &ask_http(target).await, theirs));
    }
    let target = page(closed().await, "/");
    let theirs = blackbox.succeeds("http", &target.url).await;
    lines.push(line("nobody there", &ask_http(target).await, theirs));
    insta::assert_snapshot!(lines.join("\n"));
}
