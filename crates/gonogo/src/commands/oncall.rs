//! `gonogo oncall` and `gonogo test-page`: who is called, and whether it arrives.

use gonogo_server::api::{OnCall, TestPage, TestPaged, Turn};
use jiff::Timestamp;

use super::ask;
use crate::args;
use crate::exit::Exit;
use crate::print::{self, columns, relative, time};

pub fn run(args: &args::Oncall) -> anyhow::Result<Exit> {
    ask(&args.server, async |client| {
        let answer = client.get("/oncall").await?;
        print::answer(args.server.format, answer, listed)?;
        Ok(Exit::Clean)
    })
}

pub fn test_page(args: &args::TestPage) -> anyhow::Result<Exit> {
    let person = args.person.clone();
    ask(&args.server, async |client| {
        let answer = client.post("/test-page", &TestPage { person }).await?;
        print::answer(args.server.format, answer, |paged: TestPaged| {
            let channels = paged.channels.join(", ");
            format!("{} is paged by {channels}\n", paged.person.name)
        })?;
        Ok(Exit::Clean)
    })
}

fn listed(found: OnCall) -> String {
    if found.schedules.is_empty() {
        return "The package has no schedule.\n".to_owned();
    }
    let now = Timestamp::now();
    let row = |turn: &Turn| {
        let who = match (&turn.person, &turn.role) {
            (Some(person), _) => person.name.clone(),
            (None, Some(role)) => format!("nobody is {}", role.name),
            (None, None) => "nobody".to_owned(),
        };
        let until = turn
            .until
            .map(|at| format!("until {} ({})", time(at), relative(at, now)));
        [turn.schedule.name.clone(), who, until.unwrap_or_default()]
    };
    let rows: Vec<_> = found.schedules.iter().map(row).collect();
    columns(&rows)
}
