//! Jobs that report with the `curl` that their page prints.

use std::process::Command;

use gonogo_engine::check::Health;
use gonogo_server::auth::Scope;
use gonogo_server::heartbeats::BODY_BYTES_MAX;
use gonogo_server::view::View;
use reqwest::Method;

use crate::server::{Server, TILL_SECRET};

const JOBS: &str = "
checks:
  - id: tidy
    name: The cellar is tidied
    component: cellar
    every: 1h
    probe: {heartbeat: {grace: 10m, longest: 1m}}
  - id: secret-job
    name: The books are copied
    component: cellar
    probe: {heartbeat: {cron: '0 3 * * *', time_zone: Europe/Berlin, tokens: ['${env:TINY_TILL_SECRET}']}}
  - id: bare-job
    name: A job whose token is not set
    component: cellar
    every: 1h
    probe: {heartbeat: {tokens: ['${env:NOT_SET_ANYWHERE}']}}
";

async fn with_jobs() -> Server {
    let server = Server::start().await;
    std::fs::write(server.package_dir().join("jobs.yaml"), JOBS).unwrap();
    let token = server.token(Scope::Admin).await;
    let reloaded = server
        .post("/api/v1/reload", &token, serde_json::json!({}))
        .await;
    reloaded.ok();
    let job = gonogo_model::Id::from_static("tidy");
    server
        .until(|view| view.checks.iter().any(|c| c.id == job))
        .await;
    server
}

fn check<'v>(view: &'v View, id: &str) -> &'v gonogo_server::view::CheckView {
    view.checks.iter().find(|c| c.id.as_str() == id).unwrap()
}

async fn until_told(server: &Server, id: &str, code: &str) -> Health {
    let told = |c: &gonogo_server::view::CheckView| c.last.as_ref().is_some_and(|l| l.code == code);
    let view = server.until(|view| told(check(view, id))).await;
    check(&view, id).health
}

/// The real thing, as a crontab runs it.
async fn curl(server: &Server, arguments: &[&str], path: &str) -> String {
    let url = format!("http://{}{path}", server.app.address);
    let mut command = Command::new("curl");
    command
        .args([
            "-sS",
            "-m",
            "10",
            "--noproxy",
            "*",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
        ])
        .args(arguments)
        .arg(url);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_reports_with_curl_and_is_on_disk_when_it_is_answered() {
    let server = with_jobs().await;
    assert_eq!(curl(&server, &[], "/heartbeat/tidy").await, "200");
    assert_eq!(until_told(&server, "tidy", "ok").await, Health::Ok);
    assert_eq!(
        curl(&server, &["-X", "POST"], "/heartbeat/tidy/start?run=7").await,
        "200"
    );
    until_told(&server, "tidy", "heartbeat_started").await;
    let failed = ["--data-binary", "disk full"];
    assert_eq!(
        curl(&server, &failed, "/heartbeat/tidy/fail?run=7&exit=3").await,
        "200"
    );
    assert_eq!(
        until_told(&server, "tidy", "heartbeat_failed").await,
        Health::Failing
    );
    assert_eq!(
        curl(&server, &[], "/heartbeat/tidy/success?duration=61").await,
        "200"
    );
    until_told(&server, "tidy", "heartbeat_too_long").await;
    // The answer came after the commit, so a restart knows all of it.
    assert_eq!(
        curl(&server, &[], "/heartbeat/tidy/success?duration=59s").await,
        "200"
    );
    let server = server.restarted().await;
    assert_eq!(until_told(&server, "tidy", "ok").await, Health::Ok);
    let view = server
        .until(|view| {
            check(view, "tidy")
                .beat
                .as_ref()
                .is_some_and(|b| b.runs.len() == 4)
        })
        .await;
    let runs = &check(&view, "tidy").beat.as_ref().unwrap().runs;
    assert_eq!(
        (runs[1].exit, runs[1].note.as_str()),
        (Some(3), "disk full")
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_for_in_the_header_or_the_path() {
    let server = with_jobs().await;
    let bearer = format!("Authorization: Bearer {TILL_SECRET}");
    assert_eq!(
        curl(&server, &["-H", &bearer], "/heartbeat/secret-job").await,
        "200"
    );
    let path = TILL_SECRET
        .replace('=', "%3D")
        .replace('+', "%2B")
        .replace('/', "%2F");
    let with_token = format!("/heartbeat/secret-job/{path}");
    assert_eq!(curl(&server, &[], &with_token).await, "200");
    assert_eq!(
        curl(&server, &[], &format!("{with_token}/start")).await,
        "200"
    );
    for (arguments, path) in [
        (&[][..], "/heartbeat/secret-job"),
        (
            &["-H", "Authorization: Bearer wrong"],
            "/heartbeat/secret-job",
        ),
        (
            &["-H", "Authorization: Basic x"],
            "/heartbeat/secret-job/start",
        ),
        (&[], "/heartbeat/secret-job/wrong"),
        (&[], "/heartbeat/secret-job/wrong/start"),
        (&[], "/heartbeat/tidy/some-token"),
        (&[], "/heartbeat/nothing-there"),
        (&[], "/heartbeat/front-answers"),
        (&[], "/heartbeat/%FF"),
    ] {
        assert_ne!(curl(&server, arguments, path).await, "200", "{path}");
    }
    assert_eq!(curl(&server, &[], "/heartbeat/bare-job/x").await, "503");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_reports_are_refused_with_a_reason() {
    let server = with_jobs().await;
    for (path, code) in [
        ("/heartbeat/tidy?duration=soon", 400),
        ("/heartbeat/tidy?exit=many", 400),
        ("/heartbeat/tidy?who=me", 400),
        ("/heartbeat/tidy?run=", 400),
        ("/heartbeat/tidy/a/b", 404),
    ] {
        let answer = server.send(Method::POST, path, None, None).await;
        assert_eq!(answer.refusal().0, code, "{path}");
    }
    let large = "x".repeat(BODY_BYTES_MAX + 1);
    let answer = server
        .send(Method::POST, "/heartbeat/tidy", None, Some(large))
        .await;
    assert_eq!(answer.refusal(), (413, "body_too_large".into()));
    let exact = "x".repeat(BODY_BYTES_MAX);
    let answer = server
        .send(Method::POST, "/heartbeat/tidy", None, Some(exact))
        .await;
    assert_eq!(answer.status.as_u16(), 200);
    // A preview of a link is no report.
    let head = server
        .send(Method::HEAD, "/heartbeat/tidy/fail", None, None)
        .await;
    assert_eq!(head.status.as_u16(), 405);
    let delete = server
        .send(Method::DELETE, "/heartbeat/tidy", None, None)
        .await;
    assert_eq!(delete.status.as_u16(), 405);
    server.stop().await;
}
