//! No secret ever shows.

use crate::support::{Home, Server, TOKEN, Wire};

#[test]
fn the_token_shows_in_no_output_of_any_command_however_talkative() {
    let page = r#"{"data":[{"id":"1","username":"one"}],"meta":{"result_count":1}}"#;
    let answers = [
        Wire::json("200 OK", page),
        Wire::json("401 Unauthorized", "{}"),
        Wire::json("403 Forbidden", "{}"),
        Wire::json("429 Too Many Requests", "{}"),
        Wire::with("500 Internal Server Error", "", "no"),
        Wire::with("200 OK", "content-type: text/html\r\n", "<html>"),
        Wire::json("200 OK", page).cut(3),
    ];
    let commands = [
        &["pull", "--no-wait"][..],
        &["whoami"],
        &["list"],
        &["show", "1"],
        &["stats"],
        &["block", "7", "--yes", "--no-wait"],
        &["unblock", "7", "--yes", "--no-wait"],
    ];
    for answer in answers {
        let home = Home::new();
        let server = Server::answering(vec![answer]);
        for command in commands {
            for flag in ["--json", "--quiet"] {
                let args = [command, &[flag]].concat();
                let flags = ["--api-url", &server.url, "--timeout", "1", "--retries", "0", "-vv"];
                let mut program = home.command(&[&flags, &args[..]].concat());
                program.env("BLOCKS_ACCESS_TOKEN", TOKEN).env("BLOCKS_LOG", "trace");
                program.env("RUST_BACKTRACE", "full");
                let output = program.output().expect("the program");
                let shown = [output.stdout, output.stderr].concat();
                let shown = String::from_utf8_lossy(&shown);
                assert!(!shown.contains(TOKEN), "{args:?} shows it:\n{shown}");
            }
        }
    }
}
