//! `gonogo doctor` on machines with something wrong, and on one with nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use crate::served::{Said, Sandbox};

/// What was found about something, as `state: what was seen`.
fn about(said: &Said, about: &str) -> Vec<String> {
    let found = said.json();
    let rows = found.as_array().unwrap().iter();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.filter(|row| row["about"] == about)
        .map(|row| format!("{}: {}", text(row, "state"), text(row, "said")))
        .collect()
}

/// Somebody who answers every request, and what they were asked.
fn somebody() -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut text) = (stream.unwrap(), [0; 4096]);
            let read = stream.read(&mut text).unwrap();
            let line = String::from_utf8_lossy(&text[..read]);
            let line = line.lines().next().unwrap_or_default().to_owned();
            let date = jiff::fmt::rfc2822::DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&jiff::Timestamp::now())
                .unwrap();
            write!(stream, "HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            if asked.send(line).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

#[test]
fn each_problem_has_a_way_out() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let args = ["doctor", "ops", "--listen", &listen, "--data", "data"];
    let mut command = sandbox.command(&[&args[..], &["--format", "json"]].concat());
    let output = command.env_remove("TINY_TILL_SECRET").output().unwrap();
    let said = Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert_eq!(said.code, 1, "{said:?}");
    let only = |what: &str| about(&said, what).join("\n");
    assert_eq!(
        only("secrets"),
        "problem: ${env:TINY_TILL_SECRET} is not set: a key of the source till"
    );
    assert_eq!(
        only("port"),
        format!("problem: {listen} is taken by another program")
    );
    assert!(
        only("contact").contains("Ada Example, email: no mail server"),
        "{said:?}"
    );
    assert!(
        only("reach").starts_with("problem: http://127.0.0.1:1: "),
        "{said:?}"
    );
    assert!(only("address").starts_with("warning: "), "{said:?}");
    assert_eq!(only("data"), "ok: data will be made by the first start");
    assert!(!sandbox.path("data").exists());
    for row in said.json().as_array().unwrap() {
        let wrong = row["state"] == "problem" || row["state"] == "warning";
        assert_eq!(wrong, row["fix"].is_string(), "{row:#}");
    }
    let human = sandbox.run(&args);
    assert_eq!(human.code, 1);
    assert!(human.out.contains("\nproblem  port     "), "{}", human.out);
    assert!(
        human.out.contains("→ take another with --listen"),
        "{}",
        human.out
    );
}

#[test]
fn where_nothing_is_wrong_nobody_is_told_anything() {
    let sandbox = Sandbox::new();
    sandbox.edit("ops/gonogo.yaml", |text| {
        text.replace("      - {channel: email, to: ada@example.com}\n", "")
    });
    sandbox.token("read");
    let (phones, asked) = somebody();
    let args = ["doctor", "ops", "--listen", "127.0.0.1:0", "--data", "data"];
    let output = sandbox
        .command(&args)
        .env("TINY_PHONES", &phones)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("ok       clock    within a minute of 1 other clocks\n"),
        "{said}"
    );
    assert!(
        said.contains("ok       journal  0 inputs and 0 steps\n"),
        "{said}"
    );
    assert!(
        said.lines().last().unwrap().starts_with("nothing is wrong"),
        "{said}"
    );
    // No topic is named, and nothing is posted.
    assert_eq!(asked.recv().unwrap(), "HEAD / HTTP/1.1");
    assert!(asked.try_recv().is_err());
}

#[test]
fn a_server_that_runs_is_recognised() {
    let sandbox = Sandbox::new();
    sandbox.token("read");
    let served = sandbox.serve();
    let listen = served.url.strip_prefix("http://").unwrap();
    let said = sandbox.run(&[
        "doctor",
        "ops",
        "--data",
        "data",
        "--format",
        "json",
        "--listen",
        listen,
        "--base-url",
        &served.url,
    ]);
    let port = about(&said, "port").join("");
    assert_eq!(port, format!("ok: {listen} is taken, and a server runs"));
    let address = about(&said, "address").join("");
    assert!(
        address.contains(&format!(": {} ", served.url)) && !address.starts_with("problem"),
        "{address}"
    );
    let away = sandbox.run(&[
        "doctor",
        "ops",
        "--data",
        "data",
        "--format",
        "json",
        "--listen",
        listen,
        "--base-url",
        "http://127.0.0.1:1",
    ]);
    let address = about(&away, "address").join("");
    assert!(
        address.starts_with("problem: http://127.0.0.1:1 does not answer: "),
        "{address}"
    );
}
