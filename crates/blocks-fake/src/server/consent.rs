//! The pages that a person sees while signing in: plain HTML, for any browser, without a script.

use super::answer::{Answer, Content};
use super::page::{HTML, Page, escaped, with_code};

/// What a consent page asks.
pub(super) struct Consent<'a> {
    /// The app that asks.
    pub(super) app: &'a str,
    /// What it may do, in words: what stands between backticks is code.
    pub(super) allows: Vec<String>,
    /// The path that the form is sent to.
    pub(super) action: &'static str,
    /// Good for one answer.
    pub(super) ticket: &'a str,
    /// The account that is proposed.
    pub(super) username: &'a str,
    /// Where the answer leads; `None` where it stays on a page.
    pub(super) leads_to: Option<&'a str>,
    /// What was wrong with the last try.
    pub(super) complaint: Option<String>,
}

impl Consent<'_> {
    pub(super) fn answer(&self) -> Answer {
        let app = escaped(self.app);
        let allows: String =
            self.allows.iter().map(|item| format!("<li>{}</li>", with_code(item))).collect();
        let complaint = self.complaint.as_deref().map(escaped).unwrap_or_default();
        let leads_to = self.leads_to.map_or_else(
            || "You then get a PIN to type into the app.".to_owned(),
            |uri| format!("You are then sent to <code>{}</code>.", escaped(uri)),
        );
        // Enter in the text field presses the first button of the form, which must not consent.
        let body = format!(
            "<h1><b>{app}</b> wants to use an account</h1>\
             <p>If you approve, it may:</p><ul id=\"allows\">{allows}</ul>\
             <form method=\"post\" action=\"{action}\">\
             <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\
             <label for=\"username\">The account’s handle</label>\
             <input id=\"username\" name=\"username\" value=\"{username}\" autocomplete=\"off\" \
             autocapitalize=\"none\" spellcheck=\"false\" required>\
             <p id=\"complaint\" role=\"alert\">{complaint}</p>\
             <div><button id=\"deny\" name=\"deny\" value=\"yes\" formnovalidate>Deny</button>\
             <button id=\"approve\" name=\"approve\" value=\"yes\">Approve</button></div>\
             </form><p>{leads_to}</p>",
            action = self.action,
            ticket = escaped(self.ticket),
            username = escaped(self.username),
        );
        let status = if self.complaint.is_some() { 400 } else { 200 };
        let title = format!("Let {app} use an account?");
        let targets: Vec<_> = self.leads_to.map(form_target).into_iter().collect();
        Page { status, title: &title, body: &body, form_targets: &targets, is_wide: false }.answer()
    }
}

/// A page that tells the PIN.
pub(super) fn pin(pin: &str) -> Answer {
    let body = format!(
        "<h1>Almost done</h1><p>Type this PIN into the app:</p><p id=\"pin\">{}</p>",
        escaped(pin)
    );
    Page::new(200, "Your PIN", &body).answer()
}

/// A page that tells something that went another way than an app may have hoped.
pub(super) fn notice(status: u16, title: &str, text: &str) -> Answer {
    let (title, text) = (escaped(title), escaped(text));
    let body = format!("<h1>{title}</h1><p id=\"notice\">{text}</p>");
    Page::new(status, &title, &body).answer()
}

/// Sends a browser on.
pub(super) fn redirect(address: String) -> Answer {
    let body = Content::Raw { content_type: HTML, body: axum::body::Body::empty() };
    Answer::new(303, body).with_header("location", address).not_to_be_stored()
}

/// Where an address leads, as a policy can name it: its origin, or its scheme alone where the
/// grammar of policies has no words for the host, such as an IPv6 address.
fn form_target(uri: &str) -> String {
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    let scheme: String =
        scheme.chars().filter(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)).collect();
    let authority = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_plain = |host: &&str| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b))
    };
    match authority.filter(is_plain) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}:"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_target_of_a_form_and_nothing_more() {
        for (uri, target) in [
            ("http://127.0.0.1:8739/callback", "http://127.0.0.1:8739"),
            ("http://[::1]:8739/callback", "http:"),
            ("https://example.com?x=1", "https://example.com"),
            ("my.app://callback", "my.app://callback"),
            ("my.app:/callback", "my.app:"),
            ("http://a; script-src *", "http:"),
            ("a; script-src *://b", "ascript-src://b"),
        ] {
            assert_eq!(form_target(uri), target, "{uri}");
        }
    }
}
