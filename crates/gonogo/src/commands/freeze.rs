//! `gonogo freeze`: may a pipeline deploy this component now?

use gonogo_server::api::Freeze;

use super::ask;
use crate::args;
use crate::exit::Exit;
use crate::print;

pub fn run(args: &args::Freeze) -> anyhow::Result<Exit> {
    ask(&args.server, async |client| {
        let named = [("component", Some(&args.component))].into_iter();
        let more = [
            ("change", args.change.as_ref()),
            ("exception", args.exception.as_ref()),
        ];
        let asked = named
            .chain(more)
            .filter_map(|(key, value)| Some((key, value?)));
        let url = reqwest::Url::parse_with_params("http://localhost/", asked)?;
        let path = format!("/freeze?{}", url.query().unwrap_or_default());
        let answer = client.get(&path).await?;
        let frozen = answer["frozen"].as_str().unwrap_or("unknown").to_owned();
        print::answer(args.server.format, answer, told)?;
        Ok(match frozen.as_str() {
            "no" => Exit::Clean,
            "yes" => Exit::Findings,
            _ => Exit::Conditional,
        })
    })
}

fn told(freeze: Freeze) -> String {
    let name = &freeze.component.name;
    let mut out = match freeze.frozen.as_str() {
        "yes" => format!("{name} is frozen\n"),
        "no" => format!("{name} may be deployed\n"),
        _ => format!("nobody can tell whether {name} may be deployed\n"),
    };
    for reason in &freeze.reasons {
        out.push_str(&format!("  {reason}\n"));
    }
    if let Some(until) = freeze.until {
        out.push_str(&format!("  until {until} at the earliest\n"));
    }
    if let Some(exception) = &freeze.exception {
        out.push_str(&format!("  let through by the exception {exception}\n"));
    }
    out
}
