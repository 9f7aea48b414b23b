//! `gonogo reload`: put the package on disk in force now, or hear why not.

use gonogo_server::api::Reloaded;
use serde_json::json;

use super::ask;
use crate::args::Reload;
use crate::exit::Exit;
use crate::print;

pub fn run(args: &Reload) -> anyhow::Result<Exit> {
    ask(&args.server, async |client| {
        let answer = client.post("/reload", &json!({})).await?;
        let refused = !answer["refused"].is_null();
        print::answer(args.server.format, answer, said)?;
        Ok(if refused { Exit::Findings } else { Exit::Clean })
    })
}

fn said(reloaded: Reloaded) -> String {
    let mut out = String::new();
    if let Some(refused) = reloaded.refused {
        out += &format!("{}\n", refused.summary);
        for mistake in refused.mistakes {
            out += &format!("  {mistake}\n");
        }
    }
    match reloaded.package {
        Some(package) => {
            let digest = package.digest.get(..12).unwrap_or(&package.digest);
            out += &format!("{} ({digest}) is in force\n", package.name);
        }
        None => out += "no package is in force\n",
    }
    out
}
