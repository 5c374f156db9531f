//! The blocks endpoints of the X API over HTTP.
