//! Which criteria stop a launch, by the profile that a package declares.
//!
//! Five people cannot do what fifty can, and a list that nobody can finish is signed off unread.
//! So a small launch is stopped by twenty criteria: somebody is there and can be reached, what
//! customers do is watched from outside, trouble finds a person and a runbook, what goes out can
//! be taken back and what is lost restored, and customers hear of it. Everything else is asked
//! and shown all the same.

use gonogo_model::launch::Profile;

use super::{Criterion, Gate};

/// What stops a small launch, in the order of the catalogue.
pub const SMALL_LAUNCH: [&str; 20] = [
    "OWN-01", "OWN-02", "OWN-05", "RSK-01", "MON-01", "MON-02", "MON-03", "MON-07", "MON-10",
    "ONC-01", "ONC-02", "RBK-01", "RBK-08", "RBK-09", "DAT-02", "DAT-04", "CRT-03", "SUP-04",
    "REH-02", "REH-03",
];

impl Criterion {
    /// What comes of it in a profile when it is not met. A warning is one in each of them.
    pub fn gate_in(&self, profile: Profile) -> Gate {
        match profile {
            Profile::SmallLaunch if !SMALL_LAUNCH.contains(&self.id) => Gate::Warning,
            _ => self.gate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criteria::all;

    #[test]
    fn a_small_launch_is_stopped_by_blockers_of_the_catalogue_only() {
        let stops = |profile| {
            let found = all().filter(|c| c.gate_in(profile) == Gate::Blocker);
            found.map(|c| c.id).collect::<Vec<_>>()
        };
        assert_eq!(stops(Profile::SmallLaunch), SMALL_LAUNCH);
        let full = stops(Profile::Full);
        assert!(SMALL_LAUNCH.iter().all(|id| full.contains(id)));
    }
}
