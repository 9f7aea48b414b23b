//! `gonogo demo`: three failures, noticed for real, told as they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use gonogo_model::overlay::Overlay;
use gonogo_server::auth::{FIRST_ADMIN, LinkPurpose};
use gonogo_server::demo::{Demo, DemoOptions, Line, Pace, Shown, unpack};
use gonogo_server::routes::routes;

use crate::args;
use crate::exit::Exit;
use crate::shipped;

/// The package that is shown where none is named.
const SHOWN: &str = "integrations-platform";

pub fn run(args: &args::Demo) -> anyhow::Result<Exit> {
    if let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("GONOGO_LOG") {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_target(false)
            .with_writer(std::io::stderr)
            .init();
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(play(args))
}

async fn play(args: &args::Demo) -> anyhow::Result<Exit> {
    let data_dir = match &args.data {
        Some(dir) => dir.clone(),
        None => temporary()?,
    };
    std::fs::create_dir_all(&data_dir)?;
    let package_dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => {
            let dir = data_dir.join(SHOWN);
            unpack(
                shipped::package(SHOWN).context("this build ships no package")?,
                &dir,
            )?;
            dir
        }
    };
    let options = DemoOptions {
        package_dir: package_dir.clone(),
        data_dir: data_dir.clone(),
        listen: args.listen,
        pace: Pace::new(args.pace),
        seed: args.seed,
    };
    let demo = Demo::start(options, routes).await?;
    let address = introduce(&demo, &package_dir, args.show_overlay).await?;
    let shown = demo
        .play(|line| {
            if let Some(text) = told(&line) {
                anstream::println!("{text}");
            }
        })
        .await?;
    conclude(&shown, &address);
    let ok = shown.iter().all(|s| s.ok);
    if !args.exit {
        anstream::println!("\nIt stays up for you to look around. Ctrl-C ends it.");
        tokio::signal::ctrl_c().await?;
    }
    demo.app.shut_down().await?;
    if args.data.is_none() {
        // Only what this run made itself; leaving it behind would be no harm either.
        let _ = std::fs::remove_dir_all(&data_dir);
    }
    Ok(if ok { Exit::Clean } else { Exit::Findings })
}

fn temporary() -> anyhow::Result<PathBuf> {
    let dir = std::env::temp_dir().join(format!("gonogo-demo-{}", std::process::id()));
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

async fn introduce(demo: &Demo, package: &Path, whole_overlay: bool) -> anyhow::Result<String> {
    let site = &demo.app.site;
    let view = site.view();
    let digest = view
        .plan
        .package
        .digest
        .as_ref()
        .map_or("?", |d| d.short())
        .to_string();
    anstream::println!(
        "{BOLD}{}{RESET}  package {digest}, from {}",
        view.plan.package.name(),
        package.display()
    );
    anstream::println!();
    let now = site.clock.now().timestamp();
    site.gate.auth.first_run(now).await?;
    let token = site.gate.auth.enter_link(FIRST_ADMIN, now).await?;
    let path = LinkPurpose::Enter.path(&token);
    anstream::println!("  Open {BOLD}{}{RESET}", site.gate.url(path.expose()));
    anstream::println!("  {DIM}(the link signs you in, once){RESET}");
    anstream::println!("  What customers see: {}/status", site.base_url);
    anstream::println!();
    anstream::println!(
        "  While this plays, {} values stand in for written ones (the package itself is unchanged):",
        demo.overlay.set.len()
    );
    for line in summary(&demo.overlay, whole_overlay) {
        anstream::println!("    {DIM}{line}{RESET}");
    }
    anstream::println!();
    Ok(site.base_url.to_string())
}

/// The overlay in a few lines, or all of it.
fn summary(overlay: &Overlay, whole: bool) -> Vec<String> {
    if whole {
        return overlay.set.iter().map(ToString::to_string).collect();
    }
    let mut groups: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for set in &overlay.set {
        let field = set.field.replace(|c: char| c.is_ascii_digit(), "*");
        groups
            .entry((set.list.clone(), field))
            .or_default()
            .push(&set.to);
    }
    let mut lines = Vec::new();
    for ((list, field), values) in groups {
        let same = values.iter().all(|v| *v == values[0]);
        let value = if same {
            values[0].to_string()
        } else {
            "this machine".to_string()
        };
        if field.contains("allow_private") || field.contains("headers") || field.contains("trust") {
            continue;
        }
        lines.push(format!("{list} ({}): {field} = {value}", values.len()));
    }
    lines.push("--show-overlay prints each of them".into());
    lines
}

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RESET: &str = "\x1b[0m";

/// A line as the terminal shows it; nothing for what would only be noise.
fn told(line: &Line) -> Option<String> {
    let (at, mark, text) = match line {
        Line::World { at, text } => (
            at,
            format!("{DIM}world     {RESET}"),
            format!("{DIM}{text}{RESET}"),
        ),
        Line::Broke { at, text } => (
            at,
            format!("{RED}broken    {RESET}"),
            format!("{BOLD}{text}{RESET}"),
        ),
        Line::Did {
            at,
            kind,
            incident,
            text,
            after,
        } => {
            let (word, colour) = word(kind)?;
            let incident = incident
                .as_ref()
                .map_or(String::new(), |i| format!("INC-{i} "));
            let after = after.map_or(String::new(), |a| {
                format!(" {BOLD}[{:.1} s after it broke]{RESET}", a.as_secs_f64())
            });
            (
                at,
                format!("{colour}{word:<10}{RESET}"),
                format!("{incident}{text}{after}"),
            )
        }
    };
    Some(format!("  {DIM}{}{RESET}  {mark} {text}", clock(*at)))
}

/// What a kind of history is called, and its colour; `None` for what is left out here.
fn word(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "alert_firing" => ("detected", RED),
        "opened" => ("incident", BOLD),
        "reopened" | "merged" | "attached" => ("grouped", BOLD),
        "cause" => ("cause", BOLD),
        "severity" => ("severity", BOLD),
        "paged" => ("called", YELLOW),
        "escalated" | "fallback" | "growth" => ("escalated", YELLOW),
        "nobody_found" | "delivery_failed" => ("unreached", RED),
        "acknowledged" => ("answered", GREEN),
        "published" => ("customers", GREEN),
        "promise" | "update_due" | "update_overdue" => ("promise", YELLOW),
        "confirm" => ("asked", DIM),
        "alert_resolved" => ("recovered", GREEN),
        "resolved" => ("over", GREEN),
        "trouble" | "blind" | "straggler" => ("trouble", RED),
        _ => return None,
    })
}

fn clock(at: Duration) -> String {
    format!("{:02}:{:02}", at.as_secs() / 60, at.as_secs() % 60)
}

fn conclude(shown: &[Shown], address: &str) {
    anstream::println!("\n{BOLD}What it showed{RESET}");
    for s in shown {
        let mark = if s.ok {
            format!("{GREEN}yes{RESET}")
        } else {
            format!("{RED}NO {RESET}")
        };
        anstream::println!("  {mark}  {} {DIM}({}){RESET}", s.what, s.how);
    }
    anstream::println!("\n{BOLD}What to look at next{RESET}");
    anstream::println!(
        "  {address}/incidents      the timeline of each, and what customers were told"
    );
    anstream::println!("  {address}/graph          what depends on what");
    anstream::println!("  gonogo rehearse combined-outage packages/integrations-platform");
    anstream::println!(
        "                                the same engine on a virtual clock, in under a second"
    );
}
