//! Every row of the table of answers in `docs/reference/errors.md` is an answer of the sandbox.

use std::path::Path;

use blocks_fake::server::{Documented, Fault, FaultKind};

use crate::client::{Answer, Client};

/// A row of the table: a status, and the words that its body and headers hold.
struct Row {
    statuses: Vec<u16>,
    words: Vec<String>,
    text: String,
}

/// The rows of the table "Answers".
fn rows() -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/errors.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let (_, table) = page.split_once("\n## Answers\n").expect("the table");
    let table = table.split("\n## ").next().expect("its end");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let statuses = cells[0].split(", ").map(|status| status.parse().expect("a status"));
        Row { statuses: statuses.collect(), words: words(cells[2]), text: line.to_owned() }
    })
    .collect()
}

/// What a cell has between backticks, in the pieces around what differs from call to call.
fn words(cell: &str) -> Vec<String> {
    let spans = if cell.contains("``") { cell.split("``") } else { cell.split("`") };
    let quoted = spans.skip(1).step_by(2);
    let pieces = quoted.flat_map(|span| {
        let span = span.split("[a,b").next().expect("a beginning");
        span.split(['[', ']']).filter(|piece| !["A", "B", "N"].contains(piece))
    });
    pieces.map(str::to_owned).filter(|piece| !piece.is_empty()).collect()
}

/// The answers of the sandbox to everything that is wrong on purpose, and to what cannot be.
async fn answers(client: &Client) -> Vec<Answer> {
    let list = client.list();
    let mut answers = Vec::new();
    for path in [
        "/2/users/x/blocking".to_owned(),
        format!("{list}?max_results=0"),
        format!("{list}?pagination_token=x"),
        format!("{list}?p=1"),
        format!("{list}?user.fields=x"),
        format!("/2/users/{}/blocking", client.world.stranger(0)),
    ] {
        answers.push(client.get(&path).await);
    }
    answers.push(client.post(&list, r#"{"target_user_id":"7"}"#).await);
    for documented in Documented::ALL {
        client.world.inject(Fault::new(FaultKind::Documented(documented)));
        answers.push(client.get(&list).await);
    }
    answers.push(client.try_call("GET", &list, "", "").await.expect("an answer"));
    for _ in 0..16 {
        answers.push(client.get(&list).await);
    }
    for status in [500, 502, 503, 504] {
        client.world.inject(Fault::new(FaultKind::plain(status, "Service Unavailable")));
        answers.push(client.get("/2/users/me").await);
    }
    answers
}

/// Whether an answer holds a word, in its body or as a header; `x-rate-limit-*` are headers that
/// the table describes in words.
fn holds(answer: &Answer, word: &str) -> bool {
    let is_header = word.starts_with("x-rate-limit") || word == "remaining";
    is_header || String::from_utf8_lossy(&answer.body).contains(word)
}

#[tokio::test]
async fn every_answer_that_is_written_down_is_given() {
    let client = Client::new().await;
    let answers = answers(&client).await;
    let rows = rows();
    assert!(rows.len() > 15, "the table is read");
    for row in rows {
        for status in row.statuses {
            let given = answers.iter().any(|answer| {
                answer.status == status && row.words.iter().all(|word| holds(answer, word))
            });
            assert!(given, "no answer with status {status} holds {:?}:\n{}", row.words, row.text);
        }
    }
}
