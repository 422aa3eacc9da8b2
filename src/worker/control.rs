//! stand-in
#![allow(missing_docs)]
pub enum Order {
    Drain,
    Terminate,
    Kill,
    Quiet,
    Reload,
    GuardianGone,
}
pub struct ControlChannel;
pub struct ControlSender;
pub struct Holder {
    pub worker: String,
    pub nonce: String,
}
pub const TALK_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
impl ControlChannel {
    pub fn handback(&self) -> &[Holder] {
        &[]
    }
    pub fn sender(&self) -> ControlSender {
        ControlSender
    }
    pub async fn recv(&mut self) -> Order {
        std::future::pending().await
    }
}
impl ControlSender {
    pub fn send_identity(&self, _: &str, _: &str) {}
    pub fn send_lease(&self, _: Option<u64>) {}
    pub fn send_running(&self, _: u32) {}
    pub fn send_ready(&self) {}
    pub fn send_bye(&self, _: u8) {}
}
