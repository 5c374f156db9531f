//! Breaks the reference on purpose: one fact at a time, on a copy in memory.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::fields::Models;
use super::*;

const ENDPOINTS: &str = "docs/reference/endpoints.md";
const FIELDS: &str = "docs/reference/fields.md";
const RELATIONSHIP: &str = "docs/reference/relationship.md";

fn tree() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a root");
        Tree::load(root).expect("the tree")
    })
}

/// The only finding when `old` reads `new` in a page.
///
/// It must stand on a line that begins so.
fn broken(file: &str, old: &str, new: &str, line: &str) -> String {
    let tree = tree().with(file, old, new);
    let before = check(self::tree());
    let mut findings = check(&tree);
    // What is wrong anyhow has a test of its own.
    findings.retain(|finding| before.iter().all(|known| known.what != finding.what));
    let [finding] = &findings[..] else { panic!("not one finding: {findings:#?}") };
    assert_eq!(finding.file, file);
    let found = tree.text(file).and_then(|text| text.lines().nth(finding.line - 1));
    let found = found.expect("the line");
    assert!(found.starts_with(line), "{finding}\nstands on {found:?}, not on {line:?}");
    format!("{}; {}", finding.what, finding.remedy)
}

/// The row of a page that begins so, with its line feed.
fn row(file: &str, start: &str) -> String {
    let text = tree().text(file).expect("the page");
    let row = text.lines().find(|line| line.starts_with(start)).expect(start);
    format!("{row}\n")
}

#[test]
fn the_reference_agrees() {
    assert_eq!(check(tree()), []);
}

#[test]
fn a_page_that_is_gone_is_found() {
    let told: Vec<_> =
        check(&tree().without(RELATIONSHIP)).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["docs/reference/relationship.md:1: the page is missing; write it"]);
}

#[test]
fn a_field_without_a_row_is_found() {
    let row = row(FIELDS, "| `entities.description.cashtags[].start` |");
    assert_eq!(
        broken(FIELDS, &row, "", "| field | in post words |"),
        "`entities.description.cashtags[].start` is missing below \"User\"; add a row with \
         field \"entities.description.cashtags[].start\", in post words \"\", type \"integer\", \
         default \"yes\", or take it out of the models of the domain"
    );
}

#[test]
fn a_row_without_a_field_is_found() {
    let location = row(FIELDS, "| `location` |");
    let more = format!("| `mood` | | string | | How one feels |\n{location}");
    assert_eq!(
        broken(FIELDS, &location, &more, "| `mood` |"),
        "`mood` stands below \"User\" and is not known; \
         remove the row, or add it to the models of the domain"
    );
}

#[test]
fn a_wrong_type_is_found() {
    assert_eq!(
        broken(FIELDS, "| `location` | | string |", "| `location` | | object |", "| `location`"),
        "`location`: `type` says \"object\" where \"string\" is right; \
         correct the cell, or the models of the domain"
    );
}

#[test]
fn a_wrong_default_is_found() {
    let told = broken(FIELDS, "| `name` | | string | yes |", "| `name` | | string | |", "| `name`");
    assert!(told.starts_with("`name`: `default` says \"\" where \"yes\" is right"), "{told}");
}

#[test]
fn a_missing_and_an_unknown_word_of_an_enum_are_found() {
    let told = broken(FIELDS, "`blue`, `business`", "`business`", "| `verified_type`");
    assert_eq!(
        told,
        "`verified_type`: `type` lacks blue; correct the cell, or the models of the domain"
    );
    let told =
        broken(FIELDS, "`blue`, `business`", "`blue`, `red`, `business`", "| `verified_type`");
    assert!(told.contains("`type` lists red, which is not known"), "{told}");
}

#[test]
fn a_wrong_post_word_is_found() {
    let told = broken(
        FIELDS,
        "| `public_metrics.tweet_count` | `public_metrics.post_count` |",
        "| `public_metrics.tweet_count` | |",
        "| `public_metrics.tweet_count`",
    );
    assert!(
        told.contains("`in post words` says \"\" where \"public_metrics.post_count\""),
        "{told}"
    );
}

#[test]
fn a_rename_without_a_row_is_found() {
    let rename = row(FIELDS, "| key of Includes |");
    let told = broken(FIELDS, &rename, "", "| where |");
    assert!(told.starts_with("`key of Includes | tweets | posts` is missing"), "{told}");
    assert!(told.ends_with("or take it out of `RENAMES`"), "{told}");
}

/// What the page of fields is told when the schema of a user changes.
fn with_user(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut models = Models::of_the_domain();
    change(&mut models.page["$defs"]["User"]);
    let findings = held(tree(), FIELDS, &fields::facts(&models));
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_new_field_of_the_models_asks_for_a_row() {
    let told = with_user(|user| user["properties"]["mood"] = json!({ "type": "string" }));
    let [told] = &told[..] else { panic!("{told:#?}") };
    assert!(
        told.contains("`mood` is missing below \"User\"; add a row with field \"mood\""),
        "{told}"
    );
}

#[test]
fn a_field_that_left_the_models_makes_its_row_wrong() {
    let told = with_user(|user| {
        user["properties"].as_object_mut().expect("properties").remove("location");
    });
    let [told] = &told[..] else { panic!("{told:#?}") };
    assert!(told.contains("`location` stands below \"User\" and is not known"), "{told}");
}

#[test]
fn a_new_type_in_the_models_makes_its_row_wrong() {
    let told = with_user(|user| user["properties"]["location"] = json!({ "type": "boolean" }));
    let [told] = &told[..] else { panic!("{told:#?}") };
    assert!(told.contains("`type` says \"string\" where \"boolean\" is right"), "{told}");
}

#[test]
fn a_wrong_range_and_a_wrong_default_of_a_parameter_are_found() {
    let told = broken(ENDPOINTS, "| 1 to 1000 |", "| 1 to 500 |", "| `max_results`");
    assert!(told.contains("`range` says \"1 to 500\" where \"1 to 1000\" is right"), "{told}");
    let told = broken(ENDPOINTS, "| 1 to 1000 | 100 |", "| 1 to 1000 | 10 |", "| `max_results`");
    assert!(told.contains("`default` lists 10 where 100 is right"), "{told}");
}

#[test]
fn a_parameter_without_a_row_is_found() {
    let told = broken(
        ENDPOINTS,
        &row(ENDPOINTS, "| `pagination_token` |"),
        "",
        "| parameter | in post words |",
    );
    assert!(
        told.starts_with(
            "`pagination_token` is missing below \"Parameters of GET /2/users/:id/blocking\""
        ),
        "{told}"
    );
}

#[test]
fn a_value_of_a_parameter_without_a_row_is_found() {
    let told = broken(
        ENDPOINTS,
        &row(ENDPOINTS, "| `subscription_type` |"),
        "",
        "| tweet word | post word |",
    );
    assert!(told.starts_with("`subscription_type | subscription_type` is missing below"), "{told}");
}

#[test]
fn a_swapped_scope_is_found() {
    assert_eq!(
        broken(
            ENDPOINTS,
            "`block.write`, `users.read`",
            "`block.read`, `users.read`",
            "| `POST /2/users/:id/blocking`",
        ),
        "`POST /2/users/:id/blocking`: `scopes` lists block.read where block.write is right; \
         correct the cell, or `Endpoint::spec`"
    );
}

#[test]
fn a_wrong_plan_a_wrong_limit_and_a_wrong_price_are_found() {
    let get = row(ENDPOINTS, "| `GET /2/users/:id/blocking` |");
    let told = |old: &str, new: &str| {
        broken(ENDPOINTS, &get, &get.replacen(old, new, 1), "| `GET /2/users/:id/blocking`")
    };
    assert!(told("Pay-per-use, Enterprise", "Enterprise").contains("`plans` lacks Pay-per-use"));
    assert!(told("| 15 |", "| 16 |").contains("`a window` says \"16\" where \"15\" is right"));
    assert!(told("USD 0.001", "USD 0.01").contains("`price` says \"USD 0.01 per user read"));
}

#[test]
fn the_sign_in_of_an_app_cannot_be_called_that_of_a_user() {
    let told = broken(ENDPOINTS, "| App-Only | app |", "| App-Only | user |", "| App-Only");
    assert!(told.contains("`caller` says \"user\" where \"app\" is right"), "{told}");
}

#[test]
fn another_meaning_or_remedy_of_a_status_is_found() {
    let told = broken(ERRORS, "there is no such user |", "the user is shy |", "| `not-found` |");
    assert!(
        told.contains("`meaning` says \"the user is shy\" where \"there is no such user\""),
        "{told}"
    );
    let told = broken(ERRORS, "Wait until the window resets", "Hurry", "| `rate-limited` |");
    assert!(told.contains("`remedy` says \"Hurry, then go on.\""), "{told}");
}

#[test]
fn a_status_of_another_failure_is_found() {
    let told = broken(ERRORS, "| `capped` | 429 |", "| `capped` | 402 |", "| `capped` |");
    assert!(told.contains("`status` lists 402 where 429 is right"), "{told}");
    let told = broken(ERRORS, "| 402 | the credits", "| 403 | the credits", "| 403 | the credits");
    assert_eq!(
        told,
        "status 403 does not mean `out-of-credits`; correct the row, or `Failure::statuses`"
    );
}

#[test]
fn a_failure_that_does_not_exist_is_found() {
    let answer = row(ERRORS, "| 402 | the credits");
    let told = broken(
        ERRORS,
        &answer,
        &answer.replace("`out-of-credits`", "`out-of-luck`"),
        "| 402 | the credits",
    );
    assert_eq!(
        told,
        "there is no failure `out-of-luck`; name one of the table \"Kinds of failure\""
    );
}

#[test]
fn a_problem_type_without_a_row_is_found() {
    let told = broken(
        ERRORS,
        &row(ERRORS, "| `usage-capped` | `capped` |"),
        "",
        "| type | kind of failure |",
    );
    assert!(told.starts_with("`usage-capped` is missing below \"Problem types\""), "{told}");
}

#[test]
fn another_verdict_is_found() {
    assert_eq!(
        broken(RELATIONSHIP, "| follow | refused |", "| follow | allowed |", "| follow |"),
        "`follow`: `when blocked` says \"allowed\" where \"refused\" is right; \
         correct the cell, or `PERMISSIONS`"
    );
}

#[test]
fn all_disagreements_are_told_and_not_only_the_first() {
    let tree = tree()
        .with(RELATIONSHIP, "| follow | refused |", "| follow | allowed |")
        .with(RELATIONSHIP, "| block | allowed |", "| block | refused |")
        .with(ENDPOINTS, "| 15 minutes |", "| 5 minutes |");
    assert_eq!(check(&tree).len(), 3);
}
