//! The right word nearest to a wrong one.

/// The word most like `typed`, if any is at all like it.
pub fn nearest<'a>(typed: &str, words: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('-', "_");
    words
        .iter()
        .map(|word| (strsim::normalized_damerau_levenshtein(&typed, &word.to_lowercase()), *word))
        // Half of the letters at least; `max_by` would take the last of equals.
        .filter(|(likeness, _)| *likeness >= 0.5)
        .fold(None, |best: Option<(f64, &str)>, one| match best {
            Some(best) if best.0 >= one.0 => Some(best),
            _ => Some(one),
        })
        .map(|(_, word)| word)
}

/// `a`, `a or b`, `a, b or c`.
pub fn one_of<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_or_none() {
        let keys = ["retries", "retry_on", "timeout", "soft_timeout"];
        assert_eq!(nearest("retires", &keys), Some("retries"));
        assert_eq!(nearest("soft-timeout", &keys), Some("soft_timeout"));
        assert_eq!(nearest("colour", &keys), None);
        assert_eq!(one_of(&["a", "b", "c"]), "a, b or c");
    }
}
