//! What is said when it does not work, and that every verb tells how it is used.

use crate::served::Sandbox;

#[test]
fn every_verb_has_an_example() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["--help"]).ok();
    let verbs: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // A summary that goes on in a second line stands further in.
        .filter_map(|line| {
            line.strip_prefix("  ")
                .filter(|line| !line.starts_with(' '))
        })
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() > 15, "{verbs:?}");
    for verb in verbs {
        let help = sandbox.run(&[verb, "--help"]).ok();
        let examples = help.split_once("Examples:\n");
        let (_, examples) = examples.unwrap_or_else(|| panic!("{verb}: {help}"));
        assert!(examples.contains(&format!("gonogo {verb}")), "{help}");
    }
}

#[test]
fn where_no_server_answers_the_way_on_is_said() {
    let sandbox = Sandbox::new();
    let verbs: [&[&str]; 6] = [
        &["alerts"],
        &["oncall"],
        &["test-page", "bob"],
        &["reload"],
        &["token", "list"],
        &["status"],
    ];
    for verb in verbs {
        let said = sandbox.run(&[verb, &["--server", "http://127.0.0.1:1"]].concat());
        assert_eq!(said.code, 70, "{verb:?}: {said:?}");
        assert!(said.out.is_empty());
        assert!(
            said.err
                .starts_with("error: no gonogo answers at http://127.0.0.1:1/ ("),
            "{said:?}"
        );
        assert!(said.err.contains("\nhelp: is `gonogo serve` running?"));
    }
}

#[test]
fn what_makes_no_sense_is_a_mistake_of_usage() {
    let sandbox = Sandbox::new();
    let wrong: [&[&str]; 5] = [
        &["alerts", "--format", "xml"],
        &["test-page"],
        &["token", "create", "x", "--days", "0"],
        &["token", "create", "x", "--scope", "root"],
        &["oncall", "--server", "example.com"],
    ];
    for args in wrong {
        assert_eq!(sandbox.run(args).code, 64, "{args:?}");
    }
}

#[test]
fn a_data_directory_is_administered_only_while_no_server_uses_it() {
    let sandbox = Sandbox::new();
    let none = sandbox.run(&["admin-link", "--data", "nowhere"]);
    assert_eq!(none.code, 70, "{none:?}");
    assert!(none.err.contains("help: `gonogo serve --data nowhere`"));
    assert!(!sandbox.path("nowhere").exists(), "nothing is made");

    let token = sandbox.token("admin");
    let link = sandbox.run(&["admin-link", "--data", "data"]).ok();
    assert!(
        link.starts_with("http://127.0.0.1:8080/setup/") && link.lines().count() == 1,
        "{link}"
    );
    let json = sandbox.run(&["admin-link", "--data", "data", "--format", "json"]);
    let url = json.json()["url"].as_str().unwrap().to_owned();
    assert!(url.contains("/setup/") && url != link.trim(), "{url}");

    let served = sandbox.serve();
    let locked = sandbox.run(&["admin-link", "--data", "data"]);
    assert_eq!(locked.code, 70, "{locked:?}");
    assert!(locked.err.contains("help: a server that runs "));
    // The token that was made while none ran works on it.
    assert_eq!(sandbox.ask(&served, &token, &["token", "list"]).code, 0);
}
