//! A real mail server for tests: Debian's aiosmtpd in its own process, with a Maildir.
//!
//! Mail is parsed back by Python's own mail library, so that a test sees what a mail program
//! would see. Invariant: the process ends with the value.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde::Deserialize;
use tempfile::TempDir;

/// How long the server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How often another port is tried when the first is taken by then.
const PORTS_TRIED: usize = 5;

/// How the server protects its connections.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// It offers STARTTLS and insists on it.
    Starttls,
    /// It speaks TLS from the first byte.
    Implicit,
    /// It has no TLS at all.
    None,
}

/// A running mail server that accepts everything.
pub struct MailServer {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The authority that signed its certificate, for `localhost`.
    pub authority_pem: String,
    process: Child,
    folder: TempDir,
}

/// One received mail, as Python's mail library reads it.
#[derive(Debug, Deserialize)]
pub struct Mail {
    /// Decoded headers in their order.
    pub headers: Vec<(String, String)>,
    /// The content type and the decoded text of every leaf.
    pub parts: Vec<(String, String)>,
}

impl MailServer {
    /// Starts a server and waits until it listens.
    pub fn start(protection: Protection) -> Self {
        let python = python();
        for _ in 0..PORTS_TRIED {
            if let Some(server) = Self::try_start(python, protection) {
                return server;
            }
        }
        panic!("the mail server found no port of its own in {PORTS_TRIED} tries");
    }

    /// Every mail received so far.
    pub fn mails(&self) -> Vec<Mail> {
        let arrived = self.folder.path().join("mail").join("new");
        let mut files: Vec<_> = fs::read_dir(arrived)
            .expect("the Maildir can be listed")
            .map(|entry| entry.expect("the Maildir can be listed").path())
            .collect();
        files.sort();
        files.iter().map(|file| parse(file)).collect()
    }

    fn try_start(python: &str, protection: Protection) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (authority_pem, certificate_pem, key_pem) = certificate();
        let cert = folder.path().join("cert.pem");
        let key = folder.path().join("key.pem");
        fs::write(&cert, certificate_pem).expect("the certificate can be written");
        fs::write(&key, key_pem).expect("the key can be written");
        let port = free_port();
        let mut command = Command::new(python);
        command
            .args(["-m", "aiosmtpd", "--nosetuid", "--debug", "--listen"])
            .arg(format!("127.0.0.1:{port}"));
        match protection {
            Protection::Starttls => command.arg("--tlscert").arg(cert).arg("--tlskey").arg(key),
            Protection::Implicit => command
                .arg("--smtpscert")
                .arg(cert)
                .arg("--smtpskey")
                .arg(key),
            Protection::None => &mut command,
        };
        let process = command
            .args(["--class", "aiosmtpd.handlers.Mailbox"])
            .arg(folder.path().join("mail"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the mail server can be started");
        let mut server = Self {
            port,
            authority_pem,
            process,
            folder,
        };
        server.wait_until_it_listens().then_some(server)
    }

    /// False when the process ended, which it does when its port is taken.
    fn wait_until_it_listens(&mut self) -> bool {
        let log = self.process.stderr.take().expect("the log is piped");
        let (said, listening) = mpsc::channel();
        // The thread reads on to the end, or the server would block on a full pipe.
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if line.contains("Server is listening") {
                    let _ = said.send(());
                }
            }
        });
        match listening.recv_timeout(START_TIMEOUT) {
            Ok(()) => true,
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => {
                panic!("the mail server did not listen within {START_TIMEOUT:?}")
            }
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Mail {
    /// The only header of that name.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self
            .headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let (_, value) = values.next().unwrap_or_else(|| panic!("no header {name}"));
        assert!(values.next().is_none(), "the header {name} is there twice");
        value
    }

    /// The text of the only part of that type.
    pub fn part(&self, content_type: &str) -> &str {
        let mut parts = self.parts.iter().filter(|(kind, _)| kind == content_type);
        let (_, text) = parts
            .next()
            .unwrap_or_else(|| panic!("no part {content_type}"));
        assert!(parts.next().is_none(), "two parts {content_type}");
        text
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("this machine has a free port")
        .port()
}

/// A new authority and a certificate for `localhost` under it: authority, certificate, key.
pub fn certificate() -> (String, String, String) {
    let authority_key = KeyPair::generate().expect("a key can be made");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority
        .self_signed(&authority_key)
        .expect("an authority signs itself")
        .pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key can be made");
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .and_then(|params| params.signed_by(&key, &issuer))
        .expect("a certificate can be signed");
    (authority_pem, certificate.pem(), key.serialize_pem())
}

/// The Python that has aiosmtpd: the first on the path may be another than Debian's.
fn python() -> &'static str {
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(|python| {
            Command::new(python)
                .args(["-c", "import aiosmtpd"])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
        .expect("the mail tests need python3-aiosmtpd; `cargo xtask test` installs it")
}

const PARSE: &str = "
import email, email.policy, json, sys
with open(sys.argv[1], 'rb') as file:
    mail = email.message_from_binary_file(file, policy=email.policy.default)
leaves = [part for part in mail.walk() if not part.is_multipart()]
json.dump({
    'headers': [[name, str(value)] for name, value in mail.items()],
    'parts': [[part.get_content_type(), part.get_content()] for part in leaves],
}, sys.stdout)
";

fn parse(file: &Path) -> Mail {
    let output = Command::new(python())
        .args(["-c", PARSE])
        .arg(file)
        .output()
        .expect("Python can be started");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "Python cannot read the mail: {complaint}"
    );
    serde_json::from_slice(&output.stdout).expect("the parsed mail is JSON")
}
