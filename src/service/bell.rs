//! The doorbell: hints that a claim would find something, or that there is mail.
//!
//! A hint may be lost at any time and costs a second then; a job is never carried by one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::chance::random_unit;
use crate::core::store::Store;

/// Rings `bell` for each message on `channels`, for ever. The subscription is renewed after
/// whatever happens to it; each time it begins, the bell rings once for what was missed.
pub async fn listen(store: Arc<Store>, channels: Vec<String>, bell: Arc<Notify>) {
    let mut wait = Duration::from_millis(100);
    loop {
        if let Ok(mut messages) = store.link().subscribe(&channels).await {
            wait = Duration::from_millis(100);
            bell.notify_one();
            while messages.heard().await.is_some() {
                bell.notify_one();
            }
        }
        tokio::time::sleep(wait.mul_f64(0.5 + random_unit() / 2.0)).await;
        wait = (wait * 2).min(Duration::from_secs(1));
    }
}
