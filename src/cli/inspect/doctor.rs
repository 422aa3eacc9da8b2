//! `jobq inspect doctor`: is all well, and if not, what to do.

use super::super::args::ViewArgs;
use super::super::{Context, Done, exit};
use super::open;
use super::present::{check, present};
use crate::view::checks;
use crate::view::doctor::Diagnosis;

pub(super) async fn run(context: &Context, view: &ViewArgs) -> Done {
    check::<Diagnosis>(view)?;
    let Some(store) = open(context)? else { return Ok(0) };
    let now = || jiff::Timestamp::now().as_millisecond();
    present(context, view, async || {
        let found = Diagnosis(checks::checkup(&store.checkup(now).await?));
        let code = if found.is_well() { 0 } else { exit::NO };
        Ok((found, code))
    })
    .await
}
