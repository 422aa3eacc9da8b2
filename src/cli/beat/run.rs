//! `jobq beat` itself.

use std::sync::Arc;

use anyhow::Context as _;

use super::super::args::{BeatRunArgs, LogFormat};
use super::super::{Context, Done, connect, host_name, worker};
use super::by;
use super::files::{BeatFiles, Gathered};
use crate::beat;
use crate::beat::settings::Settings;
use crate::config;
use crate::core::link::Patience;
use crate::local;

pub(super) fn run(context: &Context, args: &BeatRunArgs) -> Done {
    let files = BeatFiles::new(context, args);
    // What is wrong with a file is told before anything runs.
    tell(context, &files.gather(&context.config)?);
    let (store, place) = connect::open(&context.global, &context.env, &context.out, Patience::default())?;
    let path = context.env.path.clone();
    let revive = place.map(|place| {
        let revive: beat::settings::Revive = Arc::new(move || match local::ensure(&place, path.as_deref()) {
            Ok(ready) => Ok(ready.started),
            Err(error) => Err(error.to_string()),
        });
        revive
    });
    let settings = Settings {
        files: Arc::new(files),
        shadow: args.shadow,
        allow_eviction: args.allow_eviction || context.config.worker.allow_eviction.unwrap_or_default(),
        by: by(context, None),
        host: args.reading.host.clone().unwrap_or_else(|| host_name(&context.env.host)),
        pid: std::process::id(),
        boot_id: worker::boot_id(),
        metrics: args.metrics.clone().or_else(|| context.config.beat.metrics.clone()),
        revive,
    };
    let format = args.log_format.unwrap_or(match context.config.worker.log_format {
        Some(config::LogFormat::Json) => LogFormat::Json,
        Some(config::LogFormat::Text) | None => LogFormat::Text,
    });
    let journal = worker::journal(context, format);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("jobq beat cannot start")?;
    runtime.block_on(async {
        let orders = beat::signals().context("jobq beat cannot listen for signals")?;
        beat::run(settings, Arc::new(store), orders, journal).await?;
        Ok(0)
    })
}

/// What is doubtful about the files.
fn tell(context: &Context, found: &Gathered) {
    for note in &found.notes {
        context.out.warn(&format!("{}:{}:{}: {}", note.file, note.line, note.column, note.message));
    }
    if found.mails && !has_sendmail(context) {
        context.out.warn(NO_SENDMAIL);
    }
}

/// Said where a crontab wants mail and this machine cannot send any.
pub(super) const NO_SENDMAIL: &str = "MAILTO is set and this machine has no sendmail: a worker without one \
                                      keeps the output with the job, and says that it was not mailed";

/// Whether a worker on this machine could mail.
pub(super) fn has_sendmail(context: &Context) -> bool {
    let path = context.env.path.clone().unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/lib".into()])
        .any(|dir| dir.join("sendmail").is_file())
}
