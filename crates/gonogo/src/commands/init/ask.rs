//! The questions of `gonogo init` at a terminal; each has an answer that Enter takes.

use std::io::{self, BufRead, Write};

use gonogo_model::when::Zone;

use super::DEFAULT_TEMPLATE;
use super::fill::{Answers, Template};

/// How often a question is asked again before the conversation is given up.
const TRIES: usize = 5;

/// A conversation.
pub struct Talk<R, W> {
    input: R,
    output: W,
}

impl<R: BufRead, W: Write> Talk<R, W> {
    /// With somebody at a terminal.
    pub fn new(input: R, output: W) -> Self {
        Self { input, output }
    }

    /// Says something.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.output, "{text}")
    }

    /// Which template.
    pub fn template(&mut self, names: impl Iterator<Item = &'static str>) -> io::Result<String> {
        let names: Vec<&str> = names.collect();
        let question = format!("Template ({})", names.join(", "));
        self.question(&question, DEFAULT_TEMPLATE, |typed| {
            match names.contains(&typed) {
                true => Ok(()),
                false => Err(format!("there is no template `{typed}`")),
            }
        })
    }

    /// Everything that the flags did not say.
    pub fn answers(&mut self, mut given: Answers, template: &Template) -> io::Result<Answers> {
        if given.name.is_none() {
            let check = |typed: &str| {
                let name = Some(typed.to_string());
                Answers {
                    name,
                    ..Answers::default()
                }
                .check(template)
            };
            given.name = Some(self.question("What is launched", &template.name, check)?);
        }
        for (_, name) in template.teams.iter().skip(given.teams.len()) {
            let so_far = given.teams.clone();
            let check = |typed: &str| {
                let teams = [so_far.clone(), vec![typed.to_string()]].concat();
                Answers {
                    teams,
                    ..Answers::default()
                }
                .check(template)
            };
            let answer = self.question(&format!("The team \"{name}\" is called"), name, check)?;
            given.teams.push(answer);
        }
        if given.time_zone.is_none() {
            let here = this_zone().unwrap_or_else(|| template.time_zone.clone());
            let check = |typed: &str| Zone::parse(typed).map(|_| ());
            given.time_zone = Some(self.question("Time zone of schedules", &here, check)?);
        }
        Ok(given)
    }

    fn question(
        &mut self,
        question: &str,
        default: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> io::Result<String> {
        for _ in 0..TRIES {
            write!(self.output, "{question} [{default}]: ")?;
            self.output.flush()?;
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                return Err(io::Error::other(
                    "the conversation was broken off; nothing was written",
                ));
            }
            let typed = match line.trim() {
                "" => default,
                typed => typed,
            };
            match check(typed) {
                Ok(()) => return Ok(typed.to_string()),
                Err(why) => writeln!(self.output, "  {why}")?,
            }
        }
        Err(io::Error::other(
            "no answer that can be used; nothing was written",
        ))
    }
}

/// The zone that this machine is set to, where it says.
fn this_zone() -> Option<String> {
    let link = std::fs::read_link("/etc/localtime").ok()?;
    let link = link.to_str()?.to_string();
    let (_, name) = link.split_once("zoneinfo/")?;
    Zone::parse(name).ok().map(|zone| zone.name().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    fn talk(typed: &str) -> (io::Result<Answers>, String) {
        let template = Template::new(shipped::package("web-service").expect("it ships"));
        let mut output = Vec::new();
        let mut talk = Talk::new(typed.as_bytes(), &mut output);
        let answers = talk.answers(Answers::default(), &template);
        (answers, String::from_utf8(output).expect("text"))
    }

    #[test]
    fn answers_are_taken_checked_and_asked_for_again() {
        let (answers, said) = talk("Shop: web\n\nShop team\nMoon/Base\nEurope/Berlin\n");
        let answers = answers.expect("answers");
        assert_eq!(answers.name.as_deref(), Some("Shop: web"));
        assert_eq!(answers.teams, ["Platform", "Shop team"]);
        assert_eq!(answers.time_zone.as_deref(), Some("Europe/Berlin"));
        assert!(said.contains("`Moon/Base` is not a time zone"), "{said}");
        let (answers, said) = talk("\nProduct\n");
        assert!(answers.is_err());
        assert!(
            said.contains("two teams would be called `product`"),
            "{said}"
        );
    }

    #[test]
    fn nobody_is_asked_for_ever() {
        let (answers, said) = talk(&"東京\n".repeat(20));
        assert!(answers.is_err());
        assert_eq!(said.matches("gives no id").count(), TRIES);
    }
}
