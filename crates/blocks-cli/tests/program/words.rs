//! `--words`: which vocabulary X is asked in.

use crate::support::{Home, Ran, Server, Serving, Wire};

const PAGE: &str = r#"{"data":[{"id":"7","username":"a","name":"A"}],"meta":{"result_count":1}}"#;

/// What a server of one vocabulary says of a word of the other.
fn refusal(word: &str) -> Wire {
    let message = format!("The `user.fields` query parameter value [{word}] is not one of [id]");
    let body =
        serde_json::json!({ "errors": [{ "message": message }], "title": "Invalid Request" });
    Wire::json("400 Bad Request", &body.to_string())
}

/// The words in which the pages of a server were asked for; those of posts have no name for the
/// pinned one among the fields of a user.
fn words_of(server: &Server) -> Vec<&'static str> {
    let requests = server.page_requests();
    let is_tweet = |request: &String| request.contains("pinned_tweet_id");
    requests.iter().map(|request| if is_tweet(request) { "tweet" } else { "post" }).collect()
}

#[test]
fn a_flag_or_a_variable_chooses_the_words() {
    for (flags, variable, words) in [
        (&[][..], None, "tweet"),
        (&[], Some(""), "tweet"),
        (&[], Some("post"), "post"),
        (&["--words", "post"], None, "post"),
        (&["--words", "tweet"], Some("post"), "tweet"),
        (&["--words", "auto"], None, "tweet"),
    ] {
        let (home, server) = (Home::new(), Server::answering(vec![Wire::json("200 OK", PAGE)]));
        let mut command = home.command(&[&["pull", "--quiet"], flags].concat());
        command.env("BLOCKS_API_URL", &server.url).env("BLOCKS_ACCESS_TOKEN", "token");
        command.envs(variable.map(|words| ("BLOCKS_WORDS", words)));
        Ran::of(command.output().expect("the program")).ended(0);
        assert_eq!(words_of(&server), [words], "{flags:?} {variable:?}");
    }
}

#[test]
fn a_refused_word_names_the_flag_that_helps() {
    for (flags, refused, other) in [
        (&[][..], "pinned_tweet_id", "--words post"),
        (&["--words", "post"], "subscribes_to_you", "--words tweet"),
    ] {
        let (home, server) = (Home::new(), Server::answering(vec![refusal(refused)]));
        let ran = home.against(&server.url, &[&["pull"], flags].concat()).ended(1);
        assert!(ran.stderr.contains(&format!("`{other}`")), "{}", ran.stderr);
        assert!(ran.stderr.contains(refused), "what X says stays: {}", ran.stderr);
        assert_eq!(server.page_requests().len(), 1);
    }
}

#[test]
fn auto_asks_once_more_and_keeps_to_what_it_learned() {
    let (home, refused) = (Home::new(), refusal("pinned_tweet_id"));
    let first = r#"{"data":[{"id":"7"}],"meta":{"result_count":1,"next_token":"T"}}"#;
    let second = r#"{"data":[{"id":"8"}],"meta":{"result_count":1}}"#;
    let pages = [first, second].map(|page| Wire::json("200 OK", page));
    let server = Server::answering([vec![refused], pages.to_vec()].concat());
    home.against(&server.url, &["pull", "--words", "auto"]).ended(0);
    assert_eq!(words_of(&server), ["tweet", "post", "post"]);
}

#[test]
fn where_neither_vocabulary_will_do_no_flag_is_named() {
    let (tweet, post) = (refusal("pinned_tweet_id"), refusal("subscribes_to_you"));
    let (home, server) = (Home::new(), Server::answering(vec![tweet, post]));
    let ran = home.against(&server.url, &["pull", "--words", "auto"]).ended(1);
    assert!(ran.stderr.contains("takes neither"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("--words"), "{}", ran.stderr);
    assert_eq!(words_of(&server), ["tweet", "post"]);
}

#[test]
fn the_sandbox_is_read_in_every_wording() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "30"]);
    let lists = ["tweet", "post", "auto"].map(|words| {
        let home = Home::new();
        let ran = serving.run(&home, &["pull", "--words", words]).ended(0);
        assert_eq!(
            ran.stderr.matches("have no name for it: pinned_tweet_id").count(),
            usize::from(words == "post")
        );
        let mut users = home.run(&["list", "--json", "--quiet"]).ended(0).json();
        let pinned = users.iter().filter(|user| user.get("pinned_tweet_id").is_some()).count();
        assert_eq!(pinned == 0, words == "post", "{words}: {pinned} have a pinned post");
        let dry = ["unblock", users[0]["username"].as_str().expect("a handle"), "--dry-run"];
        serving.run(&home, &[&dry[..], &["--words", words]].concat()).ended(0);
        users.iter_mut().for_each(|user| drop(user["pinned_tweet_id"].take()));
        users
    });
    assert_eq!(lists[0], lists[1]);
    assert_eq!(lists[0], lists[2]);
}

#[test]
fn a_schema_is_in_the_words_asked_for() {
    let home = Home::new();
    for (words, key) in
        [("tweet", "pinned_tweet_id"), ("post", "pinned_post_id"), ("auto", "pinned_tweet_id")]
    {
        let ran = home.run(&["schema", "user", "--words", words]).ended(0);
        assert!(ran.stdout.contains(&format!("\"{key}\"")), "{words}");
    }
    let ran = home.run(&["schema", "user", "--words", "toot"]).ended(2);
    assert!(ran.stderr.contains("tweet, post, auto"), "{}", ran.stderr);
}
