//! What a probe costs: our HTTP and TLS checks beside blackbox_exporter's, in processor time.
//!
//! Both ask the same server, one process asks at a time, and each is asked in its own way: ours
//! by its prober, theirs by the scrape that Prometheus makes. Invariant: only the processor time
//! of whoever asks is counted, and every single probe has to succeed.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use gonogo_server::probe::{
    AddressPolicy, HttpTarget, ProbeSpec, Prober, SystemResolver, Target, TlsTarget, Trust, Verdict,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Scale;
use super::client::run;
use super::machine::cpu_time;
use super::table::Row;

/// The argument that makes this program ask for [`measure`].
pub const ASK: &str = "ask-probes";
/// Probes under way at a time.
const AT_ONCE: usize = 32;
/// How long blackbox_exporter may take to answer.
const READY_WITHIN: Duration = Duration::from_secs(30);
const NAME: &str = "localhost";
const TIMEOUT: Duration = Duration::from_secs(20);

/// Measures both kinds.
pub fn measure(base: &Path, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let dir = base.join("probes");
    fs::create_dir_all(&dir)?;
    let world = Runtime::new()?;
    let (http, tls, root) = world.block_on(serve())?;
    let roots = dir.join("root.pem");
    fs::write(&roots, root)?;
    let theirs = Blackbox::start(&dir, &roots)?;
    let probes = scale.pick(4_000, 800);
    let mut rows = Vec::new();
    for (what, kind, target, module) in [
        (
            "processor time of an HTTP check beside blackbox_exporter's",
            "http",
            format!("http://{NAME}:{}/", http.port()),
            "http",
        ),
        (
            "processor time of a TLS check beside blackbox_exporter's",
            "tls",
            format!("{NAME}:{}", tls.port()),
            "tls",
        ),
    ] {
        let (us, us_took) = ours(kind, &target, &roots, probes)?;
        let (them, them_took) = theirs.ask(&target, module, probes)?;
        let each = |all: Duration| all.as_secs_f64() * 1e6 / probes as f64;
        let ratio = us.as_secs_f64() / them.as_secs_f64();
        let per_core = probes as f64 / us.as_secs_f64();
        rows.push(Row::at_most(
            what,
            format!(
                "{:.0} µs : {:.0} µs = {ratio:.2} x; {per_core:.0}/s a core; {:.0}/s : {:.0}/s",
                each(us),
                each(them),
                probes as f64 / us_took.as_secs_f64(),
                probes as f64 / them_took.as_secs_f64(),
            ),
            "at most 1 x".into(),
            ratio,
        ));
    }
    Ok(rows)
}

/// The processor time of a process of our own that asks so often, and how long it took.
fn ours(
    kind: &str,
    target: &str,
    roots: &Path,
    probes: usize,
) -> anyhow::Result<(Duration, Duration)> {
    let output = Command::new(std::env::current_exe()?)
        .args([ASK, kind, target])
        .arg(roots)
        .arg(probes.to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    anyhow::ensure!(output.status.success(), "our probes failed");
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let mut next = || anyhow::Ok(Duration::from_micros(numbers.next().context("no time")??));
    Ok((next()?, next()?))
}

/// Is the process that asks: says its processor time and the time it took, in microseconds.
pub fn ask(args: &[String]) -> anyhow::Result<()> {
    let [kind, target, roots, probes] = args else {
        anyhow::bail!("{ASK} KIND TARGET ROOTS PROBES");
    };
    let trust = Trust::Roots(fs::read(roots)?);
    let target = match kind.as_str() {
        "http" => {
            let mut http = HttpTarget::get(target);
            http.body_contains = Some("well".to_owned());
            http.allow_private = true;
            Target::Http(http)
        }
        _ => {
            let (host, port) = target.rsplit_once(':').context("no port")?;
            let mut tls = TlsTarget::new(host, port.parse()?);
            (tls.trust, tls.allow_private) = (trust, true);
            Target::Tls(tls)
        }
    };
    let spec = Arc::new(ProbeSpec {
        check: "asked".into(),
        target,
        every: TIMEOUT,
        timeout: TIMEOUT,
        retry: 0,
    });
    let probes: usize = probes.parse()?;
    let resolver = Arc::new(SystemResolver::default());
    let prober = Arc::new(Prober::new(resolver, AddressPolicy::default()));
    let runtime = Runtime::new()?;
    runtime.block_on(all(&prober, &spec, AT_ONCE * 4))?;
    let (cpu, begin) = (cpu_time(std::process::id()), Instant::now());
    runtime.block_on(all(&prober, &spec, probes))?;
    let took = begin.elapsed();
    let spent = cpu_time(std::process::id())
        .zip(cpu)
        .map(|(after, before)| after.saturating_sub(before));
    let spent = spent.context("no processor time to read")?;
    println!("{} {}", spent.as_micros(), took.as_micros());
    Ok(())
}

async fn all(prober: &Arc<Prober>, spec: &Arc<ProbeSpec>, probes: usize) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    for worker in 0..AT_ONCE {
        let (prober, spec) = (Arc::clone(prober), Arc::clone(spec));
        tasks.spawn(async move {
            for _ in (worker..probes).step_by(AT_ONCE) {
                let answer = prober.run(&spec).await;
                anyhow::ensure!(answer.verdict == Verdict::Ok, "{}", answer.detail);
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

/// A real blackbox_exporter that ends with the measurement.
struct Blackbox {
    address: SocketAddr,
    process: Child,
}

impl Blackbox {
    fn start(dir: &Path, roots: &Path) -> anyhow::Result<Self> {
        let config = format!(
            "modules:\n  http:\n    prober: http\n    timeout: 20s\n    http:\n      preferred_ip_protocol: ip4\n      fail_if_body_not_matches_regexp: [well]\n  \
             tls:\n    prober: tcp\n    timeout: 20s\n    tcp:\n      preferred_ip_protocol: ip4\n      tls: true\n      tls_config: {{ca_file: '{}'}}\n",
            roots.display()
        );
        let file: PathBuf = dir.join("blackbox.yml");
        fs::write(&file, config)?;
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = Command::new("prometheus-blackbox-exporter")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(dir.join("stderr"))?)
            .spawn()
            .context(
                "no prometheus-blackbox-exporter: apt-get install prometheus-blackbox-exporter",
            )?;
        let started = Self { address, process };
        let begin = Instant::now();
        let hello = vec![vec![get_of("/-/healthy")]];
        while let Err(error) = run(address, &hello) {
            anyhow::ensure!(begin.elapsed() < READY_WITHIN, "blackbox_exporter: {error}");
            std::thread::yield_now();
        }
        Ok(started)
    }

    fn ask(
        &self,
        target: &str,
        module: &str,
        probes: usize,
    ) -> anyhow::Result<(Duration, Duration)> {
        let path = format!("/probe?module={module}&target={target}");
        let requests = |probes: usize| vec![vec![get_of(&path); probes / AT_ONCE]; AT_ONCE];
        run(self.address, &requests(AT_ONCE * 4))?;
        let process = self.process.id();
        let before = cpu_time(process).context("no processor time to read")?;
        let load = run(self.address, &requests(probes))?;
        let after = cpu_time(process).context("no processor time to read")?;
        let all_well = load.answers_contain("\nprobe_success 1\n");
        anyhow::ensure!(all_well, "a probe of blackbox_exporter failed");
        Ok((after - before, load.took))
    }
}

impl Drop for Blackbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn get_of(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes()
}

/// The server that both ask: by HTTP, and by TLS with a certificate of the root that is
/// answered too.
async fn serve() -> anyhow::Result<(SocketAddr, SocketAddr, String)> {
    let routes = Router::new().route("/", get(|| async { "All is well.\n" }));
    let http = TcpListener::bind(("127.0.0.1", 0)).await?;
    let http_at = http.local_addr()?;
    tokio::spawn(async move { axum::serve(http, routes).await });

    let root_key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&root_key)?;
    let issuer = Issuer::new(params, root_key);
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec![NAME.to_owned()])?.signed_by(&key, &issuer)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(leaf.der().to_vec())],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let tls = TcpListener::bind(("127.0.0.1", 0)).await?;
    let tls_at = tls.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = tls.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut rest = [0; 64];
                    // Until the other side has seen enough.
                    let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut rest).await;
                }
            });
        }
    });
    Ok((http_at, tls_at, root.pem()))
}
