//! `gonogo status`: how things stand, in one sentence and an exit code.

use gonogo_server::api::{HeadlineState, State};

use super::ask;
use crate::args::Status;
use crate::exit::Exit;
use crate::print;

pub fn run(args: &Status) -> anyhow::Result<Exit> {
    ask(&args.server, async |client| {
        let answer = client.get("/state").await?;
        let state: State = serde_json::from_value(answer.clone())?;
        let exit = match state.headline.state {
            HeadlineState::Ok => Exit::Clean,
            HeadlineState::Incident | HeadlineState::Trouble => Exit::Findings,
            HeadlineState::Unknown => Exit::Conditional,
        };
        print::answer(args.server.format, answer, |state: State| said(&state))?;
        Ok(exit)
    })
}

fn said(state: &State) -> String {
    let mut out = format!("{}\n", state.headline.text);
    if let Some(package) = &state.package {
        let digest = package.digest.get(..12).unwrap_or(&package.digest);
        out += &format!("{} ({digest}) is in force\n", package.name);
        for replaced in &package.overlay {
            out += &format!("  with {replaced}\n");
        }
    }
    if let Some(refused) = &state.refused {
        out += &format!("{}\n", refused.summary);
        for mistake in &refused.mistakes {
            out += &format!("  {mistake}\n");
        }
    }
    for trouble in &state.troubles {
        out += &format!("trouble: {}\n", trouble.detail);
    }
    let counts = state.counts;
    out += &format!(
        "{} alerts fire, {} checks fail, {} cannot tell\n",
        counts.alerts_firing, counts.checks_failing, counts.checks_unknown
    );
    out
}
