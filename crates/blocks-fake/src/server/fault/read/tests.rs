use proptest::prelude::*;
use serde_json::json;

use super::*;

fn told(text: &str) -> String {
    Fault::read_toml(text).expect_err("it is wrong").to_string()
}

#[test]
fn a_file_says_what_the_builder_says() {
    let faults = Fault::read_toml(
        r#"
        [[faults]]
        kind = "status"
        status = 429
        problem = "usage-capped"
        at = "GET /2/users/:id/blocking"
        after = 3
        times = 2

        [[faults]]
        kind = "status"
        status = 502
        format = "html"
        body = "<h1>Bad Gateway</h1>"
        at = "POST /2/oauth2/token"

        [[faults]]
        kind = "wrong-header"
        header = "x-rate-limit-reset"
        value = "soon"
        probability = 0.25
        from = 2026-08-07T12:00:00Z
        until = "2026-08-07T14:00:00+01:00"
        "#,
    );
    let noon: Timestamp = "2026-08-07T12:00:00Z".parse().expect("a time");
    let one: Timestamp = "2026-08-07T13:00:00Z".parse().expect("a time");
    let header = FaultKind::WrongHeader(FaultyHeader::RateReset, "soon".to_owned());
    let expected = vec![
        Fault::new(FaultKind::Documented(Documented::UsageCapped))
            .at(blocks_domain::Endpoint::GetBlocking)
            .after(3)
            .times(2),
        Fault::new(FaultKind::html(502, "<h1>Bad Gateway</h1>")).at_token_endpoint(),
        Fault::new(header).with_probability(0.25).from(noon).until(one),
    ];
    assert_eq!(faults, Ok(expected));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, starts) in [
        ("[[faults]]\nkind = \"reset\"\n\ntimse = 2\n", "line 4: `timse` is no key of a fault of"),
        ("[[faults]]\nkind = \"rest\"\n", "line 2: `rest` is no kind of fault: there are status, "),
        ("[[faults]]\n\nms = 3\n", "line 1: this fault lacks the key `kind`"),
        ("\n[[fault]]\n", "line 2: `fault` is not known here"),
        ("faults = 3\n", "line 1: each fault is a table"),
        ("faults = [3]\n", "line 1: a fault must be a table"),
        ("[[faults]]\nkind = \"delay\"\nms = \"long\"\n", "line 3: `ms` must be a number of"),
        ("[[faults]]\nkind = \"delay\"\n", "line 1: this fault lacks the key `ms`"),
        ("[[faults]]\nkind = \"reset\"\nprobability = 1.5\n", "line 3: `probability` must be a"),
        ("[[faults]]\nkind = \"reset\"\nprobability = nan\n", "line 3: `probability` must be a"),
        ("[[faults]]\nkind = \"reset\"\nat = \"GET /2/me\"\n", "line 3: no call is spelled"),
        ("[[faults]]\nkind = \"reset\"\nfrom = 2026-08-07\n", "line 3: `from` must be a time"),
        ("[[faults]]\nkind = \"reset\"\ntimes = -1\n", "line 3: `times` must be a whole number"),
        ("[[faults]]\nkind = \"status\"\nstatus = 418\n", "line 3: status 418 has no documented"),
        ("[[faults]]\nkind = \"status\"\nstatus = 99\n", "line 3: `status` must be a status"),
        (
            "[[faults]]\nkind = \"status\"\nstatus = 403\nproblem = \"credits\"\n",
            "line 4: `credits` is none of the problems of status 403: forbidden, ",
        ),
        (
            "[[faults]]\nkind = \"missing-header\"\nheader = \"etag\"\n",
            "line 3: `header` must be one of x-rate-limit-limit",
        ),
        (
            "[[faults]]\nkind = \"wrong-header\"\nheader = \"date\"\nvalue = \"a\\nb\"\n",
            "line 4: `value` cannot stand in a header",
        ),
        (
            "[[faults]]\nkind = \"empty-page\"\nat = \"POST /2/oauth2/token\"\n",
            "line 3: a fault of kind `empty-page` needs pages",
        ),
        ("[[faults]]\nkind = \"reset\"\nkind = \"reset\"\n", "line 3: duplicate key"),
        ("[[faults]]\nkind = reset\n", "line 2: "),
    ] {
        assert!(told(text).starts_with(starts), "{text} is told as {}", told(text));
    }
}

#[test]
fn json_is_told_which_fault_is_wrong() {
    let told = |body: Value| Fault::read_json(&body).expect_err("it is wrong").to_string();
    let body = json!({ "faults": [{ "kind": "reset" }, { "kind": "reset", "at": 3 }] });
    assert_eq!(told(body), "fault 2: `at` must be a text");
    for body in [json!([]), json!({}), json!({ "faults": {} }), json!({ "faults": [1] })] {
        assert!(told(body).starts_with("the body must be"), "another shape");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let examples = KindOfFault::ALL.map(|kind| kind.example()).join("\n");
    let mut faults = Fault::read_toml(&examples).expect("the examples");
    assert_eq!(faults.len(), KindOfFault::ALL.len());
    let documented = Documented::ALL.map(|d| Fault::new(FaultKind::Documented(d)).times(3));
    faults.extend(documented);
    let noon: Timestamp = "2026-08-07T12:00:00Z".parse().expect("a time");
    let lasting = Fault::new(FaultKind::json(500, "{}")).with_probability(0.5);
    faults.push(lasting.at_token_endpoint().after(2).from(noon).until(noon));
    let written: Vec<_> = faults.iter().map(Fault::to_json).collect();
    assert_eq!(Fault::read_json(&json!({ "faults": written })), Ok(faults));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = Fault::read_toml(&text);
        let _ = Fault::read_toml(&format!("[[faults]]\nkind = {text}"));
    }
}
