//! Asking before something is changed.

use std::io::{BufRead, IsTerminal};

use crate::exit::{Exit, Failed};
use crate::output::Output;

/// Shows what is about to be done, and asks the person at the terminal.
pub(crate) async fn confirmed(announcement: String, output: Output) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Failed::new(Exit::Refused, "there is no terminal to ask for consent")
            .remedy("Nothing was changed. Check the list with --dry-run, then add --yes.")
            .into());
    }
    output.insist(announcement);
    anstream::eprint!("Go on? [y/N] ");
    // On a thread of its own, so that Ctrl-C is heard while the question stands.
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map(|_| answer)
    });
    let answer = answer.await??;
    if answer.is_empty() {
        // Ctrl-D, which leaves the cursor behind the question.
        anstream::eprintln!();
    }
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
