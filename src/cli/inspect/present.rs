//! One reading, or one after the other, as text, JSON or by a pattern.

use std::time::Duration;

use super::super::args::ViewArgs;
use super::super::{Context, Done, Stop, exit};
use crate::config::nearest::nearest;
use crate::view::out::Frame;
use crate::view::{Problem, View};

/// Refuses a pattern with a field that the records do not have, before anything is read.
pub(in crate::cli) fn check<V: View>(view: &ViewArgs) -> Result<(), Stop> {
    let Some(field) = view.format.as_ref().and_then(|format| format.unknown(V::shape())) else {
        return Ok(());
    };
    let known: Vec<&str> = V::shape().fields.iter().map(|field| field.path).collect();
    let problem = Problem::new(exit::USAGE, "usage", format!("--format: there is no field {field:?}"));
    Err(match nearest(field, &known) {
        Some(near) => problem.hint(format!("did you mean {near}?")),
        None => problem.hint(format!("the fields are {}", known.join(", "))),
    }
    .into())
}

/// Shows what `read` answers, once or as often as `--watch` says. Its code is the command's.
pub(in crate::cli) async fn present<V: View>(
    context: &Context,
    view: &ViewArgs,
    read: impl AsyncFn() -> Result<(V, u8), Stop>,
) -> Done {
    let Some(every) = &view.watch else {
        let (shown, code) = read().await?;
        context.out.data(&text(context, view, &shown))?;
        for note in shown.notes() {
            context.out.say(&crate::view::escape::text(&note));
        }
        return Ok(code);
    };
    let mut frame = Frame::new(&context.out, &every.text);
    loop {
        match read().await {
            Ok((shown, _)) => {
                let mut text = text(context, view, &shown);
                if !context.global.json && view.format.is_none() {
                    text.extend(
                        shown.notes().iter().map(|note| format!("{}\n", crate::view::escape::text(note))),
                    );
                }
                frame.draw(&text)?;
            }
            Err(Stop::Problem(problem)) => match exit::of_a_look(problem) {
                // Whoever watches wants to see how it goes on.
                problem if problem.code == exit::UNAVAILABLE => frame.trouble(&problem)?,
                problem => return Err(problem.into()),
            },
            Err(other) => return Err(other),
        }
        tokio::time::sleep(Duration::from_millis(every.ms)).await;
    }
}

/// Prints one reading without more words.
pub(in crate::cli) fn print<V: View>(context: &Context, view: &ViewArgs, shown: &V) -> Result<(), Stop> {
    Ok(context.out.data(&text(context, view, shown))?)
}

fn text<V: View>(context: &Context, view: &ViewArgs, shown: &V) -> String {
    if let Some(format) = &view.format {
        let safe = context.out.is_terminal();
        return shown.items().iter().map(|record| format.line(record, safe)).collect();
    }
    if context.global.json { shown.records().concat() } else { shown.text(context.out.look()) }
}
