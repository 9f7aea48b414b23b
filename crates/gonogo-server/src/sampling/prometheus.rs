//! The HTTP API of Prometheus, and of what speaks it: Mimir, Thanos, Google Managed Prometheus.
//!
//! Source: the Prometheus documentation, "HTTP API", queries. Invariant: an answer that warns
//! that it may be incomplete is no answer.

use std::collections::BTreeMap;

use gonogo_engine::Time;
use gonogo_model::decimal::Decimal;
use gonogo_model::value::Aggregate;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use super::value::no_number;
use crate::ask::{Answer, Trouble, code};

/// The path of an instant query.
pub(super) const QUERY: &str = "/api/v1/query";
/// The path of a query over a range.
pub(super) const QUERY_RANGE: &str = "/api/v1/query_range";
/// The most series of one answer.
pub const SERIES_MAX: usize = 10_000;
/// How much of an error or a warning is told.
const SAID_CHARS: usize = 200;

/// The values of one series, by second.
pub(super) type Points = BTreeMap<i64, f64>;

#[derive(Deserialize)]
struct Said {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Value,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(default)]
    value: Option<(f64, String)>,
}

#[derive(Deserialize)]
struct Matrix {
    #[serde(default)]
    values: Option<Vec<(f64, String)>>,
}

/// The URL of an instant query.
pub(super) fn instant(mut url: Url, query: &str) -> Url {
    url.query_pairs_mut().append_pair("query", query);
    url
}

/// The URL of a query over a range, both ends included.
pub(super) fn range(mut url: Url, query: &str, from: Time, until: Time, step_secs: i64) -> Url {
    url.query_pairs_mut()
        .append_pair("query", query)
        .append_pair("start", &seconds(from).to_string())
        .append_pair("end", &seconds(until).to_string())
        .append_pair("step", &step_secs.to_string());
    url
}

/// The one number of an answer to an instant query.
pub(super) fn number(
    answer: Answer,
    aggregate: Option<Aggregate>,
    now: Time,
) -> Result<Decimal, Trouble> {
    let data = data(answer, now)?;
    let texts: Vec<String> = match data.result_type.as_str() {
        "scalar" => {
            let (_, text): (f64, String) = shaped(data.result)?;
            vec![text]
        }
        "vector" => {
            let all: Vec<Vector> = shaped(data.result)?;
            let values = all.into_iter().map(|v| v.value.map(|(_, text)| text));
            values.collect::<Option<_>>().ok_or_else(histogram)?
        }
        other => {
            let detail = format!("the query gives a {other}, not a number");
            return Err(Trouble::unreadable(detail));
        }
    };
    let numbers = texts.iter().map(|text| Decimal::parse(text));
    let numbers: Result<Vec<Decimal>, _> = numbers.collect();
    let numbers = numbers.map_err(|why| no_number("the value", why))?;
    let of_several = |first: &Decimal, more: &[Decimal]| match aggregate {
        Some(Aggregate::Sum) => Ok(more.iter().fold(*first, |sum, n| sum.plus(*n))),
        Some(Aggregate::Min) => Ok(more.iter().fold(*first, |least, n| least.min(*n))),
        Some(Aggregate::Max) => Ok(more.iter().fold(*first, |most, n| most.max(*n))),
        None => Err(Trouble::unreadable(format!(
            "the query gives {} series; write `aggregate:`, or a query for one",
            more.len() + 1
        ))),
    };
    match numbers.as_slice() {
        [] => Err(Trouble::unreadable("the query gives no series")),
        [one] => Ok(*one),
        [first, more @ ..] => of_several(first, more),
    }
}

/// The series of an answer to a query over a range.
pub(super) fn series(answer: Answer, now: Time) -> Result<Vec<Points>, Trouble> {
    let data = data(answer, now)?;
    if data.result_type != "matrix" {
        let detail = format!("the query gives a {}, not series", data.result_type);
        return Err(Trouble::unreadable(detail));
    }
    let all: Vec<Matrix> = shaped(data.result)?;
    if all.len() > SERIES_MAX {
        let detail = format!("the query gives more than {SERIES_MAX} series");
        return Err(Trouble::new(code::TOO_MANY, detail));
    }
    let points = |series: Matrix| {
        let values = series.values.ok_or_else(histogram)?;
        let point = |(at, text): (f64, String)| {
            let value: f64 = text.parse().map_err(|_| unshaped())?;
            // Whole seconds were asked for; the cast is of a number of that size.
            Ok((at.round() as i64, value))
        };
        values.into_iter().map(point).collect()
    };
    all.into_iter().map(points).collect()
}

/// The time in whole seconds.
pub(super) fn seconds(at: Time) -> i64 {
    at.as_millis().div_euclid(1000)
}

fn data(answer: Answer, now: Time) -> Result<Data, Trouble> {
    let said: Option<Said> = serde_json::from_slice(&answer.body).ok();
    let Some(said) = said else {
        answer.ok(now)?;
        return Err(unshaped());
    };
    if said.status != "success" {
        let kind = match said.error_type.as_str() {
            "timeout" | "canceled" => code::TIMEOUT,
            "unavailable" | "internal" => code::UNAVAILABLE,
            _ => code::REFUSED,
        };
        let (word, error) = (brief(&said.error_type), brief(&said.error));
        let detail = format!("it does not answer the query ({word}): {error}");
        return Err(Trouble::new(kind, detail));
    }
    answer.ok(now)?;
    if let Some(warning) = said.warnings.first() {
        let detail = format!("it warns of its answer: {}", brief(warning));
        return Err(Trouble::unreadable(detail));
    }
    said.data.ok_or_else(unshaped)
}

fn shaped<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Trouble> {
    serde_json::from_value(value).map_err(|_| unshaped())
}

fn unshaped() -> Trouble {
    Trouble::unreadable("the answer is not one of Prometheus' HTTP API")
}

fn histogram() -> Trouble {
    Trouble::unreadable("the query gives native histograms, not numbers")
}

/// A foreign sentence, shortened and on one line.
fn brief(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SAID_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn of(body: &str, aggregate: Option<Aggregate>) -> Result<String, String> {
        let number = number(answer(200, body), aggregate, Time::from_millis(0));
        number.map(|n| n.to_string()).map_err(|t| t.detail)
    }

    #[test]
    fn one_number_is_one_and_several_have_to_be_aggregated() {
        let vector = |values: &[&str]| {
            let all: Vec<String> = values
                .iter()
                .map(|v| format!(r#"{{"metric":{{}},"value":[1795424400.5,"{v}"]}}"#))
                .collect();
            let all = all.join(",");
            format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{all}]}}}}"#)
        };
        let scalar =
            r#"{"status":"success","data":{"resultType":"scalar","result":[1795424400,"0.30"]}}"#;
        assert_eq!(of(scalar, None).unwrap(), "0.3");
        assert_eq!(of(&vector(&["12.5"]), None).unwrap(), "12.5");
        assert_eq!(
            of(&vector(&["1", "2.5"]), Some(Aggregate::Sum)).unwrap(),
            "3.5"
        );
        assert_eq!(
            of(&vector(&["1", "2.5"]), Some(Aggregate::Min)).unwrap(),
            "1"
        );
        assert_eq!(
            of(&vector(&["1", "2.5"]), Some(Aggregate::Max)).unwrap(),
            "2.5"
        );
        let none = of(&vector(&[]), Some(Aggregate::Sum)).unwrap_err();
        assert_eq!(none, "the query gives no series");
        let several = of(&vector(&["1", "2"]), None).unwrap_err();
        assert!(several.contains("2 series"), "{several}");
        for (bad, why) in [
            ("NaN", "is NaN"),
            ("+Inf", "is infinite"),
            ("x", "not a number"),
        ] {
            let said = of(&vector(&["1", bad]), Some(Aggregate::Max)).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn what_is_no_whole_answer_says_why() {
        let histogram = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"1"}]}]}}"#;
        assert!(of(histogram, None).unwrap_err().contains("histograms"));
        let partial = r#"{"status":"success","warnings":["a store is down"],"data":{"resultType":"vector","result":[]}}"#;
        assert!(of(partial, None).unwrap_err().contains("a store is down"));
        let text = r#"{"status":"success","data":{"resultType":"string","result":[1,"a"]}}"#;
        assert!(of(text, None).unwrap_err().contains("a string"));
        assert!(
            of("{}", None)
                .unwrap_err()
                .contains("not one of Prometheus")
        );
        let refused = r#"{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\":\n 1:3"}"#;
        let said = number(answer(400, refused), None, Time::from_millis(0)).unwrap_err();
        assert_eq!(said.code, code::REFUSED);
        assert!(said.detail.contains("invalid parameter \"query\": 1:3"));
        let busy = number(answer(503, "no"), None, Time::from_millis(0)).unwrap_err();
        assert_eq!(
            (busy.code, busy.detail.as_str()),
            (code::UNAVAILABLE, "it answered 503")
        );
    }
}
