use super::*;

fn refused(text: &str) -> (String, String) {
    let mistake = read::read(text).unwrap_err();
    let at = text.get(mistake.at).unwrap_or("?").to_owned();
    (at, mistake.message)
}

#[test]
fn every_part_knows_where_it_stands() {
    let texts = [
        "data.object.amount > 100",
        "has(data.object.amount)",
        "items[0].price",
        "labels[\"a-b\"].x == 1",
        "branch.startsWith(\"release/\")",
        "!livemode",
        "a == 1 && \"é\" == b.c",
        "size(name) > -3",
        "x in [\"a\", \"b\"]",
        "fields[\"a.b-c\"] == 0.5",
        "event.time > timestamp(\"2026-11-23T09:00:00Z\")",
    ];
    let mut seen = String::new();
    for text in texts {
        let read = Where::parse(text).unwrap();
        seen.push_str(&format!("{text}\n"));
        read.root.each(&mut |part| {
            seen.push_str(&format!(
                "    {:?} at `{}`\n",
                part.expr,
                &text[part.at.clone()]
            ));
        });
    }
    insta::assert_snapshot!(seen);
}

#[test]
fn what_is_not_known_is_refused_where_it_stands() {
    let texts = [
        "",
        "a = 3",
        "a ==",
        "(a",
        "a == 1 b",
        "\"abc",
        "a and b",
        "a & b",
        "é == 1",
        "a.exists(x, x > 1)",
        "items.all(i, i.ok)",
        "[1].map(x, x * 2)",
        "a ? b : c",
        "name.matches(\"(a+)+\")",
        "now() > 1",
        "duration(\"1h\") > 1",
        "sise(a) > 1",
        "a in b",
        "a in [b]",
        "[1, 2] == a",
        "{\"a\": 1} == a",
        "event.tpye == \"x\"",
        "event == 1",
        "b\"x\" == a",
        "1u == a",
        "a[b] == 1",
        "(a + b).c",
        "has(a)",
        "timestamp(\"soon\") < a",
        "1e400 > a",
        "a.b.`c` == 1",
        "startsWith(a, \"b\")",
        "has(a.b, c)",
        "1.5e18 > a",
        "a.b(c).d",
        "size() == 1",
    ];
    let said: Vec<String> = texts
        .iter()
        .map(|text| {
            let (at, why) = refused(text);
            format!("{text}  →  {why} [{at}]")
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn limits_hold_exactly() {
    let long = |n: usize| format!("a == \"{}\"", "x".repeat(n - 7));
    assert!(Where::parse(&long(MAX_LENGTH)).is_ok());
    assert_eq!(
        refused(&long(MAX_LENGTH + 1)).1,
        "this expression is too long"
    );
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(Where::parse(&deep(MAX_NESTING)).is_ok());
    assert_eq!(
        refused(&deep(MAX_NESTING + 1)).1,
        "this expression is nested too deeply"
    );
    let sum = |n: usize| format!("{}1 > 0", "1 + ".repeat(n));
    assert!(Where::parse(&sum(MAX_DEPTH - 1)).is_ok());
    assert_eq!(
        refused(&sum(MAX_DEPTH)).1,
        "this expression is nested too deeply"
    );
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "a thread of its own has the small stack"
)]
fn hostile_expressions_cost_little_stack_and_time() {
    let mut texts: Vec<String> = [
        "a.",
        "!",
        "-",
        "a+",
        "a&&",
        "a||",
        "a<",
        "a?b:",
        "a[0]",
        "a,",
        "(",
        "[",
        "{",
        "\"",
        "a[",
        "f(",
        "-(",
        "!(",
        "a.b(",
        "a?",
        "1?1:",
        "x in ",
        "x in[",
        "\\",
        "'''",
        "é",
        "\u{1f600}",
        "r'",
        "//",
    ]
    .iter()
    .map(|part| part.repeat(MAX_LENGTH / part.len()))
    .collect();
    texts.extend(
        (1..MAX_LENGTH / 2)
            .step_by(37)
            .map(|n| format!("{}a", "a.".repeat(n))),
    );
    texts.push(format!("a{}", "[0]".repeat(330)));
    texts.push(format!("a{}", ".a".repeat(499)));
    texts.push(format!("{}a", "a?b:".repeat(249)));
    texts.push(format!("a{}", ".f()".repeat(249)));
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let run = small.spawn(move || {
        for text in texts {
            let _ = Where::parse(&text);
        }
    });
    run.unwrap().join().unwrap();
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = Where::parse(&text);
    }

    #[test]
    fn words_of_the_grammar_in_any_order(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "a", ".", "b", "event", "type", "(", ")", "[", "]", "0", "1", "-", "!", "==", "<", "&&",
            "||", "in", "\"x\"", "'y'", "has", "size", "startsWith", ",", "+", "/", "%", "true",
            "null", "1.5", "?", ":", "timestamp", "exists", "{", "}", "é", " ", "\n", "fields",
        ]), 0..25)) {
        if let Ok(read) = Where::parse(&words.concat()) {
            read.root.each(&mut |part| {
                assert!(read.text.get(part.at.clone()).is_some());
            });
        }
    }
}
