//! The PIN flow of OAuth 1.0a.

use blocks_http::HttpTokenIssuer;
use blocks_ports::{Consumer, IssueError, OAuth1Grant, OUT_OF_BAND, RequestTokenIssuer};

use super::oauth2::read_line;
use crate::exit::{Exit, Failed};
use crate::output::Output;

/// Asks for a token, lets the person authorize it, and trades their PIN for a sign-in.
pub(crate) async fn by_pin(
    issuer: &HttpTokenIssuer,
    consumer: &Consumer,
    output: Output,
) -> anyhow::Result<OAuth1Grant> {
    let request = issuer.request_token(consumer, OUT_OF_BAND).await?;
    output.insist("Open this address in any browser and answer the page:");
    output.address(issuer.authorize_page(&request).as_str());
    output.insist("Enter the PIN that the page shows:");
    let pin = read_line().await?;
    issuer.access_token(consumer, &request, &pin.into()).await.map_err(|error| match error {
        IssueError::InvalidGrant => Failed::new(Exit::NotSignedIn, "X does not accept this PIN")
            .remedy("Run it again; a PIN works once, and for a few minutes.")
            .into(),
        error => error.into(),
    })
}
