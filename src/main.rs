//! The `jobq` command.

fn main() {}
