//! Ten thousand customers' domains: what they take in memory, how fast they are asked, and how
//! fast their page answers meanwhile.
//!
//! Names are answered by a resolver of our own, and their TLS by one edge. Invariant: the page
//! is timed while domains are being asked, and never beside an idle fleet.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gonogo_model::Id;
use gonogo_model::domains::MAX_DOMAINS;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::Scale;
use super::client::{Load, run};
use super::machine::resident_kib;
use super::package::{Extra, flows, reader, serve, write};
use super::table::{Row, count, ms};

/// What is asked for of a page.
const PAGE_TARGET: Duration = Duration::from_millis(200);
/// What a domain may take, with the task that asks it and the view that shows it.
const BYTES_TARGET: f64 = 4_096.0;
/// Domains that should be asked in a second; ten thousand once an hour need 3.
const RATE_TARGET: f64 = 100.0;
/// How long the first round may take.
const ROUND_WITHIN: Duration = Duration::from_secs(300);
/// What the page is asked for, in turns: all, found, sorted, filtered, far behind.
const QUERIES: [&str; 5] = [
    "",
    "?q=shop-04242",
    "?sort=-days",
    "?stage=pending_dns&sort=name",
    "?page=100",
];

/// Measures it.
pub fn measure(base: &Path, scale: Scale) -> anyhow::Result<Vec<Row>> {
    // The edge and the resolver cost nothing of what the server is measured by.
    let world = Runtime::new()?;
    let asked = Arc::new(AtomicU64::new(0));
    let (edge, root) = world.block_on(edge(Arc::clone(&asked)))?;
    let resolver = world.block_on(resolver())?;
    let roots = base.join("domains-root.pem");
    std::fs::write(&roots, root)?;
    let list: String = (0..MAX_DOMAINS)
        .map(|n| format!("shop-{n:05}.customer.example\n"))
        .collect();
    let inventory = base.join("domains.txt");
    let fleet = format!(
        "fleets:\n  - id: customers\n    name: Customers' domains\n    component: c0\n    \
         inventory: {{file: {{path: '{}'}}}}\n    target: {{addresses: [192.0.2.1]}}\n    \
         resolvers: ['{resolver}']\n    edge: '{edge}'\n    trust: '{}'\n    refresh: 1s\n    \
         allow_private: true\n    every: 1m\n    at_once: 32\nsources:\n",
        inventory.display(),
        roots.display()
    );
    std::fs::write(&inventory, "")?;
    let mut text = flows(1, "http://127.0.0.1:9", Extra::failing);
    for file in text.files.values_mut() {
        *file = file.replacen("sources:\n", &fleet, 1);
    }
    let package = write(base, "domains", &text)?;
    let runtime = Runtime::new()?;
    let app = runtime.block_on(serve(package, base.join("domains-data")))?;
    let token = runtime.block_on(reader(&app))?;
    let request = |n: usize| {
        let query = QUERIES[n % QUERIES.len()];
        let head = "host: 127.0.0.1\r\nauthorization: Bearer";
        format!("GET /domains{query} HTTP/1.1\r\n{head} {token}\r\n\r\n").into_bytes()
    };
    // Whatever the first page needs is there before memory is looked at.
    run(app.address, &[vec![request(0)]])?;
    let before = resident_kib(std::process::id()).context("no memory to read")?;
    std::fs::write(&inventory, list)?;
    let begin = Instant::now();
    let mut view = app.site.view.clone();
    let all_stand = view.wait_for(|v| {
        let fleet = v.fleets.get(&Id::from_static("customers"));
        fleet.is_some_and(|f| {
            f.domains.len() == MAX_DOMAINS && f.domains.values().all(|d| d.stage.is_some())
        })
    });
    runtime
        .block_on(async { tokio::time::timeout(ROUND_WITHIN, all_stand).await })
        .context("the first round takes too long")??;
    let rate = MAX_DOMAINS as f64 / begin.elapsed().as_secs_f64();
    let after = resident_kib(std::process::id()).context("no memory to read")?;
    let bytes = after.saturating_sub(before) as f64 * 1024.0 / MAX_DOMAINS as f64;
    let probed = asked.load(Ordering::Relaxed);
    let mut load = Load::default();
    for _ in 0..scale.pick(10, 4) {
        load.add(run(app.address, &[(0..50).map(request).collect()])?);
    }
    let probed = asked.load(Ordering::Relaxed) - probed;
    anyhow::ensure!(probed > 0, "nobody asked the domains meanwhile");
    let probed = probed as f64 / load.took.as_secs_f64();
    runtime.block_on(app.shut_down())?;
    Ok(vec![
        Row::at_most(
            "the page of 10,000 domains while they are asked: all, found, sorted, filtered, page 100",
            format!(
                "p50 {}, p99 {} of {}, beside {probed:.0} domains asked per second",
                ms(load.wait(0.5)),
                ms(load.wait(0.99)),
                load.waits.len()
            ),
            format!("p99 at most {}", ms(PAGE_TARGET)),
            load.wait(0.99).as_secs_f64() / PAGE_TARGET.as_secs_f64(),
        ),
        Row::at_most(
            "memory of a domain, of 10,000 in engine, view and watch",
            format!("{} bytes each", count(bytes)),
            format!("at most {} bytes", count(BYTES_TARGET)),
            bytes / BYTES_TARGET,
        ),
        Row::at_least(
            "domains asked per second: DNS, CAA and TLS at the edge",
            format!("{}/s", count(rate)),
            format!("at least {}/s", count(RATE_TARGET)),
            rate / RATE_TARGET,
        ),
    ])
}

/// An edge with a certificate for all of them; where it is, and the root that vouches for it.
async fn edge(asked: Arc<AtomicU64>) -> anyhow::Result<(SocketAddr, String)> {
    let root_key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&root_key)?;
    let issuer = Issuer::new(params, root_key);
    let key = KeyPair::generate()?;
    let wish = CertificateParams::new(vec!["*.customer.example".to_owned()])?;
    let leaf = wish.signed_by(&key, &issuer)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(leaf.der().to_vec())],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, asked) = (acceptor.clone(), Arc::clone(&asked));
            tokio::spawn(async move {
                if acceptor.accept(stream).await.is_ok() {
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    Ok((address, root.pem()))
}

/// A resolver that knows one address for all names, and nothing else. The address is nobody's
/// edge, so that only our own edge is asked and nothing leaves this machine.
async fn resolver() -> anyhow::Result<SocketAddr> {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await?;
    let address = socket.local_addr()?;
    tokio::spawn(async move {
        let mut question = [0; 1_500];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            if let Some(answer) = answer(&question[..length]) {
                let _ = socket.send_to(&answer, from).await;
            }
        }
    });
    Ok(address)
}

fn answer(question: &[u8]) -> Option<Vec<u8>> {
    const HEAD: usize = 12;
    let name = question.get(HEAD..)?.iter().position(|byte| *byte == 0)?;
    let end = HEAD + name + 5;
    let is_address = question.get(HEAD + name + 1..HEAD + name + 3)? == [0, 1];
    let mut answer = question.get(..2)?.to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
    answer.extend(question.get(HEAD..end)?);
    if is_address {
        // The name again, A, IN, a minute, four bytes: 203.0.113.9.
        answer.extend([0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9]);
    }
    Some(answer)
}
