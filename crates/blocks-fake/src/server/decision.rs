//! What a person has decided at a consent page, as its form tells it.

use super::Incoming;
use super::answer::Answer;
use super::consent::notice;
use super::form::Form;

/// A form that was sent.
pub(super) struct Decision {
    pub(super) ticket: String,
    pub(super) username: String,
    pub(super) verdict: Verdict,
}

/// Which button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Approved,
    Denied,
}

/// Reads the form of a consent page, if it comes from one.
pub(super) fn decision(incoming: &Incoming) -> Result<Decision, Box<Answer>> {
    // A browser says so when another site sends the form; the ticket, which no other site can
    // read, says it for browsers that do not.
    let from = incoming.head.headers.get("sec-fetch-site");
    if from.is_some_and(|site| site != "same-origin") {
        let text = "Another site sent this form. Nothing was approved.";
        return Err(notice(403, "This form is from elsewhere", text).into());
    }
    let form = Form::of_body(incoming).filter(|form| form.repeated().is_none());
    read(form).ok_or_else(|| {
        let text = "It must hold a ticket, a username, and one of approve and deny.";
        notice(400, "This form is not complete", text).into()
    })
}

/// The page for a ticket that is not, or no longer, good.
pub(super) fn no_ticket() -> Answer {
    let text = "It was answered before, or is too old. Please begin again in the app.";
    notice(400, "This question is closed", text)
}

fn read(form: Option<Form>) -> Option<Decision> {
    let form = form?;
    let verdict = match (form.get("approve"), form.get("deny")) {
        (Some(_), None) => Verdict::Approved,
        (None, Some(_)) => Verdict::Denied,
        _ => return None,
    };
    let ticket = form.get("ticket")?.to_owned();
    // Whoever denies need not say who they are.
    let username = form.get("username").unwrap_or_default().to_owned();
    Some(Decision { ticket, username, verdict })
}
