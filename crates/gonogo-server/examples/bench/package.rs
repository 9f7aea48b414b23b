//! Packages as large as a measurement needs them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gonogo_model::PackageText;
use gonogo_model::overlay::Overlay;
use gonogo_server::app::{App, Options};
use gonogo_server::auth::{FIRST_ADMIN, Identity, Role, Scope, Via};
use gonogo_server::notify::settings::Settings;
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;

use super::stripe;

/// So many flows, each with a component, a team and a person of its own; their topics are
/// below `sink`.
pub fn flows(flows: usize, sink: &str, extra: impl Fn(usize) -> Extra) -> PackageText {
    let mut out = head();
    let mut section = |name: &str, of: &dyn Fn(usize) -> String| {
        let _ = writeln!(out, "{name}:");
        for n in 0..flows {
            out.push_str(&of(n));
        }
    };
    section("people", &|n| {
        format!(
            "  - {{id: p{n}, name: Person {n}, contacts: [{{channel: ntfy, to: '{sink}/t{n}'}}]}}\n"
        )
    });
    section("roles", &|n| {
        format!("  - {{id: r{n}, name: Role {n}, holders: [{{person: p{n}}}]}}\n")
    });
    section("teams", &|n| {
        format!(
            "  - {{id: t{n}, name: Team {n}, accountable: r{n}, members: [r{n}], escalation_policy: e{n}}}\n"
        )
    });
    section("escalation_policies", &|n| {
        format!(
            "  - {{id: e{n}, name: Policy {n}, steps: [{{notify: [{{role: r{n}}}], wait: 30m}}], repeat: 1, fallback: {{role: r{n}}}}}\n"
        )
    });
    section("components", &|n| {
        format!("  - {{id: c{n}, name: Component {n}, kind: service, team: t{n}}}\n")
    });
    section("flows", &|n| {
        format!(
            "  - id: f{n}\n    name: Flow {n}\n    component: c{n}\n    \
             start: {{source: stripe, event: [begun.{n}], key: data.object.id}}\n    \
             end: {{source: stripe, event: [ended.{n}], key: data.object.id}}\n    \
             deadline: 1h\n    success: {{data.object.status: [succeeded]}}\n"
        )
    });
    section("alerts", &|n| extra(n).alert);
    if !extra(0).slo.is_empty() {
        section("slos", &|n| extra(n).slo);
    }
    text(out)
}

/// What a flow has besides itself.
pub struct Extra {
    /// An entry of `alerts`.
    pub alert: String,
    /// An entry of `slos`, or nothing.
    pub slo: String,
}

impl Extra {
    /// Its first failure pages.
    pub fn failing(n: usize) -> Self {
        let alert = format!(
            "  - {{id: a{n}, name: Flow {n} fails, severity: SEV2, when: {{flow_failing: {{flow: f{n}, consecutive: 1}}}}}}\n"
        );
        let slo = String::new();
        Self { alert, slo }
    }

    /// A budget, watched for how fast it burns.
    pub fn budget(n: usize) -> Self {
        let alert = format!(
            "  - {{id: a{n}, name: Flow {n} burns, severity: SEV2, when: {{slo_burn: {{slo: s{n}}}}}}}\n"
        );
        let slo = format!(
            "  - {{id: s{n}, name: SLO {n}, sli: {{flow_success: f{n}}}, target: 99.9%}}\n"
        );
        Self { alert, slo }
    }
}

fn head() -> String {
    format!(
        "package: {{format: 1, id: measured, name: Measured, operators: e0}}\n\
         sources:\n  - {{id: stripe, name: Stripe, kind: stripe, secrets: ['${{env:{}}}']}}\n",
        stripe::SECRET_NAME
    )
}

fn text(file: String) -> PackageText {
    PackageText {
        files: BTreeMap::from([("gonogo.yaml".to_string(), file)]),
    }
}

/// Writes a package below a directory and answers where.
pub fn write(base: &Path, name: &str, text: &PackageText) -> anyhow::Result<PathBuf> {
    let dir = base.join(name);
    for (path, content) in &text.files {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().context("no parent")?)?;
        std::fs::write(path, content)?;
    }
    Ok(dir)
}

/// The package that is shipped.
pub fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/integrations-platform")
}

/// Starts a whole server with a package, and waits until it is in force.
pub async fn serve(package_dir: PathBuf, data_dir: PathBuf) -> anyhow::Result<App> {
    let secrets = BTreeMap::from([(stripe::SECRET_NAME.into(), stripe::SECRET.into())]);
    let options = Options {
        package_dir,
        data_dir,
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        outside: Outside::with(secrets),
        overlay: Overlay::default(),
        channels: Settings::default(),
        exercise: true,
    };
    let app = App::start(options, routes).await?;
    let mut view = app.site.view.clone();
    view.wait_for(|v| v.loaded && v.heard.is_some()).await?;
    Ok(app)
}

/// A token that may read every page.
pub async fn reader(app: &App) -> anyhow::Result<String> {
    let auth = &app.site.gate.auth;
    let now = app.site.clock.now().timestamp();
    auth.first_run(now).await?;
    let owner = Identity {
        user_id: FIRST_ADMIN.to_owned(),
        name: "Administrator".to_owned(),
        role: Role::Admin,
        person: None,
        via: Via::Token,
        csrf: None,
    };
    let made = auth.create_token(&owner, "bench", Scope::Read, None, now);
    Ok(made.await?.token.expose().to_owned())
}
