//! What the commands that stay have in common, worker and beat: their words to people and to
//! the service manager, and how they find Redis.

pub mod bell;
pub mod chance;
pub mod journal;
pub mod notify;
pub mod pages;
pub mod reach;
pub mod user;
