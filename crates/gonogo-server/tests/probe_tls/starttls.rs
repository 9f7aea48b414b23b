//! TLS that is asked for: a mail server's and the real PostgreSQL's.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gonogo_server::probe::{ProbeResult, StartTls, TlsTarget, Verdict, code};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::ask_tls;
use crate::probe_support::tls::{Authority, Served, Wish};
use crate::probe_support::tls_at;

/// What the mail server says at each turn.
#[derive(Clone)]
struct Mail {
    greeting: &'static str,
    offers: &'static str,
    ready: &'static str,
}

const MAIL: Mail = Mail {
    greeting: "220-mail.example.com\r\n220 ESMTP\r\n",
    offers: "250-mail.example.com\r\n250-SIZE 1000\r\n250 starttls\r\n",
    ready: "220 go ahead\r\n",
};

async fn mail(served: &Served, script: Mail) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = served.acceptor(rustls::ALL_VERSIONS);
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut tcp = BufReader::new(tcp);
        let mut line = String::new();
        tcp.write_all(script.greeting.as_bytes()).await.unwrap();
        let _ = tcp.read_line(&mut line).await;
        let _ = tcp.write_all(script.offers.as_bytes()).await;
        line.clear();
        if tcp.read_line(&mut line).await.is_ok_and(|n| n > 0) {
            assert_eq!(line, "STARTTLS\r\n");
            let _ = tcp.write_all(script.ready.as_bytes()).await;
            let _ = acceptor.acceptor.accept(tcp.into_inner()).await;
        }
    });
    address
}

async fn ask(address: SocketAddr, protocol: StartTls, root: &Authority) -> ProbeResult {
    ask_changed(address, protocol, root, |_| {}).await
}

async fn ask_changed(
    address: SocketAddr,
    protocol: StartTls,
    root: &Authority,
    change: impl FnOnce(&mut TlsTarget),
) -> ProbeResult {
    let mut target = tls_at(address, &root.pem);
    target.starttls = Some(protocol);
    change(&mut target);
    ask_tls(target).await
}

#[tokio::test]
async fn a_mail_server_shows_its_certificate_when_it_is_asked() {
    let root = Authority::root("Example Root");
    let served = root.issue(&Wish::days(-4, 20));
    let address = mail(&served, MAIL).await;
    let result = ask(address, StartTls::Smtp, &root).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Ok, code::OK),
        "{}",
        result.detail
    );
    assert!(result.certificate.is_some());
    assert_eq!(result.extra.remarks.len(), 2);
    let expired = root.issue(&Wish::days(-20, -4));
    let result = ask(mail(&expired, MAIL).await, StartTls::Smtp, &root).await;
    assert_eq!(result.code, code::CERT_EXPIRED);
}

#[tokio::test]
async fn a_server_that_offers_no_tls_or_talks_nonsense_is_told_apart() {
    let root = Authority::root("Example Root");
    let served = root.issue(&Wish::days(-4, 20));
    let plain = Mail {
        offers: "250 mail.example.com\r\n",
        ..MAIL
    };
    let busy = Mail {
        ready: "454 not now\r\n",
        ..MAIL
    };
    let closed = Mail {
        greeting: "554 go away\r\n",
        ..MAIL
    };
    let strange = Mail {
        greeting: "SSH-2.0-x\r\n",
        ..MAIL
    };
    let endless: &'static str = Box::leak("220-x\r\n".repeat(200).into_boxed_str());
    let long: &'static str = Box::leak("2".repeat(5000).into_boxed_str());
    for (script, expected) in [
        (plain, code::STARTTLS_REFUSED),
        (busy, code::STARTTLS_REFUSED),
        (closed, code::STARTTLS_NOT_SPOKEN),
        (strange, code::STARTTLS_NOT_SPOKEN),
        (
            Mail {
                greeting: endless,
                ..MAIL
            },
            code::STARTTLS_NOT_SPOKEN,
        ),
        (
            Mail {
                greeting: long,
                ..MAIL
            },
            code::STARTTLS_NOT_SPOKEN,
        ),
    ] {
        let result = ask(mail(&served, script).await, StartTls::Smtp, &root).await;
        assert_eq!((result.verdict, result.code), (Verdict::Failing, expected));
    }
    // What follows the answer is no handshake of ours: plaintext cannot be smuggled in.
    let smuggled = Mail {
        ready: "220 go\r\n250 evil\r\n",
        ..MAIL
    };
    let result = ask(mail(&served, smuggled).await, StartTls::Smtp, &root).await;
    assert_eq!(result.verdict, Verdict::Failing, "{}", result.detail);
    // A mail server is no database.
    let result = ask(mail(&served, MAIL).await, StartTls::Postgres, &root).await;
    assert_eq!(result.code, code::STARTTLS_NOT_SPOKEN);
}

#[tokio::test]
async fn the_newest_issued_has_to_be_the_one_that_is_served() {
    let root = Authority::root("Example Root");
    let served = root.issue(&Wish::days(-4, 20));
    let first = ask(mail(&served, MAIL).await, StartTls::Smtp, &root).await;
    let facts = first.certificate.unwrap();
    let serial = facts.serial.trim_start_matches('0').to_owned();
    for (serial, fingerprint, issuer, expected) in [
        (
            Some(serial.as_str()),
            Some(facts.fingerprint_sha256.as_str()),
            Some("Example"),
            code::OK,
        ),
        (Some("ab"), None, None, code::CERT_NOT_THE_NEWEST),
        (None, Some("00"), None, code::CERT_NOT_THE_NEWEST),
        (None, None, Some("Other Authority"), code::CERT_OTHER_ISSUER),
    ] {
        let result = ask_changed(mail(&served, MAIL).await, StartTls::Smtp, &root, |target| {
            target.expect.serial = serial.map(str::to_owned);
            target.expect.fingerprint = fingerprint.map(str::to_owned);
            target.expect.issuer = issuer.map(str::to_owned);
        })
        .await;
        assert_eq!(result.code, expected, "{}", result.detail);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_postgresql_shows_its_certificate_or_has_none() {
    let root = Authority::root("Example Root");
    let served = root.issue(&Wish::days(-4, 20));
    let made = served.pem();
    let with = tokio::task::spawn_blocking(move || Postgres::start(Some(made)))
        .await
        .unwrap();
    let result = ask(with.address, StartTls::Postgres, &root).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Ok, code::OK),
        "{}",
        result.detail
    );
    let without = tokio::task::spawn_blocking(|| Postgres::start(None))
        .await
        .unwrap();
    let result = ask(without.address, StartTls::Postgres, &root).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Failing, code::STARTTLS_REFUSED)
    );
}

struct Postgres {
    dir: tempfile::TempDir,
    address: SocketAddr,
    server: Child,
}

impl Postgres {
    fn start(tls: Option<(String, String)>) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("pg")
            .tempdir_in("/tmp")
            .unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let data = dir.path().join("data");
        let secured = tls.is_some();
        if let Some((chain, key)) = tls {
            std::fs::write(dir.path().join("server.pem"), chain).unwrap();
            std::fs::write(dir.path().join("server.key"), key).unwrap();
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(dir.path().join("server.key"), private).unwrap();
        }
        if rustix::process::geteuid().is_root() {
            let owned = Command::new("chown")
                .arg("-R")
                .arg("postgres")
                .arg(dir.path())
                .status();
            assert!(owned.unwrap().success());
        }
        let bin = bin();
        let made = as_user(&bin.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        let mut command = as_user(&bin.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
        command
            .arg("-p")
            .arg(port.port().to_string())
            .arg("-k")
            .arg(dir.path());
        if secured {
            let file = |name: &str| dir.path().join(name).display().to_string();
            command.args([
                "-c",
                "ssl=on",
                "-c",
                &format!("ssl_cert_file={}", file("server.pem")),
            ]);
            command.args(["-c", &format!("ssl_key_file={}", file("server.key"))]);
        }
        let server = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let postgres = Self {
            dir,
            address: port,
            server,
        };
        let begin = std::time::Instant::now();
        while std::net::TcpStream::connect(port).is_err() {
            assert!(begin.elapsed().as_secs() < 30, "PostgreSQL did not start");
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
        postgres
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The server may be a child of the one that changed the user: both are ended.
        let pid = std::fs::read_to_string(self.dir.path().join("data/postmaster.pid"));
        if let Some(pid) = pid.unwrap_or_default().lines().next() {
            let _ = Command::new("kill").args(["-INT", pid]).status();
        }
        let _ = self.server.wait();
    }
}

fn bin() -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("there is no PostgreSQL: `cargo xtask test` installs it")
        .map(|e| e.unwrap().path().join("bin"))
        .collect();
    versions.sort();
    versions.pop().unwrap()
}

fn as_user(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command
        .args(["-u", "postgres", "--"])
        .arg(program)
        .current_dir("/");
    command
}
