//! Blocking and unblocking: what is sent and what comes back.

use super::problem::Problem;
use crate::UserId;
use crate::wire::object;

object! {
    /// The body of `POST /2/users/:id/blocking`.
    ///
    /// ```
    /// use blocks_domain::BlockRequest;
    ///
    /// let request = BlockRequest::new("20".parse()?);
    /// assert_eq!(serde_json::to_string(&request)?, r#"{"target_user_id":"20"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct BlockRequest {
        /// The user to block.
        pub target_user_id: UserId = "target_user_id",
    }
}

impl BlockRequest {
    /// A request to block `target_user_id`.
    #[must_use]
    pub fn new(target_user_id: UserId) -> Self {
        Self { target_user_id, extra: crate::Extra::default() }
    }
}

object! {
    /// What stands after a call: whether the signed-in user blocks the target.
    pub struct BlockState {
        /// `true` after blocking, `false` after unblocking.
        pub blocking: bool = "blocking",
    }
}

impl BlockState {
    /// The state after a call.
    #[must_use]
    pub fn new(blocking: bool) -> Self {
        Self { blocking, extra: crate::Extra::default() }
    }
}

object! {
    /// The answer to blocking and to unblocking.
    #[derive(Default)]
    pub struct BlockStateReply {
        /// What stands now.
        pub data: Option<BlockState> = "data" else fail,
        /// Why nothing changed.
        pub errors: Option<Vec<Problem>> = "errors",
    }
}

impl BlockStateReply {
    /// An answer that says what stands now.
    #[must_use]
    pub fn new(state: BlockState) -> Self {
        Self { data: Some(state), ..Self::default() }
    }

    /// Why nothing changed.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.errors.as_deref().unwrap_or_default()
    }
}
