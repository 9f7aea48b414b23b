//! What a line chart must survive: nothing, one point, only gaps, and numbers of any size.

use super::*;

fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-11-03T13:00:00Z".parse().expect("a timestamp");
    start + jiff::SignedDuration::from_mins(minute)
}

fn chart(values: &[Option<f64>]) -> LineChart {
    LineChart {
        title: "Time to deploy".into(),
        unit: Unit::Seconds,
        from: at(0),
        to: at(60),
        series: vec![Series {
            name: "p99".into(),
            points: (0..)
                .step_by(10)
                .map(at)
                .zip(values.iter().copied())
                .collect(),
            state: None,
        }],
        limit: None,
        marks: Vec::new(),
        scale: Scale::FromZero,
    }
}

/// A picture that a browser can draw: no number that is not one, every element closed.
fn sound(svg: &str) {
    for wrong in ["NaN", "inf", " style=", "<script"] {
        assert!(!svg.contains(wrong), "{wrong} in {svg}");
    }
    assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
    assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
}

#[test]
fn a_small_chart_looks_like_this() {
    let mut chart = chart(&[
        Some(60.0),
        Some(90.0),
        None,
        None,
        Some(30.0),
        None,
        Some(45.0),
    ]);
    chart.limit = Some((100.0, "limit 100 s".into()));
    chart.marks = vec![(at(20), "rev 41 <deployed>".into())];
    insta::assert_snapshot!(chart.svg().as_str().replace("><", ">\n<"));
}

#[test]
fn no_points_no_series_and_only_gaps_say_so() {
    let none = LineChart {
        series: Vec::new(),
        ..chart(&[])
    };
    for chart in [
        chart(&[]),
        chart(&[None, None]),
        chart(&[Some(f64::NAN)]),
        none,
    ] {
        let svg = chart.svg().to_string();
        sound(&svg);
        assert!(svg.contains("No data in this time"));
        assert!(svg.contains(r#"fill="url(#hatch)""#));
        assert!(
            !svg.contains("class=\"line s0\" d="),
            "no line may be drawn: {svg}"
        );
    }
}

#[test]
fn one_point_is_a_dot() {
    let svg = chart(&[None, Some(5.0), None]).svg().to_string();
    sound(&svg);
    assert_eq!(svg.matches("class=\"lone s0\"").count(), 1);
    assert!(!svg.contains("<path"));
}

#[test]
fn a_gap_is_hatched_and_never_a_line_to_zero() {
    let svg = chart(&[Some(60.0), Some(60.0), None, None, Some(60.0), Some(60.0)])
        .svg()
        .to_string();
    sound(&svg);
    assert_eq!(svg.matches("class=\"line s0\" d=").count(), 2, "two runs");
    assert_eq!(svg.matches("class=\"gap\"").count(), 1);
    assert!(
        svg.contains(r#"x="16.67%""#) && svg.contains(r#"width="50.00%""#),
        "{svg}"
    );
}

#[test]
fn numbers_of_any_size_stay_inside() {
    for values in [
        [Some(f64::MAX), Some(f64::MIN)],
        [Some(5e-324), Some(-5e-324)],
        [Some(0.0), Some(0.0)],
        [Some(-7.0), Some(-7.0)],
        [Some(1e15), Some(1.0)],
    ] {
        for scale in [Scale::FromZero, Scale::Fit] {
            for unit in [Unit::Count, Unit::Ratio, Unit::Seconds, Unit::Bytes] {
                let svg = LineChart {
                    scale,
                    unit,
                    ..chart(&values)
                }
                .svg()
                .to_string();
                sound(&svg);
            }
        }
    }
}

#[test]
fn a_backward_or_empty_time_draws_nothing_outside() {
    for (from, to) in [(at(60), at(0)), (at(0), at(0))] {
        sound(
            LineChart {
                from,
                to,
                ..chart(&[Some(1.0), Some(2.0)])
            }
            .svg()
            .as_str(),
        );
    }
}

#[test]
fn text_from_outside_is_escaped() {
    let mut chart = chart(&[Some(1.0)]);
    let hostile = "\"><script>alert(1)</script>";
    chart.title = hostile.into();
    chart.series[0].name = hostile.into();
    chart.unit = Unit::Other(hostile.into());
    chart.limit = Some((2.0, hostile.into()));
    chart.marks = vec![(at(1), hostile.into())];
    sound(chart.svg().as_str());
}

#[test]
fn a_long_history_stays_small_and_keeps_its_spike() {
    let mut chart = chart(&[]);
    chart.to = at(100_000);
    chart.series[0].points = (0..100_000).map(|i| (at(i), Some(1.0))).collect();
    chart.series[0].points[70_123].1 = Some(7200.0);
    let svg = chart.svg().to_string();
    assert!(svg.len() < 60_000, "{} bytes", svg.len());
    assert!(svg.contains("1 s to 2 h"), "the spike is in the table");
    assert_eq!(svg.matches("class=\"hit\"").count(), MAX_COLUMNS);
}

#[test]
fn lines_that_could_not_be_told_apart_are_counted() {
    let mut chart = chart(&[Some(1.0)]);
    chart.series = vec![chart.series[0].clone(); MAX_SERIES + 3];
    let svg = chart.svg().to_string();
    assert!(svg.contains("3 more not drawn"));
}
