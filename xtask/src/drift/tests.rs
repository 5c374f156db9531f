//! Made-up files, one thing of them changed at a time, and the steps of the guide.

use blocks_domain::Vocabulary;
use serde_json::{Value, json};

use super::*;

/// A file of `tests/fixtures`.
fn made_up(number: u8) -> OpenApi {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    OpenApi::read(&root.join(format!("tests/fixtures/made-up-{number}.json"))).expect("a file")
}

fn lines(report: &Report) -> Vec<String> {
    report.lines().into_iter().collect()
}

#[test]
fn a_file_does_not_differ_from_itself_in_whatever_order_it_is_written() {
    let file = made_up(1);
    assert_eq!(lines(&between(&file, &file).expect("a report")), [""; 0]);
    let text = file.json().to_string();
    let fields = r#"["location","name","public_metrics","url","verified_type"]"#;
    let turned = r#"["verified_type","url","public_metrics","name","location"]"#;
    let scopes = (r#"["block.read","users.read"]"#, r#"["users.read","block.read"]"#);
    let other = text.replace(fields, turned).replace(scopes.0, scopes.1);
    assert_ne!(text, other);
    let other = file.with(serde_json::from_str(&other).expect("JSON"));
    assert_eq!(lines(&between(&file, &other).expect("a report")), [""; 0]);
}

#[test]
fn each_change_of_a_small_file_is_told_once_and_by_its_name() {
    for number in [1, 2] {
        let file = made_up(number);
        let ours = theirs_of(&file).expect("a side");
        let (count, complaints) =
            official::untold(&file, &ours, &Notes::default()).expect("changes");
        assert!(count > 150, "only {count} changes");
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

#[test]
fn the_vocabulary_is_known_by_the_words_of_the_file() {
    assert_eq!(theirs::vocabulary(&made_up(1)), Vocabulary::Post);
    let tweets = made_up(1).json().to_string().replace("post", "tweet");
    let tweets = made_up(1).with(serde_json::from_str(&tweets).expect("JSON"));
    assert_eq!(theirs::vocabulary(&tweets), Vocabulary::Tweet);
}

#[test]
fn a_known_pair_of_words_is_no_difference() {
    let file = made_up(1);
    let text = file.json().to_string().replace("\"pinned_post_id\"", "\"pinned_tweet_id\"");
    let other = file.with(serde_json::from_str(&text).expect("JSON"));
    // The pair is known for the models of the domain, which the page leads to.
    let report = between(&named_as_ours(&file), &named_as_ours(&other)).expect("a report");
    assert_eq!(lines(&report), [""; 0]);
    assert!(
        report.renamed.contains(&"User.pinned_post_id is User.pinned_tweet_id".to_owned()),
        "{:#?}",
        report.renamed
    );
    let ours = theirs_of(&named_as_ours(&file)).expect("a side");
    let (_, mut complaints) =
        official::untold(&named_as_ours(&other), &ours, &Notes::default()).expect("changes");
    // Without its posts the small file has as many tweet words as post words.
    complaints.retain(|complaint| !complaint.contains("includes"));
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// The file with our names for the models that have a known pair of words.
fn named_as_ours(file: &OpenApi) -> OpenApi {
    let text = file.json().to_string().replace("schemas/Person", "schemas/User");
    file.with(serde_json::from_str(&text.replace("\"Person\"", "\"User\"")).expect("JSON"))
}

#[test]
fn what_the_domain_knows_and_what_the_reference_says_is_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a root");
    let tree = Tree::load(root).expect("the tree");
    for words in Vocabulary::ALL {
        let notes = Notes::default();
        let domain = Known::of_the_domain(words).expect("tables").side(&notes).expect("a side");
        let reference = Known::of_the_reference(&tree, words).expect("pages");
        let reference = reference.side(&notes).expect("a side");
        let outcome = compare::compare(reference, &domain, words);
        assert_eq!(outcome.differences, []);
    }
}

#[test]
fn a_parameter_of_the_reference_that_is_otherwise_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a root");
    let tree = Tree::load(root).expect("the tree");
    let tree = tree.with("docs/reference/endpoints.md", "| 1 to 1000 |", "| 1 to 500 |");
    let notes = Notes::default();
    let words = Vocabulary::Tweet;
    let domain = Known::of_the_domain(words).expect("tables").side(&notes).expect("a side");
    let reference = Known::of_the_reference(&tree, words).expect("pages");
    let outcome = compare::compare(reference.side(&notes).expect("a side"), &domain, words);
    let [difference] = &outcome.differences[..] else { panic!("{:#?}", outcome.differences) };
    assert_eq!(
        difference.name_of(&difference.path),
        "GET /2/users/:id/blocking · max_results · maximum"
    );
}

#[test]
fn the_notes_of_the_project_are_in_their_form() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("drift.toml");
    AllNotes::read(&path).expect("the notes");
    let told = |text: &str| format!("{:#}", AllNotes::parse(text).expect_err(text));
    let entry = "[[accepted]]\nwhat = [\"User.url\"]\n";
    assert!(told(entry).contains("missing field `reason`"));
    let empty = format!("{entry}reason = \"\"\nsince = \"2026-08-07\"");
    assert_eq!(told(&empty), "\"User.url\" is accepted without a reason");
    let undated = format!("{entry}reason = \"why\"\nsince = \"lately\"");
    assert!(told(&undated).starts_with("`since` of \"User.url\" is no date"));
}

#[test]
fn a_file_of_another_api_is_refused() {
    let other = OpenApi::new("other", json!({ "openapi": "3.0.0", "paths": {} })).expect("a file");
    let error = between(&made_up(1), &other).expect_err("another API");
    assert!(
        error.to_string().starts_with("other describes no call that begins with /2/"),
        "{error}"
    );
}

/// The first file with what the second one has beyond it.
fn taught(known: &OpenApi, next: &OpenApi) -> OpenApi {
    let mut learned = known.json().clone();
    let mut add = |list: &str, word: &str| {
        let words = learned.pointer_mut(list).and_then(Value::as_array_mut);
        words.expect("a list of words").push(word.into());
    };
    let fields = "/components/parameters/UserFields/schema/items/enum";
    let person = "/components/schemas/Person/properties";
    add(fields, "mood");
    add(fields, "whereabouts");
    add(&format!("{person}/verified_type/oneOf/0/enum"), "gold");
    for key in ["mood", "whereabouts"] {
        let field = next.json().pointer(&format!("{person}/{key}")).expect("a field");
        learned.pointer_mut(person).expect("a person")[key] = field.clone();
    }
    known.with(learned)
}

/// The steps of docs/guide/x-changes.md, on a version that nobody published.
#[test]
fn the_steps_of_the_guide_lead_from_a_new_version_to_a_known_one() {
    let (known, next) = (made_up(1), made_up(2));

    // 1. See what is new.
    let told = between(&known, &next).expect("a report");
    assert_eq!(
        lines(&told),
        [
            "gold: a new word of `values` (User.verified_type)",
            "location: gone, was string (User.location)",
            "location: no word of `values` any more (GET /2/users/:id/blocking · user.fields)",
            "mood: a new word of `values` (GET /2/users/:id/blocking · user.fields)",
            "mood: new, string (one of cheerful, gloomy) (User.mood)",
            "result_count: `type` is string there and integer here (BlockingPage.meta.result_count)",
            "url: gone, was string (User.url)",
            "url: no word of `values` any more (GET /2/users/:id/blocking · user.fields)",
            "whereabouts: a new word of `values` (GET /2/users/:id/blocking · user.fields)",
            "whereabouts: new, string (User.whereabouts)",
        ]
    );

    // 2 and 3. What is new is learned; the old words stay, for the server still speaks them.
    let ours = theirs_of(&taught(&known, &next)).expect("a side");

    // 4. What stays otherwise is accepted, each with its reason.
    let notes = AllNotes::parse(
        r#"
        [[accepted]]
        in = ["made-up-2"]
        what = [
            "User.location", "GET /2/users/:id/blocking · user.fields · values location",
            "Person.url", "GET /2/users/:id/blocking · user.fields · values url",
        ]
        reason = "The server still answers them"
        since = "2026-08-07"

        [[accepted]]
        what = ["BlockingPage.meta.result_count · type"]
        theirs = "string"
        reason = "The count is read from a text as well"
        since = "2026-08-07"
        "#,
    );
    let notes = notes.expect("notes");

    // 5. Nothing is new any more.
    let about = notes.about(Vocabulary::Post, next.version());
    let report = judged(&next, &ours, &about).expect("a report");
    assert_eq!(lines(&report), [""; 0]);
    assert_eq!(report.accepted.iter().map(|known| known.count).sum::<usize>(), 5);
    assert!(report.markdown().contains("## Known and accepted\n\n- 4 since 2026-08-07: "));
    assert_eq!(report.json()["accepted"][0]["reason"], "The server still answers them");

    // Later X takes something back: a warning, and no failure.
    let before = judged(&known, &ours, &notes.about(Vocabulary::Post, known.version()));
    assert_eq!(
        before.expect("a report").warnings,
        ["`BlockingPage.meta.result_count · type` is accepted and no longer differs at \
          BlockingPage.meta.result_count"]
    );
}

#[test]
fn what_was_accepted_with_other_words_is_new_and_says_so() {
    let (known, next) = (made_up(1), made_up(2));
    let ours = theirs_of(&known).expect("a side");
    let new = |theirs: &str| {
        let note = format!(
            "[[accepted]]\nwhat = [\"BlockingPage.meta.result_count · type\"]\n\
             theirs = \"{theirs}\"\nreason = \"why\"\nsince = \"2026-08-07\""
        );
        let notes = AllNotes::parse(&note).expect("notes");
        let report = judged(&next, &ours, &notes.about(Vocabulary::Post, next.version()));
        let lines = lines(&report.expect("a report"));
        lines.into_iter().filter(|line| line.starts_with("result_count")).collect::<Vec<_>>()
    };
    assert_eq!(new("string"), [""; 0]);
    assert_eq!(
        new("number"),
        ["result_count: `type` is string there and integer here; number was accepted \
          (BlockingPage.meta.result_count)"]
    );
}
