use gonogo_model::expression::MAX_LENGTH;
use proptest::prelude::*;

use gonogo_model::Id;

use super::*;

fn event(fields: &[(&str, Scalar)]) -> Event {
    let named = |(path, value): &(&str, Scalar)| ((*path).to_string(), value.clone());
    Event {
        source: Id::from_static("stripe"),
        id: "evt_1".into(),
        kind: "charge.succeeded".into(),
        subject: None,
        time: "2026-11-23T09:00:00Z".parse().unwrap(),
        received_at: "2026-11-23T09:00:01Z".parse().unwrap(),
        fields: fields.iter().map(named).collect(),
    }
}

fn some() -> Event {
    let text = |text: &str| Scalar::Text(text.into());
    event(&[
        ("n", Scalar::Int(42)),
        ("t", text("häuser")),
        ("yes", Scalar::Bool(true)),
        ("none", Scalar::Null),
        ("rate", text("1.50")),
        ("big", text("18446744073709551616")),
        ("at", text("2026-11-23T10:00:00+01:00")),
        ("unix", Scalar::Int(1_795_424_400)),
        ("max", Scalar::Int(i64::MAX)),
        ("digits", text("42")),
        ("a.0.b-c", Scalar::Int(7)),
    ])
}

fn said(text: &str) -> String {
    let asked = Where::parse(text).unwrap();
    match decide(&asked, &some()) {
        Ok(holds) => holds.to_string(),
        Err(why) => why.to_string(),
    }
}

#[test]
fn decides_or_says_why_not() {
    let texts = [
        "yes",
        "!yes",
        "n == 42",
        "n > 41 && n < 43",
        "n in [1, 42]",
        "t in [\"a\"]",
        "t.startsWith(\"hä\")",
        "t.endsWith(\"er\") && t.contains(\"us\")",
        "size(t) == 6",
        "t.size() > 6",
        "t < \"z\"",
        "n + 1 == 43",
        "n - 50 == -8",
        "n * 2 / 5 == 16",
        "n % 5 == 2",
        "-n < 0",
        "rate == 1.5",
        "rate > 1",
        "rate * 2 == 3",
        "n > 41.5",
        "big > max",
        "none == null",
        "n == null",
        "n != null",
        "none == 1",
        "has(fields.n)",
        "has(fields.zzz)",
        "has(a.x)",
        "fields[\"a.0.b-c\"] == 7",
        "a[0][\"b-c\"] == 7",
        "event.type == \"charge.succeeded\"",
        "event.source == \"stripe\"",
        "event.id == \"evt_1\"",
        "has(event.subject)",
        "event.time == timestamp(at)",
        "event.time >= timestamp(\"2026-11-23T09:00:00Z\")",
        "timestamp(unix) == event.time",
        "yes || missing",
        "missing || yes",
        "!yes && missing",
        "missing && !yes",
        // Nobody can say.
        "missing",
        "missing == 1",
        "missing && yes",
        "missing || !yes",
        "!missing",
        "n",
        "t > 1",
        "n == \"42\"",
        "digits == 42",
        "digits + 1 == 43",
        "yes == 1",
        "yes > false",
        "none > 1",
        "none",
        "max + 1 > 0",
        "-max - 2 < 0",
        "max * max > 1",
        "n / 0 == 1",
        "n % (n - 42) == 1",
        "rate / 2 == 0.75",
        "big * big > 1",
        "n.startsWith(\"4\")",
        "size(n) == 2",
        "event.subject == \"x\"",
        "timestamp(t) == event.time",
        "timestamp(max) == event.time",
        "event.time == at",
        "t in [1, 2]",
    ];
    let all: Vec<String> = texts
        .iter()
        .map(|t| format!("{t}  →  {}", said(t)))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "a thread of its own has the small stack"
)]
fn the_longest_expressions_are_decided_on_a_small_stack() {
    let mut longest = "yes".to_owned();
    while longest.len() + 7 <= MAX_LENGTH {
        longest = match longest.len() % 2 {
            0 => format!("{longest} || yes"),
            _ => format!("{longest} && yes"),
        };
        if Where::parse(&longest).is_err() {
            break;
        }
    }
    let asked: Vec<Where> = [longest, format!("{}yes{}", "!(".repeat(16), ")".repeat(16))]
        .iter()
        .filter_map(|text| Where::parse(text).ok())
        .collect();
    assert!(!asked.is_empty());
    let small = std::thread::Builder::new().stack_size(128 << 10);
    let run = small.spawn(move || asked.iter().all(|asked| decide(asked, &some()) == Ok(true)));
    assert!(run.unwrap().join().unwrap());
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("n".to_owned()),
        Just("m".to_owned()),
        Just("t".to_owned()),
        Just("yes".to_owned()),
        Just("zzz".to_owned()),
        Just("none".to_owned()),
        Just("null".to_owned()),
        (-3_i64..50).prop_map(|n| n.to_string()),
        Just("9223372036854775807".to_owned()),
        "\"[a-c]{0,2}\"",
        Just("true".to_owned()),
        Just("1.5".to_owned()),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 2, |inner| {
        let both = (inner.clone(), inner.clone());
        prop_oneof![
            (
                both.clone(),
                prop::sample::select(vec![
                    "==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/", "%",
                ])
            )
                .prop_map(|((a, b), op)| format!("({a}) {op} ({b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            both.clone()
                .prop_map(|(a, b)| format!("({a}).contains({b})")),
            inner
                .clone()
                .prop_map(|a| format!("({a}) in [1, \"a\", null, true]")),
            inner.prop_map(|a| format!("size({a})")),
        ]
    })
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::Null),
        any::<bool>().prop_map(Scalar::Bool),
        prop_oneof![any::<i64>(), -3_i64..50].prop_map(Scalar::Int),
        "\\PC{0,5}|[a-c]{0,2}".prop_map(Scalar::Text),
    ]
}

fn as_cel(value: &Scalar) -> cel::Value {
    match value {
        Scalar::Null => cel::Value::Null,
        Scalar::Bool(value) => (*value).into(),
        Scalar::Int(value) => (*value).into(),
        Scalar::Text(value) => value.as_str().into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What we decide the interpreter of the crate decides likewise. It decides more: that values
    /// of different kinds differ.
    #[test]
    fn agrees_with_cel(text in expression(), n in scalar(), m in scalar(), t in scalar(), yes in scalar()) {
        let Ok(asked) = Where::parse(&text) else { return Ok(()) };
        let values: BTreeMap<&str, Scalar> =
            [("n", n), ("m", m), ("t", t), ("yes", yes), ("none", Scalar::Null)].into();
        let fields: Vec<(&str, Scalar)> = values.iter().map(|(k, v)| (*k, v.clone())).collect();
        let event = event(&fields);
        // Numbers that are no whole ones are text in the journal and floating-point in CEL.
        let looks_like_number = values.values().any(|v| matches!(v, Scalar::Text(t) if t.contains(['.', 'e', 'E'])));
        let ours = decide(&asked, &event);
        prop_assert_eq!(ours.is_ok(), decide(&asked, &event).is_ok());
        if let Ok(holds) = ours && !looks_like_number && !text.contains("1.5") {
            let mut context = cel::Context::default();
            for (name, value) in &values {
                context.add_variable_from_value(*name, as_cel(value));
            }
            let program = cel::Program::compile(&text).expect("we read it too");
            prop_assert_eq!(program.execute(&context).ok(), Some(holds.into()), "{}", text);
        }
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,80}", name in "[a-z.]{1,6}", value in scalar()) {
        if let Ok(asked) = Where::parse(&text) {
            let _ = decide(&asked, &event(&[(&name, value)])).map_err(|why| why.to_string());
        }
    }

    /// What an expression is wished to say it says, where comparisons are with written values.
    #[test]
    fn wishes_come_true(holds: bool, n in -5_i64..5, text in "[a-c]{1,3}") {
        for written in [
            format!("n > {n} && t == \"{text}\""), format!("n != {n}"), format!("{n} >= n"),
            format!("t.startsWith(\"{text}\")"), format!("has(a.t) && a.t.contains(\"{text}\")"),
            format!("n in [{n}, 9]"), "yes".to_owned(), "!yes || no".to_owned(),
        ] {
            let asked = Where::parse(&written).unwrap();
            let mut event = event(&[]);
            event.fields = asked.wish(holds);
            prop_assert_eq!(decide(&asked, &event).unwrap_or(!holds), holds, "{}", written);
        }
    }
}
