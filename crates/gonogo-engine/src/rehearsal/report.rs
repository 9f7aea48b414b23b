//! A rehearsal as people read it: aligned columns, the verdict last.

use std::fmt;

use gonogo_model::Duration;

use super::timeline::{After, in_secs};
use super::{IncidentCourse, Judged, Rehearsal};

/// How many digits of a digest tell two packages apart.
const DIGEST_SHOWN: usize = 12;

impl Rehearsal {
    /// The verdict in a line, and what did not come out as expected.
    pub fn summary(&self) -> String {
        let word = if self.passed { "ok" } else { "FAIL" };
        let mut out = format!("{word:<4}  {}\n", self.count());
        for judged in self.expectations.iter().filter(|e| !e.passed) {
            out.push_str(&format!("      {judged}\n"));
        }
        out
    }

    fn count(&self) -> String {
        let held = self.expectations.iter().filter(|e| e.passed).count();
        match self.expectations.len() {
            0 => format!("{}: nothing was expected", self.scenario),
            all => format!("{}: {held} of {all} expectations hold", self.scenario),
        }
    }
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.scenario, self.name)?;
        let digest = self.package.get(..DIGEST_SHOWN).unwrap_or(&self.package);
        writeln!(
            f,
            "package {digest} · seed {} · from {} for {}",
            self.seed,
            self.starts,
            Duration::from_millis(self.lasts_ms)
        )?;
        if let Some(truth) = &self.truth {
            writeln!(f, "what really happens: {}", truth.trim())?;
        }
        for replaced in &self.overlay {
            writeln!(f, "in place of what is written: {replaced}")?;
        }
        match self.mistakes {
            0 => {}
            1 => writeln!(f, "the package has 1 mistake: `gonogo check` shows it")?,
            n => writeln!(f, "the package has {n} mistakes: `gonogo check` shows them")?,
        }
        writeln!(f)?;
        for line in &self.timeline {
            writeln!(f, "{line}")?;
        }
        if self.lines_left_out > 0 {
            writeln!(f, "… and {} more lines", self.lines_left_out)?;
        }
        if !self.incidents.is_empty() {
            writeln!(f)?;
        }
        for incident in &self.incidents {
            writeln!(f, "{incident}")?;
        }
        writeln!(f)?;
        for judged in &self.expectations {
            writeln!(f, "{judged}")?;
        }
        writeln!(f, "{}", self.count())
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed { "ok" } else { "FAIL" };
        let mut bound = String::new();
        if let Some(within) = self.within_ms {
            bound = format!(" within {}", Duration::from_millis(within));
        }
        if let Some(after) = &self.after {
            let link = if self.within_ms.is_some() {
                "of"
            } else {
                "after"
            };
            bound = format!("{bound} {link} {after}");
        }
        write!(f, "{word:<4}  {}{bound}", self.expected)?;
        let mut remarks = Vec::new();
        if let Some(took) = self.measured_ms {
            remarks.push(format!("took {}", in_secs(Duration::from_millis(took))));
        }
        if !self.detail.is_empty() {
            remarks.push(self.detail.clone());
        }
        if !remarks.is_empty() {
            write!(f, ": {}", remarks.join("; "))?;
        }
        Ok(())
    }
}

impl fmt::Display for IncidentCourse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opened = After(self.opened_ms);
        write!(f, "INC-{} {} opened {opened}", self.number, self.severity)?;
        let steps = [
            ("paged", self.paged_ms),
            ("acknowledged", self.acknowledged_ms),
            ("public", self.public_ms),
            ("resolved", self.resolved_ms),
        ];
        for (word, at) in steps {
            if let Some(at) = at {
                write!(f, ", {word} {}", After(at))?;
            }
        }
        if let Some(into) = self.merged_into {
            write!(f, ", part of INC-{into}")?;
        }
        let pages = if self.pages == 1 { "page" } else { "pages" };
        write!(f, ", {} {pages}: {}", self.pages, self.title)
    }
}
