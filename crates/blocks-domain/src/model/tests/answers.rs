//! Answers as they are documented, and a page on which every known field stands.

use super::{read, refusal, value, written};
use crate::Vocabulary;
use crate::model::*;

const FULL: [&str; 2] =
    [include_str!("full_page_tweet_words.json"), include_str!("full_page_post_words.json")];

#[test]
fn a_full_page_is_the_same_in_both_vocabularies() {
    // The parameters of a problem are kept as text, so their words differ.
    let without_errors = FULL.map(|json| {
        let mut page: BlockingPage = read(json);
        page.errors = None;
        page
    });
    assert_eq!(without_errors[0], without_errors[1]);
}

#[test]
fn a_full_page_comes_back_in_its_own_vocabulary() {
    for (at, json) in FULL.into_iter().enumerate() {
        assert_eq!(value(&written(&read(json))[at]), value(json));
    }
}

#[test]
fn a_full_page_fills_every_field_and_no_extra() {
    for json in FULL {
        let page = format!("{:?}", read::<BlockingPage>(json));
        assert!(!page.contains(": None"), "a field is empty: {page}");
        assert_eq!(page.matches("extra: {").count(), page.matches("extra: {}").count());
    }
}

#[test]
fn every_documented_user_field_is_reached_by_name() {
    let page: BlockingPage = read(FULL[0]);
    let user = &page.users()[0];
    assert_eq!(user.username.as_deref(), Some("ada"));
    assert_eq!(user.verified_type, Some(VerifiedType::Government));
    assert_eq!(user.subscription_type, Some(SubscriptionType::PremiumPlus));
    assert_eq!(user.connection_status.as_ref().map(Vec::len), Some(6));
    let known = |status: &ConnectionStatus| !matches!(status, ConnectionStatus::Other(_));
    assert!(user.connection_status.iter().flatten().all(known));

    let entities = user.entities.as_ref().and_then(|e| e.description.as_ref()).expect("entities");
    let cashtag = &entities.cashtags.as_ref().expect("cashtags")[0];
    assert_eq!((cashtag.start, cashtag.end, cashtag.tag.as_str()), (4, 9, "LOOM"));

    let posts = page.includes.as_ref().and_then(|i| i.posts.as_ref()).expect("posts");
    assert_eq!(Some(posts[0].id), user.pinned_post_id);
    let withheld = posts[0].withheld.as_ref().expect("withheld");
    assert_eq!(withheld.scope, Some(WithheldScope::Post));
}

#[test]
fn the_shortest_documented_answer_has_users_but_is_no_page() {
    let json = r#"{"data":[{"id":"1234567890","name":"Example User","username":"example"}]}"#;
    let lookup: UsersPage = read(json);
    assert_eq!(serde_json::to_string(&lookup).expect("JSON"), json);
    assert_eq!(lookup.users()[0].name.as_deref(), Some("Example User"));
    assert!(refusal::<BlockingPage>(json).contains("missing field `meta`"));
}

#[test]
fn a_tag_is_read_under_its_older_names() {
    let json = r#"{"cashtags":[{"start":0,"end":4,"cashtag":"ABC"}],"hashtags":[{"start":5,"end":9,"hashtag":"abc"}]}"#;
    let entities: Entities = read(json);
    assert_eq!(
        serde_json::to_string(&entities).expect("JSON"),
        r#"{"cashtags":[{"start":0,"end":4,"tag":"ABC"}],"hashtags":[{"start":5,"end":9,"tag":"abc"}]}"#
    );
}

#[test]
fn an_affiliation_names_one_account_or_several() {
    for json in [r#"{"user_id":"20"}"#, r#"{"user_id":["20","21"]}"#, r#"{"user_id":[]}"#] {
        let affiliation: Affiliation = read(json);
        assert_eq!(serde_json::to_string(&affiliation).expect("JSON"), json);
    }
    let odd: Affiliation = read(r#"{"user_id":20}"#);
    assert_eq!((odd.user_id, odd.extra.get("user_id")), (None, Some("20")));
}

#[test]
fn blocking_and_unblocking_answer_with_what_stands() {
    for (json, blocking) in
        [(r#"{"data":{"blocking":true}}"#, true), (r#"{"data":{"blocking":false}}"#, false)]
    {
        let reply: BlockStateReply = read(json);
        assert_eq!(reply, BlockStateReply::new(BlockState::new(blocking)));
        assert_eq!(serde_json::to_string(&reply).expect("JSON"), json);
    }
    let request: BlockRequest = read(r#"{"target_user_id":"20"}"#);
    assert_eq!(request, BlockRequest::new("20".parse().expect("an id")));
}

#[test]
fn what_is_built_by_hand_is_what_x_would_send() {
    let mut user = User::new("7".parse().expect("an id"));
    user.pinned_post_id = Some("8".parse().expect("an id"));
    let mut meta = Meta::new(1);
    meta.next_token = Some(PageToken::new("7140dibdnow9c7btw482").expect("a token"));
    let page = BlockingPage::new(vec![user], meta);
    assert_eq!(
        written(&page)[1],
        r#"{"data":[{"id":"7","pinned_post_id":"8"}],"meta":{"result_count":1,"next_token":"7140dibdnow9c7btw482"}}"#
    );
    let empty = BlockingPage::new(Vec::new(), Meta::new(0));
    assert_eq!(written(&empty)[0], r#"{"meta":{"result_count":0}}"#);
    assert_eq!(UsersPage::new(Vec::new()), UsersPage::default());
}

#[test]
fn an_error_body_is_read_in_every_form() {
    let summed_up: ErrorBody = read(
        r#"{"errors":[{"parameters":{"id":["x"]},"message":"The id [x] is not valid."},{"detail":"And another."}],"title":"Invalid Request","detail":"Something in the request was wrong.","type":"https://api.x.com/2/problems/invalid-request"}"#,
    );
    let [first, second] = summed_up.problems() else { panic!("two problems: {summed_up:?}") };
    assert_eq!(first.message(), Some("The id [x] is not valid."));
    assert_eq!(first.parameters.as_ref().map(crate::RawJson::get), Some(r#"{"id":["x"]}"#));
    assert_eq!(second.message(), Some("And another."));
    for problem in summed_up.problems() {
        assert_eq!(problem.problem_type(), Some(ProblemType::InvalidRequest));
        assert_eq!(problem.title.as_deref(), Some("Invalid Request"));
    }

    let flat: ErrorBody = read(
        r#"{"title":"Unauthorized","detail":"Unauthorized","type":"about:blank","status":401}"#,
    );
    assert_eq!(flat.problems()[0].problem_type(), Some(ProblemType::Blank));
    assert_eq!(flat.problems()[0].status, Some(401));

    let not_found: ErrorBody = read(
        r#"{"errors":[{"value":"20","detail":"No user 20.","title":"Not Found Error","resource_type":"user","parameter":"id","resource_id":"20","type":"https://api.twitter.com/2/problems/resource-not-found"}]}"#,
    );
    assert_eq!(not_found.problems()[0].resource_type, Some(ResourceType::User));
    assert_eq!(not_found.problems()[0].problem_type(), Some(ProblemType::ResourceNotFound));

    let oldest: ErrorBody = read(r#"{"errors":[{"code":32,"message":"Who are you?"}]}"#);
    assert_eq!(oldest.problems()[0].code, Some(32));
    assert_eq!(oldest.problems()[0].problem_type(), None);

    assert_eq!(read::<ErrorBody>(r#""Forbidden""#).problems()[0].message(), Some("Forbidden"));
    assert_eq!(read::<ErrorBody>(r#"[{"title":"a"},{"title":"b"}]"#).into_problems().len(), 2);
    assert!(read::<ErrorBody>("{}").problems().is_empty());
    refusal::<ErrorBody>("<html>");
}

#[test]
fn credits_that_are_used_up_are_recognised() {
    for account in ["1234567890123", r#""1234567890123""#] {
        let json = format!(
            r#"{{"type":"https://api.twitter.com/2/problems/credits","title":"CreditsDepleted","account_id":{account}}}"#
        );
        let problem: Problem = read(&json);
        assert_eq!(problem.problem_type(), Some(ProblemType::Credits));
        assert_eq!(serde_json::to_string(&problem).expect("JSON"), json);
    }
}

#[test]
fn a_problem_type_is_known_by_its_address_and_gives_it_back() {
    for known in ProblemType::KNOWN {
        assert_eq!(&ProblemType::from_uri(&known.uri()), known);
        let old = format!("https://api.twitter.com/2/problems/{}", known.word(Vocabulary::Tweet));
        assert_eq!(&ProblemType::from_uri(&old), known);
    }
    for uri in ["", "nonsense", "https://example.org/x/credits/", "urn:x:credits", "about:blank/"] {
        assert!(matches!(ProblemType::from_uri(uri), ProblemType::Other(_)), "{uri}");
    }
    let problem = Problem::new(ProblemType::Blank, "Forbidden");
    assert_eq!(problem.type_uri.as_deref(), Some("about:blank"));
    assert_eq!(problem.message(), Some("Forbidden"));
}
