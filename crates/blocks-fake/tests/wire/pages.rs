//! What a person does at a page, without a browser.

use crate::client::{Answer, Client};

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// The ticket in the form of a consent page.
    pub(crate) fn ticket(&self) -> String {
        let (_, rest) = self.text().split_once("name=\"ticket\" value=\"").expect("a ticket");
        rest.split_once('"').expect("a quoted value").0.to_owned()
    }

    /// What an answer with this status sends the browser to: the address, and its parameters.
    pub(crate) fn redirect(&self) -> (&str, Vec<(&str, &str)>) {
        assert_eq!(self.status, 303, "{}", self.text());
        let location = self.header("location").expect("an address");
        let (address, query) = location.split_once('?').expect("parameters");
        (address, query.split('&').map(|part| part.split_once('=').expect("a value")).collect())
    }

    /// The value of a parameter of the address that it sends to.
    pub(crate) fn redirected(&self, name: &str) -> &str {
        let (_, parameters) = self.redirect();
        let found = parameters.iter().find(|(n, _)| *n == name);
        found.unwrap_or_else(|| panic!("no {name} in {parameters:?}")).1
    }
}

impl Client {
    /// Opens a page as a browser does.
    pub(crate) async fn open(&self, path: &str) -> Answer {
        self.try_call("GET", path, "sec-fetch-site: none\r\n", "").await.expect("an answer")
    }

    /// Sends a form as a page of the sandbox does.
    pub(crate) async fn submit(&self, path: &str, body: &str) -> Answer {
        self.send_form(path, "sec-fetch-site: same-origin\r\n", body).await
    }

    /// Sends a form.
    pub(crate) async fn send_form(&self, path: &str, headers: &str, body: &str) -> Answer {
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        self.try_call("POST", path, &format!("{form}{headers}"), body).await.expect("an answer")
    }

    /// Presses a button on a consent page.
    pub(crate) async fn press(&self, page: &Answer, path: &str, user: &str, what: &str) -> Answer {
        let ticket = page.ticket();
        self.submit(path, &format!("ticket={ticket}&username={user}&{what}=yes")).await
    }

    /// The handle of the owner.
    pub(crate) fn owner_name(&self) -> String {
        self.world.profile(self.world.owner()).expect("the owner").username
    }
}
