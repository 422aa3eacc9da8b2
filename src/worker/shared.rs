//! What the dispatcher and its slots share: words between them, and the tools of all slots.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::metrics::Metrics;
use super::reaper::Reaper;
use super::settings::Settings;
use crate::core::store::Store;
use crate::service::journal::Journal;

/// What the dispatcher may tell a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The worker stops: end the job politely, it goes back to the queue.
    Stop,
    /// The worker stops at once.
    StopNow,
    /// Somebody cancelled the job.
    Cancel,
    /// The lease cannot be kept: kill the tree, nothing it did counts.
    LeaseLost,
    /// Give up reporting: the process is about to end.
    Abandon,
}

/// What a slot tells the dispatcher about the attempt with this token.
#[derive(Debug)]
pub enum News {
    /// The server behind the connection, by the word that it made up when it was started.
    Server(String),
    /// The tree is gone: the slot is free for another job.
    Free(String),
    /// The same of one that could not be started, because the machine is short of something.
    Starved(String),
    /// The end was reported, or does not count: the lease is given back.
    Settled(String),
}

/// What all slots of a worker share.
pub struct Shared {
    /// The worker's settings.
    pub settings: Settings,
    /// The store.
    pub store: Arc<Store>,
    /// The registry of processes.
    pub reaper: Arc<Reaper>,
    /// Where events go.
    pub journal: Journal,
    /// What this process counts.
    pub(super) metrics: Arc<Metrics>,
    /// Where news go.
    pub news: mpsc::UnboundedSender<News>,
}

impl Shared {
    pub(super) fn tell(&self, news: News) {
        // The dispatcher is gone only when the process is about to be.
        let _ = self.news.send(news);
    }
}

/// Orders that still matter once the tree is gone.
pub(super) struct LastOrders<'a> {
    orders: &'a mut mpsc::UnboundedReceiver<Order>,
    abandoned: bool,
}

impl<'a> LastOrders<'a> {
    pub(super) fn new(orders: &'a mut mpsc::UnboundedReceiver<Order>) -> LastOrders<'a> {
        LastOrders { orders, abandoned: false }
    }

    /// Waits, or learns that there is no time left: `false`.
    pub(super) async fn pause(&mut self, time: Duration) -> bool {
        let until = tokio::time::Instant::now() + time;
        while !self.abandoned {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return true,
                order = self.orders.recv() => self.abandoned = matches!(order, None | Some(Order::Abandon)),
            }
        }
        false
    }
}
