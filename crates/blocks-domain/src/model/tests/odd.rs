//! Values of another type than their field: one of them must not lose the rest.

use super::{read, refusal, value, written};
use crate::model::*;
use crate::{FromJson, Vocabulary};

/// A page of three users, of whom the second has one odd member.
fn page_with(member: &str) -> String {
    format!(
        r#"{{"data":[{{"id":"6","name":"Six"}},{{"id":"7","name":"Seven",{member}}},{{"id":"8","name":"Eight"}}],"meta":{{"result_count":3,"next_token":"7140dibdnow9c7btw482"}}}}"#
    )
}

#[test]
fn one_odd_field_of_one_user_loses_nothing() {
    for (key, odd) in [
        ("created_at", r#""yesterday""#),
        ("verified", r#""yes""#),
        ("entities", "[1.50, {}]"),
        ("pinned_tweet_id", "20"),
        ("pinned_post_id", "20"),
        ("verified_followers_count", "-1"),
        ("verified_followers_count", "1.5"),
        ("verified_type", "7"),
        ("affiliation", r#""none""#),
        ("connection_status", r#"["blocking",7]"#),
        ("public_metrics", "[]"),
        ("name", r#"{"first":"S"}"#),
    ] {
        let json = page_with(&format!(r#""{key}":{odd}"#));
        let (page, oddities) = BlockingPage::from_json(&json).expect(&json);
        let [first, user, last] = page.users() else { panic!("three users: {page:?}") };
        assert_eq!((first.name.as_deref(), last.name.as_deref()), (Some("Six"), Some("Eight")));
        assert_eq!((user.id.get(), user.name.as_deref()), (7, Some("Seven")));
        assert_eq!(user.extra.get(key), Some(odd));
        assert_eq!(
            page.meta.next_token.as_ref().map(PageToken::as_str),
            Some("7140dibdnow9c7btw482")
        );

        assert_eq!(oddities.count(), 1);
        let first = oddities.first().expect("an oddity");
        assert!(first.starts_with(&format!("data[1].{key}")), "{first}");
        assert!(!first.contains("line 1"), "{first}");

        for text in written(&page) {
            assert_eq!(value(&text), value(&json), "it is written back");
            assert_eq!(read::<BlockingPage>(&text), page, "and read again");
        }
    }
}

#[test]
fn an_odd_count_leaves_the_counts_beside_it() {
    let metrics = r#"{"followers_count":-3,"like_count":1.5,"tweet_count":12}"#;
    let json = page_with(&format!(r#""public_metrics":{metrics}"#));
    let (page, oddities) = BlockingPage::from_json(&json).expect("a page");
    let counts = page.users()[1].public_metrics.as_ref().expect("counts");
    assert_eq!((counts.followers_count, counts.like_count), (None, None));
    assert_eq!(counts.post_count, Some(12));
    assert_eq!(counts.extra.get("followers_count"), Some("-3"));
    assert_eq!(counts.extra.get("like_count"), Some("1.5"));
    assert_eq!(oddities.count(), 2);
    let first = oddities.first().expect("an oddity");
    assert!(first.starts_with("data[1].public_metrics.followers_count: "), "{first}");
}

#[test]
fn what_is_put_aside_takes_its_own_oddities_along() {
    // The first link has an odd status, and the second no position: the list goes as a whole.
    let urls = r#"[{"start":0,"end":1,"status":"-"},{"end":2}]"#;
    let json = format!(r#"{{"id":"7","entities":{{"url":{{"urls":{urls}}}}},"parody":0}}"#);
    let (user, oddities) = User::from_json(&json).expect("a user");
    let url = user.entities.and_then(|entities| entities.url).expect("entities");
    assert_eq!(url.extra.get("urls"), Some(urls));
    assert_eq!(oddities.count(), 2, "the list, and `parody`");
    assert_eq!(oddities.first(), Some("entities.url.urls[1]: missing field `start`"));
}

#[test]
fn an_included_object_without_an_id_does_not_lose_the_page() {
    let json = r#"{"data":[{"id":"7"}],"includes":{"tweets":[{"text":"x"}],"users":[{"id":"8"}]},"errors":"none","meta":{"result_count":1}}"#;
    let (page, oddities) = BlockingPage::from_json(json).expect("a page");
    let includes = page.includes.as_ref().expect("includes");
    assert_eq!(includes.users.as_ref().map(Vec::len), Some(1));
    assert_eq!(includes.extra.get("tweets"), Some(r#"[{"text":"x"}]"#));
    assert_eq!(page.extra.get("errors"), Some(r#""none""#));
    assert_eq!(oddities.count(), 2);
    assert_eq!(value(&written(&page)[0]), value(json));
}

#[test]
fn what_a_page_is_worth_nothing_without_is_named() {
    for (json, place) in [
        (page_with(r#""id":7"#), "data[1].id: "),
        (page_with(r#""id":"seven""#), "data[1].id: "),
        (
            r#"{"data":[{"id":"6"},{"name":"x"}],"meta":{"result_count":2}}"#.into(),
            "data[1]: missing field `id`",
        ),
        (r#"{"data":[{"id":"6"},7],"meta":{"result_count":2}}"#.into(), "data[1]: not an object"),
        (r#"{"data":{},"meta":{"result_count":0}}"#.into(), "data: not an array"),
        (r#"{"meta":{"result_count":-1}}"#.into(), "meta.result_count: "),
        // A token that cannot be read must not look like the end of the list.
        (r#"{"meta":{"result_count":0,"next_token":7}}"#.into(), "meta.next_token: "),
        (r#"{"meta":{"result_count":0,"next_token":""}}"#.into(), "meta.next_token: "),
    ] {
        let error = BlockingPage::from_json(&json).expect_err(&json).to_string();
        assert!(error.starts_with(place), "{error}");
        assert!(refusal::<BlockingPage>(&json).starts_with(place));
    }
}

#[test]
fn what_is_no_json_is_told_by_its_place() {
    let error = BlockingPage::from_json("{\n \"data\" 1}").expect_err("no JSON");
    assert!(error.is_syntax());
    assert_eq!((error.line(), error.column()), (2, 9));
    assert!(BlockingPage::from_json(r#"{"data":["#).expect_err("cut off").is_eof());
}

#[test]
fn a_plain_page_has_nothing_odd() {
    let (page, oddities) = BlockingPage::from_json(&page_with(r#""later":7"#)).expect("a page");
    assert_eq!(page.users().len(), 3);
    assert_eq!((oddities.count(), oddities.first()), (0, None));
}

#[test]
fn an_odd_member_of_a_problem_loses_neither_the_problem_nor_its_type() {
    for (key, odd) in [
        ("value", "77"),
        ("parameter", r#"["id"]"#),
        ("title", "{}"),
        ("detail", "[]"),
        ("status", r#""four hundred""#),
        ("status", "-1"),
        ("period", "30"),
        ("resource_type", "[null]"),
    ] {
        let flat = format!(
            r#"{{"type":"https://api.x.com/2/problems/usage-capped","{key}":{odd},"message":"M"}}"#
        );
        for body in [flat.clone(), format!("[{flat}]"), format!(r#"{{"errors":[{flat}]}}"#)] {
            let body: ErrorBody = read(&body);
            let [problem] = body.problems() else { panic!("one problem: {body:?}") };
            assert_eq!(problem.problem_type(), Some(ProblemType::UsageCapped));
            assert_eq!(problem.message(), Some("M"));
            assert_eq!(problem.extra.get(key), Some(odd));
            let again = serde_json::to_string(&problem.spelled(Vocabulary::Post)).expect("JSON");
            assert_eq!(value(&again), value(&flat));
        }
        let page =
            format!(r#"{{"data":[{{"id":"7"}}],"errors":[{flat}],"meta":{{"result_count":1}}}}"#);
        let page: BlockingPage = read(&page);
        assert_eq!((page.users().len(), page.problems().len()), (1, 1));
    }
    let usual: Problem = read(r#"{"title":null,"status":"403"}"#);
    assert_eq!((usual.title, usual.status), (None, Some(403)));
}
