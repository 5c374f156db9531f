//! What X should never send, and what it may send one day.

use super::{read, refusal, value, written};
use crate::Vocabulary;
use crate::model::*;

#[test]
fn unknown_fields_survive_at_every_level_as_they_came() {
    let odd = r#""later":{"n":123456789012345678901234567890,"x":1e400,"s":"\u0041\/"}"#;
    let json = format!(
        r#"{{"data":[{{"id":"7","affiliation":{{{odd}}},"entities":{{"url":{{"urls":[{{"start":0,"end":1,{odd}}}],{odd}}},{odd}}},"public_metrics":{{{odd}}},"withheld":{{{odd}}},{odd}}}],"includes":{{"tweets":[{{"id":"8","public_metrics":{{{odd}}},{odd}}}],"topics":[{{"id":"t",{odd}}}],{odd}}},"errors":[{{"title":"x",{odd}}}],"meta":{{"result_count":1,{odd}}},{odd}}}"#
    );
    let page: BlockingPage = read(&json);
    assert_eq!(written(&page)[0], json);
    assert_eq!(written(&page)[1], json.replace("\"tweets\"", "\"posts\""));
    assert_eq!(page.users()[0].extra.len(), 1);
}

#[test]
fn unknown_words_survive_in_both_vocabularies() {
    let json = r#"{"data":[{"id":"7","connection_status":["befriended","blocking"],"subscription_type":"Gold","verified_type":"platinum","withheld":{"scope":"list"}}],"errors":[{"type":"https://api.x.com/2/problems/brand-new","resource_type":"community"}],"meta":{"result_count":1}}"#;
    let page: BlockingPage = read(json);
    assert_eq!(written(&page), [json, json]);
    assert!(matches!(page.users()[0].verified_type, Some(VerifiedType::Other(_))));
    assert!(matches!(page.problems()[0].problem_type(), Some(ProblemType::Other(_))));
}

#[test]
fn a_null_is_the_same_as_a_missing_key() {
    let json = r#"{"data":[{"id":"7","name":null,"entities":{"url":null},"affiliation":null,"pinned_tweet_id":null,"withheld":{"country_codes":null,"scope":null}}],"includes":null,"errors":null,"meta":{"result_count":1,"next_token":null}}"#;
    let page: BlockingPage = read(json);
    let bare = r#"{"data":[{"id":"7","entities":{},"withheld":{}}],"meta":{"result_count":1}}"#;
    assert_eq!(written(&page), [bare, bare]);
    assert_eq!(page, read(bare));
}

#[test]
fn an_unknown_null_is_kept() {
    let json = r#"{"id":"7","later":null}"#;
    assert_eq!(serde_json::to_string(&read::<User>(json)).expect("JSON"), json);
}

#[test]
fn empty_arrays_and_objects_are_not_missing_ones() {
    let json =
        r#"{"data":[],"includes":{"users":[],"tweets":[]},"errors":[],"meta":{"result_count":0}}"#;
    let page: BlockingPage = read(json);
    assert_eq!(written(&page)[0], json);
    assert!(page.data.is_some() && page.users().is_empty() && page.problems().is_empty());
}

#[test]
fn numbers_may_come_as_strings_and_are_written_as_numbers() {
    let metrics: UserMetrics = read(r#"{"followers_count":"12","tweet_count":"0"}"#);
    assert_eq!(metrics.followers_count, Some(12));
    let json = serde_json::to_string(&metrics).expect("JSON");
    assert_eq!(json, r#"{"followers_count":12,"tweet_count":0}"#);

    for odd in ["-1", "1.5", "\"\"", "\"x\"", "\" 1\"", "18446744073709551616", "1e400", "[]"] {
        let json = format!(r#"{{"followers_count":{odd},"like_count":1}}"#);
        let metrics: UserMetrics = read(&json);
        assert_eq!((metrics.followers_count, metrics.like_count), (None, Some(1)));
        assert_eq!(metrics.extra.get("followers_count"), Some(odd));
    }
}

#[test]
fn what_must_be_there_is_named_when_it_is_missing() {
    let cases = [
        (refusal::<User>(r#"{"name":"x"}"#), "id"),
        (refusal::<BlockingPage>(r#"{"data":[{"name":"x"}],"meta":{"result_count":1}}"#), "id"),
        (refusal::<Post>(r#"{"text":"x"}"#), "id"),
        (refusal::<BlockingPage>(r#"{"data":[{"id":"7"}]}"#), "meta"),
        (refusal::<BlockingPage>(r#"{"meta":{}}"#), "result_count"),
        (refusal::<BlockRequest>("{}"), "target_user_id"),
        (refusal::<BlockState>("{}"), "blocking"),
    ];
    for (error, key) in cases {
        assert!(error.contains(&format!("missing field `{key}`")), "{error}");
    }
}

#[test]
fn ids_are_strings_of_digits() {
    for id in ["7", "\"\"", "\"+7\"", "\"007\"", "\"7 \"", "\"99999999999999999999\"", "null"] {
        refusal::<User>(&format!(r#"{{"id":{id}}}"#));
    }
    assert_eq!(read::<User>(r#"{"id":"9999999999999999999"}"#).id, crate::UserId::MAX);
}

#[test]
fn of_two_spellings_the_last_that_says_something_counts() {
    let of = |json| read::<User>(json).pinned_post_id.map(crate::PostId::get);
    assert_eq!(of(r#"{"id":"7","pinned_tweet_id":"1","pinned_post_id":"2"}"#), Some(2));
    assert_eq!(of(r#"{"id":"7","pinned_post_id":"2","pinned_tweet_id":"1"}"#), Some(1));
    assert_eq!(of(r#"{"id":"7","pinned_tweet_id":"1","pinned_post_id":null}"#), Some(1));
    assert_eq!(of(r#"{"id":"7","pinned_tweet_id":null,"pinned_post_id":"2"}"#), Some(2));
    assert_eq!(read::<User>(r#"{"id":"7","id":"8"}"#).id.get(), 8);
}

#[test]
fn one_spelling_too_many_is_no_unknown_field() {
    let user: User = read(r#"{"id":"7","pinned_tweet_id":"1","pinned_post_id":"1"}"#);
    assert!(user.extra.is_empty());
    let post_words = serde_json::to_string(&user.spelled(Vocabulary::Post)).expect("JSON");
    assert_eq!(post_words, r#"{"id":"7","pinned_post_id":"1"}"#);
}

#[test]
fn nesting_without_end_is_an_error_or_kept_as_text() {
    const DEEP: usize = 100_000;
    let open = r#"{"errors":["#.repeat(DEEP);
    refusal::<Problem>(&open);
    refusal::<ErrorBody>(&open);
    let known = format!(r#"{{"title":"x","errors":[{open}{}]}}"#, "]}".repeat(DEEP));
    let problem: Problem = read(&known);
    assert_eq!(problem.title.as_deref(), Some("x"));
    assert_eq!(serde_json::to_string(&problem).expect("JSON"), known);

    let unknown = format!(r#"{{"id":"7","later":{}{}}}"#, "[".repeat(DEEP), "]".repeat(DEEP));
    assert_eq!(serde_json::to_string(&read::<User>(&unknown)).expect("JSON"), unknown);
    refusal::<User>(&format!(r#"{{"id":"7","later":{}"#, "[".repeat(DEEP)));
}

#[test]
fn strings_come_back_whatever_they_hold() {
    let name = "\0\u{1b}]0;owned\u{7}\u{202e}\"\\\u{2028}👩‍👩‍👧\u{feff}";
    let mut user = User::new("7".parse().expect("an id"));
    user.name = Some(name.to_owned());
    let json = serde_json::to_string(&user).expect("JSON");
    assert!(!json.contains('\u{1b}'), "control characters are escaped");
    assert_eq!(read::<User>(&json).name.as_deref(), Some(name));

    let half_a_pair: User = read(r#"{"id":"7","name":"\ud800","username":"seven"}"#);
    assert_eq!(half_a_pair.username.as_deref(), Some("seven"));
    assert_eq!(half_a_pair.extra.get("name"), Some(r#""\ud800""#));
    let escaped_key: User = read(r#"{"\u0069d":"7","n\u0061me":"x"}"#);
    assert_eq!(escaped_key.name.as_deref(), Some("x"));
}

#[test]
fn an_odd_address_does_not_lose_a_page() {
    let json = r#"{"data":[{"id":"7","profile_image_url":"ht!tp://[","url":""}],"meta":{"result_count":1}}"#;
    assert_eq!(written(&read::<BlockingPage>(json))[0], json);
}

#[test]
fn times_have_one_normal_form() {
    let of = |text: &str| {
        let user: User = read(&format!(r#"{{"id":"7","created_at":"{text}"}}"#));
        value(&serde_json::to_string(&user).expect("JSON"))["created_at"].clone()
    };
    assert_eq!(of("2021-01-06T18:40:40.000Z"), "2021-01-06T18:40:40.000Z");
    assert_eq!(of("2021-01-06T18:40:40Z"), "2021-01-06T18:40:40.000Z");
    assert_eq!(of("2021-01-06T20:40:40.1239+02:00"), "2021-01-06T18:40:40.123Z");
    assert_eq!(of("Wed Jan 06 18:40:40 +0000 2021"), "2021-01-06T18:40:40.000Z");
    for odd in ["", "yesterday", "2021-01-06", "2021-13-06T18:40:40Z", "1609958440"] {
        let user: User = read(&format!(r#"{{"id":"7","created_at":"{odd}"}}"#));
        assert_eq!(user.created_at, None);
        assert_eq!(user.extra.get("created_at"), Some(&*format!("\"{odd}\"")));
    }
}

#[test]
fn page_tokens_are_taken_from_answers_and_checked_from_people() {
    let meta: Meta = read(r#"{"result_count":0,"next_token":"short"}"#);
    assert_eq!(meta.next_token.expect("a token").as_str(), "short");

    for typed in ["", "short", "fifteen-letters", "sixteen letters!", "sixteen-letter\u{1b}s"] {
        let error = PageToken::new(typed).expect_err(typed);
        assert!(error.to_string().contains("16 or more characters"), "{error}");
    }
    assert_eq!("sixteen-letters!".parse::<PageToken>().expect("a token").as_str().len(), 16);
}

#[test]
fn what_is_not_an_object_is_refused() {
    for json in ["", "[]", "null", "7", "\"x\"", "{", r#"{"meta":[]}"#, r#"{"meta":null}"#] {
        refusal::<BlockingPage>(json);
    }
    let twice = r#"{"meta":{"result_count":0}}{"meta":{"result_count":0}}"#;
    assert!(refusal::<BlockingPage>(twice).contains("trailing"));
}

#[test]
fn a_token_that_no_request_could_carry_is_refused() {
    let page = |token: &str| {
        let token = serde_json::to_string(token).expect("JSON");
        let json = format!(r#"{{"data":[],"meta":{{"result_count":0,"next_token":{token}}}}}"#);
        serde_json::from_str::<BlockingPage>(&json)
    };
    for token in ["", "a b", "a\nb", "\u{1b}[2J", &"x".repeat(4097)] {
        let error = page(token).expect_err("no token");
        assert!(error.to_string().contains("cannot be a page token"), "{error}");
        assert!(error.to_string().len() < 200, "{error}");
    }
    for token in ["short", &"x".repeat(4096)] {
        assert!(page(token).is_ok(), "{token}");
    }
}
