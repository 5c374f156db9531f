//! What the checks found, in words and as JSON.

use blocks_domain::Failure;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::{Output, visible};
use crate::trouble::{exit_of, exit_of_failure, told};

/// What one check found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at, in one word.
    pub(super) check: &'static str,
    pub(super) state: State,
    /// What was found.
    pub(super) finding: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
    #[serde(skip)]
    pub(super) exit: Exit,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// All is well.
    Ok,
    /// Worth knowing.
    Note,
    /// In the way of reading a block list.
    Trouble,
    /// Nobody can tell yet.
    Unknown,
    /// Not looked at.
    Skipped,
}

impl Finding {
    pub(super) fn new(check: &'static str, state: State, finding: impl Into<String>) -> Self {
        Self { check, state, finding: finding.into(), remedy: None, exit: Exit::Failed }
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// A check that was not made, since something is in the way.
    pub(super) fn skipped(check: &'static str) -> Self {
        Self::new(check, State::Skipped, "what is in trouble above comes first")
    }

    /// What an error says of itself.
    pub(super) fn of_error(check: &'static str, error: &anyhow::Error) -> Self {
        let told = told(error);
        let finding = Self::new(check, State::Trouble, told.causes.join(": ")).exit(exit_of(error));
        match told.remedy {
            Some(remedy) => finding.remedy(remedy),
            None => finding,
        }
    }

    /// A call that failed.
    pub(super) fn of_failure(check: &'static str, failure: Failure, said: &str) -> Self {
        Self::new(check, State::Trouble, visible(said))
            .remedy(failure.remedy())
            .exit(exit_of_failure(failure).unwrap_or(Exit::Failed))
    }
}

#[derive(Serialize)]
struct Line<'a> {
    /// Whether a block list can be read.
    healthy: bool,
    checks: &'a [Finding],
}

/// Shows what was found, and answers how the program ends: as the most exact trouble says.
pub(super) fn show(findings: &[Finding], output: Output) -> anyhow::Result<Exit> {
    let mut codes: Vec<_> = findings
        .iter()
        .filter(|finding| finding.state == State::Trouble)
        .map(|finding| finding.exit)
        .collect();
    if output.json {
        output.json_line(&Line { healthy: codes.is_empty(), checks: findings })?;
    }
    codes.sort_by_key(|exit| *exit == Exit::Failed);
    Ok(codes.first().copied().unwrap_or(Exit::Done))
}

/// All checks, in their order.
pub(super) const CHECKS: [&str; 7] =
    ["state", "sign-in", "network", "clock", "token", "reading", "writing"];

/// Shows that nothing could be looked at, since the program's own file cannot be opened.
pub(super) fn without_state(error: &anyhow::Error, output: Output) -> anyhow::Result<Exit> {
    let skipped = CHECKS[1..].iter().map(|check| Finding::skipped(check));
    let findings: Vec<_> = [Finding::of_error("state", error)].into_iter().chain(skipped).collect();
    findings.iter().try_for_each(|finding| show_one(finding, output))?;
    show(&findings, output)
}

/// Shows one finding to a person as soon as it is made.
pub(super) fn show_one(finding: &Finding, output: Output) -> anyhow::Result<()> {
    if output.json {
        return Ok(());
    }
    let sign = match finding.state {
        State::Ok => "ok     ",
        State::Note => "note   ",
        State::Trouble => "TROUBLE",
        State::Unknown => "unknown",
        State::Skipped => "skipped",
    };
    output.hanging(&format!("{sign}  {:<8}  ", finding.check), &finding.finding)?;
    if let Some(remedy) = &finding.remedy {
        output.hanging(&" ".repeat(19), remedy)?;
    }
    Ok(())
}
