//! The Debian packages that the tests need, and how they get onto this machine.
//!
//! The tests talk to a real browser, a real mail server and a real database, because a stand-in
//! would only prove that gonogo agrees with itself. Invariant: what will be installed, and why, is
//! printed before anything is.

use crate::chore;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

struct Package {
    name: &'static str,
    why: &'static str,
}

const NEEDED: [Package; 10] = [
    Package {
        name: "chromium",
        why: "the browser that the page tests look through",
    },
    Package {
        name: "chromium-driver",
        why: "drives that browser",
    },
    Package {
        name: "fonts-dejavu-core",
        why: "text in its screenshots, the same on every machine",
    },
    Package {
        name: "git",
        why: "the list of tracked files that the invariants read",
    },
    Package {
        name: "openssl",
        why: "certificates for the TLS examples",
    },
    Package {
        name: "postgresql",
        why: "flows confirmed by SQL, and the PostgreSQL store",
    },
    Package {
        name: "prometheus",
        why: "a real Prometheus that is asked, and promtool for exported rules",
    },
    Package {
        name: "prometheus-alertmanager",
        why: "amtool, and an Alertmanager that sends us its alerts",
    },
    Package {
        name: "prometheus-blackbox-exporter",
        why: "a real blackbox_exporter that our checks are measured and tested beside",
    },
    Package {
        name: "python3-aiosmtpd",
        why: "a real SMTP server that receives the mail",
    },
];

/// Installs the packages that are missing, after saying which and why.
pub fn install_missing() -> Result<()> {
    let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !is_debian(&os_release) {
        bail!(not_debian(&os_release));
    }
    let installed = installed()?;
    print!("{}", announcement(&installed));
    let missing = missing(&installed);
    if missing.is_empty() {
        return Ok(());
    }
    apt_get(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(missing);
    apt_get(&install)
}

fn installed() -> Result<BTreeSet<String>> {
    // dpkg-query fails when it does not know one of the names; what it prints for the others holds.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"])
        .args(NEEDED.iter().map(|package| package.name))
        .output()
        .context("could not ask dpkg-query what is installed")?;
    Ok(parse_installed(&String::from_utf8_lossy(&output.stdout)))
}

fn parse_installed(listing: &str) -> BTreeSet<String> {
    listing
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .map(str::to_owned)
        .collect()
}

fn missing(installed: &BTreeSet<String>) -> Vec<&'static str> {
    NEEDED
        .iter()
        .map(|package| package.name)
        .filter(|name| !installed.contains(*name))
        .collect()
}

fn announcement(installed: &BTreeSet<String>) -> String {
    let mut text = String::from("The tests need these Debian packages:\n");
    for Package { name, why } in &NEEDED {
        let state = if installed.contains(*name) {
            "is here"
        } else {
            "INSTALL"
        };
        text.push_str(&format!("  {state}  {name:<24} {why}\n"));
    }
    let missing = missing(installed);
    if missing.is_empty() {
        text.push_str("Nothing to install.\n");
    } else {
        text.push_str(&format!(
            "Installing {} with apt-get (--no-install leaves them out).\n",
            missing.join(", ")
        ));
    }
    text
}

fn apt_get(args: &[&str]) -> Result<()> {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    };
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .arg("--quiet")
        .args(args);
    chore::run(&mut command)
        .context("install them yourself and run again, or run with --no-install")
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| effective_user(&status) == Some("0"))
}

/// The second number of the `Uid:` line is the effective user.
fn effective_user(status: &str) -> Option<&str> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)
}

fn is_debian(os_release: &str) -> bool {
    os_release.lines().any(|line| line == "ID=debian")
}

fn not_debian(os_release: &str) -> String {
    let system = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or("not Debian", |name| name.trim_matches('"'));
    let mut text = format!(
        "this machine is {system}, and only Debian's packages can be installed from here.\n\
         Install these by hand, then run `cargo xtask test --no-install`:\n"
    );
    for Package { name, why } in &NEEDED {
        text.push_str(&format!("  {name:<24} {why}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_dpkg_only_heard_of_is_missing() {
        let installed = parse_installed(
            "chromium installed\nchromium-driver not-installed\nopenssl config-files\n",
        );
        let missing = missing(&installed);
        assert!(!missing.contains(&"chromium"));
        assert!(missing.contains(&"chromium-driver"));
        assert!(missing.contains(&"openssl"));
    }

    #[test]
    fn the_announcement_names_every_package_and_what_will_happen() {
        let none = BTreeSet::new();
        let all = NEEDED.iter().map(|p| p.name.to_owned()).collect();
        for Package { name, why } in &NEEDED {
            assert!(announcement(&none).contains(name));
            assert!(announcement(&none).contains(why));
        }
        assert!(announcement(&none).contains("INSTALL  chromium-driver"));
        assert!(announcement(&all).contains("is here  chromium-driver"));
        assert!(announcement(&all).ends_with("Nothing to install.\n"));
    }

    #[test]
    fn another_system_is_told_what_to_install_by_hand() {
        let fedora = "NAME=\"Fedora Linux\"\nID=fedora\nPRETTY_NAME=\"Fedora Linux 44\"\n";
        assert!(!is_debian(fedora));
        let text = not_debian(fedora);
        assert!(text.contains("this machine is Fedora Linux 44,"));
        assert!(text.contains("--no-install"));
        assert!(text.contains("postgresql"));
        assert!(is_debian("PRETTY_NAME=\"Debian\"\nID=debian\n"));
    }

    #[test]
    fn root_is_told_by_the_effective_user() {
        assert_eq!(effective_user("Name:\tx\nUid:\t1000\t0\t0\t0\n"), Some("0"));
        assert_eq!(effective_user("Name:\tx\n"), None);
    }
}
