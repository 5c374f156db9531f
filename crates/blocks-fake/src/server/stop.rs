//! The end of a server, for everybody who has to hear of it.

use tokio::sync::watch;

/// Says, when it is dropped, that the server stops.
#[derive(Debug)]
pub(super) struct Stop {
    _sender: watch::Sender<()>,
}

/// Hears that the server stops.
#[derive(Debug, Clone)]
pub(super) struct Stopped(watch::Receiver<()>);

/// The two ends.
pub(super) fn channel() -> (Stop, Stopped) {
    let (sender, receiver) = watch::channel(());
    (Stop { _sender: sender }, Stopped(receiver))
}

impl Stopped {
    /// Waits until the server stops.
    pub(super) async fn wait(&mut self) {
        // Nothing is ever sent: the only news is that the sender is gone.
        while self.0.changed().await.is_ok() {}
    }
}
