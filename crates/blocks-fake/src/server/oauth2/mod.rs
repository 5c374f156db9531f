//! OAuth 2.0 on the wire: the authorize page, and the endpoints for tokens.

pub(super) mod authorize;
pub(super) mod token;
