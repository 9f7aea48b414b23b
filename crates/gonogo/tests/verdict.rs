//! The board, its manual and its evidence, as somebody at a terminal meets them.

use std::fs;
use std::path::Path;
use std::process::Command;

const PACKAGE: &str = "
package:
  format: 1
  id: shop
  name: Shop
  operators: shop
  launch: {at: 2099-12-08T17:00:00Z, director: lead}
people:
  - {id: ann, name: Ann Example, contacts: [{channel: ntfy, to: https://push.example.com/ann}]}
  - {id: bob, name: Bob Example, contacts: [{channel: ntfy, to: https://push.example.com/bob}]}
  - {id: someone, name: Someone, placeholder: true}
roles:
  - {id: lead, name: Lead, holders: [{person: ann}]}
  - {id: second, name: Second, holders: [{person: bob}]}
escalation_policies:
  - {id: shop, name: Shop, steps: [{notify: [{role: lead}]}], fallback: {role: second}}
teams:
  - {id: shop, name: Shop, accountable: lead, members: [lead, second], escalation_policy: shop}
components: [{id: api, name: API, kind: service, team: shop}]
journeys: [{id: pay, name: Pay, depends_on: [{component: api}]}]
";

fn package() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::write(dir.path().join("gonogo.yaml"), PACKAGE).expect("the package is written");
    dir
}

fn run(args: &[&str], dir: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gonogo"))
        .args(args)
        .current_dir(dir)
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn says_no_go_and_who_has_to_do_what() {
    let dir = package();
    let (code, out, _) = run(&["verdict", "--area", "own"], dir.path());
    assert_eq!(code, 1, "{out}");
    assert!(out.starts_with("NO-GO: "), "{out}");
    assert!(
        out.contains("journey/pay (gonogo.yaml:20): no role answers for it\n"),
        "{out}"
    );
    assert!(
        out.contains("person/ann, person/bob: no evidence yet"),
        "those with the same answer share a line: {out}"
    );
    assert!(
        out.contains("→ write `owner:` at the journey [lead]"),
        "{out}"
    );
}

#[test]
fn json_says_the_same() {
    let dir = package();
    let (code, out, _) = run(&["verdict", "--format", "json"], dir.path());
    let board: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &board["verdict"]), (1, &"NO-GO".into()));
    let criteria = board["areas"][0]["criteria"].as_array().expect("criteria");
    let owner = criteria
        .iter()
        .find(|c| c["id"] == "OWN-01")
        .expect("OWN-01");
    assert_eq!(owner["state"], "fail");
    assert_eq!(owner["answers"][1]["line"], 20);
}

#[test]
fn evidence_is_bound_counted_and_goes_stale_by_itself() {
    let dir = package();
    let add = [
        "evidence",
        "add",
        "own-04",
        "team/shop",
        "--result",
        "pass",
        "--method",
        "attest",
    ];
    let with = |more: &[&'static str]| [&add[..], more].concat();

    let (code, _, err) = run(&with(&["--actor", "someone"]), dir.path());
    assert_eq!(code, 64);
    assert!(err.contains("is a placeholder"), "{err}");
    let (code, _, err) = run(&with(&["--actor", "an"]), dir.path());
    assert_eq!(code, 64);
    assert!(err.contains("did you mean `ann`?"), "{err}");
    assert!(
        !dir.path().join("evidence").exists(),
        "a refusal writes nothing"
    );

    let (code, out, err) = run(
        &with(&["--actor", "ann", "--reviewer", "bob", "--note", "yes: #1"]),
        dir.path(),
    );
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("commit it"), "{out}");
    let (_, out, _) = run(&["evidence", "list"], dir.path());
    assert!(
        out.contains("OWN-04  team/shop") && out.trim_end().ends_with("counts"),
        "{out}"
    );

    let path = dir.path().join("gonogo.yaml");
    fs::write(&path, PACKAGE.replace("name: API", "name: The API")).expect("written");
    let (_, out, _) = run(&["evidence", "list"], dir.path());
    assert!(out.contains("`component/api` changed since"), "{out}");
}

#[test]
fn what_the_package_decides_takes_no_record() {
    let dir = package();
    let add = [
        "evidence",
        "add",
        "OWN-01",
        "journey/pay",
        "--result",
        "pass",
        "--method",
        "drill",
        "--actor",
        "ann",
    ];
    let (code, _, err) = run(&add, dir.path());
    assert_eq!(code, 64);
    assert!(err.contains("decided by the package alone"), "{err}");
}

#[test]
fn an_exception_needs_two_people_and_an_end() {
    let dir = package();
    let with = |second: &'static str, until: &'static str| {
        [
            "evidence",
            "except",
            "OWN-01",
            "journey/pay",
            "--reason",
            "r",
            "--control",
            "c",
            "--control-tested-at",
            "2020-01-01T00:00:00Z",
            "--owner",
            "lead",
            "--signed-by",
            "ann",
            "--countersigned-by",
            second,
            "--until",
            until,
        ]
    };
    let (code, _, err) = run(&with("ann", "2098-01-01T00:00:00Z"), dir.path());
    assert_eq!(code, 64);
    assert!(
        err.contains("both signatures are the same person's"),
        "{err}"
    );
    let (_, _, err) = run(&with("bob", "2098-01-01T00:00:00Z"), dir.path());
    assert!(err.contains("longer than 90 days"), "{err}");
    let (_, _, err) = run(&with("bob", "2020-01-02T00:00:00Z"), dir.path());
    assert!(err.contains("it ended on 2020-01-02"), "{err}");
}

#[test]
fn explains_a_criterion_a_rule_and_a_slip() {
    let dir = package();
    let (code, out, _) = run(&["explain", "own-01"], dir.path());
    assert_eq!(code, 0);
    assert!(out.contains("## How to meet it"), "{out}");
    let (_, out, _) = run(&["explain", "dependency-cycle"], dir.path());
    assert!(out.starts_with("# dependency-cycle"), "{out}");
    let (code, _, err) = run(&["explain", "OWN-1"], dir.path());
    assert_eq!(code, 64);
    assert!(err.contains("did you mean `OWN-01`?"), "{err}");
    let (_, out, _) = run(&["explain"], dir.path());
    assert!(
        out.contains("OWN-04") && out.contains("rota-of-one"),
        "{out}"
    );
}
