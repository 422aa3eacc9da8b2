//! What operators do to other people's work. Each verb says by whom and why.

use super::{Args, By, Cancelled, Store};
use crate::core::error::Result;
use crate::core::name::Name;
use crate::core::script;
use crate::core::state::State;

impl<'a> Args<'a> {
    pub(super) fn by(self, by: &'a By) -> Args<'a> {
        self.text(&by.user).text(&by.host).text(&by.why)
    }
}

impl Store {
    /// Cancels up to [`super::CANCEL_AT_ONCE`] jobs; one answer for each, in order.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub async fn cancel(&self, ids: &[Name], by: &By) -> Result<Vec<Cancelled>> {
        let args = ids.iter().fold(Args::new().by(by), |args, id| args.text(id.as_str()));
        let (_, mut reply) = self.verb(&script::CANCEL, args).await?;
        let _now: i64 = reply.number()?;
        let answers = reply.lists().map(|answer| {
            let mut answer = answer?;
            let (_, word) = (answer.text()?, answer.text()?);
            Ok(match word.as_str() {
                "cancelled" => Cancelled::Revoked,
                "cancelling" => Cancelled::Cancelling,
                "finished" => Cancelled::Finished(State::parse(&answer.text()?)),
                _ => Cancelled::Unknown,
            })
        });
        answers.collect()
    }

    /// Sets (`Some`) or clears (`None`) settings of a queue.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub async fn limit(&self, queue: &Name, by: &By, settings: &[(&str, Option<u64>)]) -> Result<()> {
        let args = Args::new().text(queue.as_str()).by(by);
        let args = settings.iter().fold(args, |args, (name, value)| args.text(name).maybe(*value));
        self.verb(&script::LIMIT, args).await.map(drop)
    }

    /// Writes down the purge of a queue; answers how many jobs it has now.
    ///
    /// # Errors
    /// See [`super::Error`]. A repeat after [`super::Error::Unknown`] writes a second purge,
    /// which finds nothing left to do.
    pub async fn purge(&self, queue: &Name, by: &By) -> Result<u64> {
        let (_, mut reply) = self.verb(&script::PURGE, Args::new().text(queue.as_str()).by(by)).await?;
        let _chore = reply.text()?;
        reply.number()
    }

    /// Does a slice of the housework; answers how many chores are left.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub async fn chores(&self, queues: &[Name]) -> Result<u64> {
        let args = queues.iter().fold(Args::new(), |args, queue| args.text(queue.as_str()));
        let (_, mut reply) = self.verb(&script::CHORES, args).await?;
        reply.number()
    }
}
