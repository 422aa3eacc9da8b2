//! The readings of a walk: scripts in, facts out.

use super::super::super::error::Result;
use super::super::super::reply::Items;
use super::super::super::script;
use super::super::super::store::Store;
use super::super::super::verify::{Held, Issued, JobFacts, Member, ScheduleFacts};

impl Store {
    pub(super) async fn audit(&self, ids: &[String]) -> Result<Vec<(JobFacts, Issued)>> {
        let args: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes()).collect();
        let mut reply = self.call(&script::AUDIT, &args).await?;
        let _now: i64 = reply.number()?;
        let issued = Issued { fence: reply.number()?, seq: reply.number()? };
        reply.lists().zip(ids).map(|(entry, id)| Ok((facts(id, entry?)?, issued))).collect()
    }

    pub(super) async fn members_of(&self, args: &[&str]) -> Result<Vec<Member>> {
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        let mut reply = self.call(&script::MEMBERS, &args).await?;
        let _now: i64 = reply.number()?;
        let members = reply.lists().map(|entry| {
            let mut entry = entry?;
            Ok(Member {
                id: entry.text()?,
                score: entry.maybe_text()?,
                state: entry.maybe_text()?,
                queue: entry.text()?,
                bytes: entry.number()?,
                own: entry.text()?,
                is_first: entry.number::<u8>()? == 1,
            })
        });
        members.collect()
    }

    pub(in crate::core::query) async fn book(
        &self,
        book: &str,
        worker: &str,
        cursor: &str,
    ) -> Result<(String, bool, Vec<Held>)> {
        let args = [book.as_bytes(), worker.as_bytes(), cursor.as_bytes()];
        let mut reply = self.call(&script::HOLDS, &args).await?;
        let _now: i64 = reply.number()?;
        let (next, known) = (reply.text()?, reply.number::<u8>()? == 1);
        let page = reply.lists().map(|entry| {
            let mut entry = entry?;
            Ok(Held {
                id: entry.text()?,
                value: entry.text()?,
                state: entry.maybe_text()?,
                token: entry.text()?,
                worker: entry.text()?,
            })
        });
        Ok((next, known, page.collect::<Result<_>>()?))
    }

    pub(super) async fn appointments(&self, names: &[String]) -> Result<Vec<ScheduleFacts>> {
        let args: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        let mut reply = self.call(&script::APPOINTMENTS, &args).await?;
        let _now: i64 = reply.number()?;
        let found = reply.lists().zip(names).map(|(entry, name)| {
            let mut entry = entry?;
            Ok(ScheduleFacts {
                name: name.clone(),
                fields: entry.items()?.pairs()?.into_iter().collect(),
                has_plan: entry.number::<u8>()? == 1,
                is_listed: entry.number::<u8>()? == 1,
                due: entry.maybe_text()?,
                alarm: entry.maybe_text()?,
                source: entry.maybe_text()?,
                boots: entry.maybe_text()?,
            })
        });
        found.collect()
    }

    pub(super) async fn weigh(&self, ids: &[String]) -> Result<Vec<(String, i64, i64)>> {
        let args: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes()).collect();
        let mut reply = self.call(&script::WEIGH, &args).await?;
        let _now: i64 = reply.number()?;
        let weighed = reply.lists().map(|entry| {
            let mut entry = entry?;
            Ok((entry.text()?, entry.number()?, entry.number()?))
        });
        weighed.collect()
    }
}

fn facts(id: &str, mut entry: Items) -> Result<JobFacts> {
    let fields = entry.items()?.pairs()?.into_iter().collect();
    let places = entry.items()?.pairs()?;
    let mut sets = entry.items()?;
    let (expiry, retain) = (sets.maybe_text()?, sets.maybe_text()?);
    let (outputs, inputs) = (sets.maybe_text()?, sets.maybe_text()?);
    let (tomb, chain) = (sets.maybe_text()?, sets.maybe_text()?);
    let queue_known = sets.number::<u8>()? == 1;
    let labels = entry.items()?.pairs()?;
    let mut sizes = entry.items()?;
    let (spec, stdin, result) = (sizes.number::<i64>()?, sizes.number::<i64>()?, sizes.number::<i64>()?);
    let (tries, output) = (sizes.number()?, sizes.number::<u64>()?);
    let mut lease = entry.items()?;
    Ok(JobFacts {
        id: id.to_owned(),
        fields,
        places,
        expiry,
        retain,
        outputs,
        inputs,
        tomb,
        chain,
        labels,
        queue_known,
        spec_bytes: (spec >= 0).then_some(spec),
        stdin_bytes: (stdin >= 0).then_some(stdin),
        has_result: result >= 0,
        tries,
        has_output: output > 0,
        held: lease.maybe_text()?,
        mail: lease.maybe_text()?,
    })
}
