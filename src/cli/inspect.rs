//! `jobq inspect`: looks closer, and never changes anything.

mod config;

use super::args::{InspectArgs, InspectCommand};
use super::connect::Missing;
use super::{Context, Done, connect};
use crate::local;
use crate::view::{json, server};

pub(super) async fn run(context: &Context, args: &InspectArgs) -> Done {
    match args.command {
        InspectCommand::Server => show_server(context).await,
        InspectCommand::Config => config::show(context),
    }
}

async fn show_server(context: &Context) -> Done {
    let Some((store, place)) =
        connect::open_existing(&context.global, &context.env, &context.out, Missing::Report)?
    else {
        return no_server(context);
    };
    let mut report = store.server().await?;
    report.local_dir = place.map(|place| place.dir);
    let text =
        if context.global.json { json::server(&report) } else { server::server(context.out.look(), &report) };
    context.out.data(&text)?;
    Ok(0)
}

fn no_server(context: &Context) -> Done {
    let place = connect::place(&context.env)?;
    let info = local::describe(&place)?;
    if context.global.json {
        let object =
            serde_json::json!({"running": false, "local_dir": info.dir, "disk_bytes": info.disk_bytes});
        context.out.data(&json::line(&object))?;
    } else {
        let dir = info.dir.display().to_string();
        let dir = crate::view::escape::text(&dir);
        let words = if info.disk_bytes > 0 {
            format!(
                "the local store in {dir} is not running; the next jobq enqueue, worker or status starts it\n"
            )
        } else {
            format!("no local store yet; the first jobq enqueue makes one in {dir}\n")
        };
        context.out.data(&words)?;
    }
    Ok(0)
}
