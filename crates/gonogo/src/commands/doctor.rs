//! `gonogo doctor`: what could go wrong on this machine, each with a way out.

use anyhow::Context as _;
use gonogo_server::doctor::{Found, Installation, State, examine};
use gonogo_server::settings::Outside;

use crate::args::Doctor;
use crate::exit::Exit;
use crate::print;

pub fn run(args: &Doctor) -> anyhow::Result<Exit> {
    let serve = &args.serve;
    let installation = Installation {
        package_dir: serve.package.dir(),
        data_dir: serve.data.clone(),
        listen: serve.listen,
        base_url: serve.base_url.clone(),
        channels: super::serve::channels(serve).map_err(|error| format!("{error:#}")),
        outside: Outside::default(),
    };
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let found = runtime.block_on(examine(&installation));
    let wrong = found.iter().any(|f| f.state == State::Problem);
    print::answer(args.format, serde_json::to_value(found)?, told)?;
    Ok(if wrong { Exit::Findings } else { Exit::Clean })
}

fn told(found: Vec<Found>) -> String {
    let width = found
        .iter()
        .map(|f| f.about.len())
        .max()
        .unwrap_or_default();
    let mut out = String::new();
    for (place, found_here) in found.iter().enumerate() {
        let Found {
            about,
            state,
            said,
            fix,
        } = found_here;
        out += &format!("{:8} {about:width$}  {said}\n", state.word());
        // A way out that several have in common is said once, after the last of them.
        let next = found.get(place + 1).and_then(|next| next.fix.as_ref());
        if let Some(fix) = fix.as_ref().filter(|fix| next != Some(fix)) {
            out += &format!("{:8} {:width$}  → {fix}\n", "", "");
        }
    }
    let count = |state| found.iter().filter(|f| f.state == state).count();
    let (problems, warnings) = (count(State::Problem), count(State::Warning));
    out += &match (problems, warnings) {
        (0, 0) => "nothing is wrong\n".to_owned(),
        (0, warnings) => format!("nothing is wrong; warnings: {warnings}\n"),
        (problems, warnings) => format!("problems: {problems}, warnings: {warnings}\n"),
    };
    out
}
