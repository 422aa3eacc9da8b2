//! `jobq inspect verify`: is the stored state sound.

use super::super::args::ViewArgs;
use super::super::{Context, Done, exit};
use super::open;
use super::present::{check, present};
use crate::view::verify::Verdicts;

/// Keys between two words of how far it is, with -v.
const TELL_EVERY: u64 = 100_000;

pub(super) async fn run(context: &Context, view: &ViewArgs) -> Done {
    check::<Verdicts>(view)?;
    let Some(store) = open(context)? else { return Ok(0) };
    present(context, view, async || {
        let mut told = 0;
        let found = store
            .verify(|keys| {
                if keys / TELL_EVERY > told {
                    told = keys / TELL_EVERY;
                    context.out.detail(1, &format!("{keys} keys looked at"));
                }
            })
            .await?;
        let code = if found.violations.is_empty() { 0 } else { exit::NO };
        let looked = (found.keys, found.jobs);
        Ok((Verdicts { violations: found.violations, notes: found.notes, looked }, code))
    })
    .await
}
