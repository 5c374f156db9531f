//! Believing a read that was set aside.

use blocks_domain::UserId;
use blocks_ports::{Clock, Finish, Hold, MirrorStore, Snapshot};

use crate::{PullError, PullProgress};

/// Believes the read that was [set aside](PullError::SetAside): makes it the snapshot. `None` where
/// there is none. X is asked nothing.
///
/// # Errors
/// [`PullError::Busy`] while somebody reads the list, [`PullError::LostHold`], or
/// [`PullError::Mirror`].
///
/// ```
/// use blocks_app::accept;
/// use blocks_domain::UserId;
/// use blocks_fake::stores::{JumpingClock, MemoryMirrorStore};
/// use jiff::Timestamp;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), blocks_app::PullError> {
/// let (mirror, clock) = (MemoryMirrorStore::default(), JumpingClock::new(Timestamp::UNIX_EPOCH));
/// assert_eq!(accept(&mirror, &clock, UserId::MAX).await?, None, "nothing was set aside");
/// # Ok(())
/// # }
/// ```
pub async fn accept(
    mirror: &dyn MirrorStore,
    clock: &dyn Clock,
    account: UserId,
) -> Result<Option<Snapshot>, PullError> {
    let lost = || PullError::LostHold { progress: PullProgress::default() };
    let (fence, _guard) = match mirror.hold(account).await.map_err(PullError::before)? {
        Hold::Held { fence, guard } => (fence, guard),
        Hold::Busy { holder } => return Err(PullError::Busy { holder }),
        _ => return Err(lost()),
    };
    let Some(read) = mirror.aside(account).await.map_err(PullError::before)? else {
        return Ok(None);
    };
    match mirror.finish(read.id, fence, clock.now()).await.map_err(PullError::before)? {
        Finish::Finished(snapshot) => Ok(Some(snapshot)),
        _ => Err(lost()),
    }
}
