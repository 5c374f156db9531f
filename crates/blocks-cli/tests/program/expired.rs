//! A read that lay so long that its page token has expired.

use crate::browser::{control, get};
use crate::support::{Home, Serving};

#[test]
fn it_is_read_again_from_the_top_once() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--limits", "off", "--blocks", "700"]);
    let pull = ["pull", "--full", "--page-size", "100"];
    serving.run(&home, &[&pull[..], &["--budget", "0.40"]].concat()).ended(6);
    // A day and an hour.
    control(&serving.url, "/sandbox/advance", r#"{"seconds":90000}"#);

    let ran = serving.run(&home, &[&pull[..], &["--json"]].concat()).ended(0);
    assert!(ran.stderr.contains("has expired. Reading again from the top"), "{}", ran.stderr);
    assert!(ran.stderr.contains("400 accounts"), "{}", ran.stderr);
    let summary = &ran.json()[0];
    // The program bills by its own day, on which 400 were paid for: it does not believe a server
    // whose date is more than a day off.
    for (key, value) in [("users", 700), ("requests", 7), ("billed_reads", 300)] {
        assert_eq!(summary[key], value, "{key} in {summary}");
    }
    assert_eq!(
        (&summary["complete"], &summary["resumed"]),
        (&true.into(), &false.into()),
        "{summary}"
    );
    assert_eq!(pages(&serving), [5, 7], "one call in vain, and then each page once");

    let listed = serving.run(&home, &["list", "--json"]).ended(0).json();
    let owner = serving.line["user_id"].as_str().expect("an id");
    let world = get(&format!("{}/sandbox/blocks?user={owner}", serving.url)).body;
    let world: serde_json::Value = serde_json::from_str(&world).expect("JSON");
    let listed: Vec<_> = listed.iter().map(|user| user["id"].clone()).collect();
    assert_eq!(serde_json::Value::from(listed), world["user_ids"]);
}

/// How many pages were asked for from each reading of the top on; the last call of a reading may
/// be in vain.
fn pages(serving: &Serving) -> Vec<usize> {
    let told = get(&format!("{}/sandbox/requests?limit=1000", serving.url)).body;
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let mut readings = Vec::new();
    for request in told["requests"].as_array().expect("requests") {
        if !request["path"].as_str().is_some_and(|path| path.ends_with("/blocking")) {
            continue;
        }
        let query = request["query"].as_array().expect("a query");
        if query.iter().all(|pair| pair[0] != "pagination_token") {
            readings.push(0);
        }
        *readings.last_mut().expect("a reading begins without a token") += 1;
    }
    readings
}
