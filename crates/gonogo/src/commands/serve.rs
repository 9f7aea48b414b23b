//! `gonogo serve`: runs a package for real.

use anyhow::Context as _;
use gonogo_server::app::{App, Options};
use gonogo_server::auth::LinkPurpose;
use gonogo_server::notify::settings::{Settings, SmtpLogin, SmtpSettings, SmtpTls};
use gonogo_server::routes::routes;
use gonogo_server::settings::Outside;

use crate::args::Serve;
use crate::exit::Exit;

pub fn run(args: &Serve) -> anyhow::Result<Exit> {
    super::log_to_stderr();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(serve(args))
}

async fn serve(args: &Serve) -> anyhow::Result<Exit> {
    let outside = Outside::default();
    let options = Options {
        package_dir: args.package.dir(),
        data_dir: args.data.clone(),
        listen: args.listen,
        base_url: args.base_url.clone(),
        channels: channels(args)?,
        overlay: gonogo_model::overlay::Overlay::default(),
        outside,
        exercise: false,
    };
    let app = App::start(options, routes).await?;
    let site = app.site.clone();
    let view = site.view();
    anstream::println!(
        "gonogo serves {} at {}",
        view.plan.package.name(),
        site.base_url
    );
    let now = site.clock.now().timestamp();
    if let Some(token) = site.gate.auth.first_run(now).await? {
        let path = LinkPurpose::Setup.path(&token);
        anstream::println!(
            "Nobody can sign in yet. This link works once, for the first administrator:\n  {}",
            site.gate.url(path.expose())
        );
    }
    if app.replayed_steps > 0 {
        anstream::println!(
            "recovered: {} steps replayed since the last snapshot",
            app.replayed_steps
        );
    }
    for mistake in site.intake.mistakes() {
        tracing::warn!("{mistake}");
    }
    until_told(&site).await?;
    tracing::info!("ending: finishing what is under way");
    app.shut_down().await?;
    Ok(Exit::Clean)
}

/// Waits for the end; SIGHUP looks at the package on disk right away.
async fn until_told(site: &gonogo_server::site::Site) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let mut hup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = term.recv() => return Ok(()),
            _ = int.recv() => return Ok(()),
            _ = hup.recv() => site.reload.send_modify(|n| *n += 1),
        }
    }
}

/// The ways out, from the environment: what belongs to an installation is in no package.
pub(super) fn channels(args: &Serve) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    if let Some(url) = &args.smtp_url {
        settings.smtp = Some(smtp(url, args.mail_from.as_deref())?);
    }
    Ok(settings)
}

/// `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte.
fn smtp(text: &str, from: Option<&str>) -> anyhow::Result<SmtpSettings> {
    let url = reqwest::Url::parse(text).ok().context(
        "GONOGO_SMTP_URL is not a URL such as smtp://user:password@mail.example.com:587",
    )?;
    let host = url.host_str().context("GONOGO_SMTP_URL names no host")?;
    let from = from.context(
        "GONOGO_MAIL_FROM has to say who mail comes from, such as `gonogo <pager@example.com>`",
    )?;
    let mut settings = SmtpSettings::new(host, from);
    settings.tls = match url.scheme() {
        "smtp" => SmtpTls::Starttls,
        "smtps" => SmtpTls::Implicit,
        other => anyhow::bail!("GONOGO_SMTP_URL begins with `{other}`: write smtp or smtps"),
    };
    settings.port = url
        .port()
        .unwrap_or(if url.scheme() == "smtps" { 465 } else { 587 });
    if !url.username().is_empty() {
        let decoded = |text: &str| {
            percent_decoded(text)
                .context("the login in GONOGO_SMTP_URL is not valid percent-encoding")
        };
        let password = decoded(url.password().unwrap_or_default())?;
        settings.login = Some(SmtpLogin {
            user: decoded(url.username())?,
            password: password.into(),
        });
    }
    Ok(settings)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let hex = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            out.push(b);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_one_url() {
        let s = smtp(
            "smtp://me%40example.com:p%3Aw@mail.example.com",
            Some("gonogo <a@example.com>"),
        )
        .unwrap();
        let login = s.login.unwrap();
        assert_eq!(
            (s.port, login.user.as_str(), login.password.expose()),
            (587, "me@example.com", "p:w")
        );
        assert_eq!(
            smtp("smtps://mail.example.com", Some("a@example.com"))
                .unwrap()
                .port,
            465
        );
        assert!(smtp("http://mail.example.com", Some("a@example.com")).is_err());
        assert!(smtp("smtp://mail.example.com", None).is_err());
    }
}
