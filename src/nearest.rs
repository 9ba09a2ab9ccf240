//! The word that somebody may have meant.

/// The candidate that `word` is most likely a slip of; `None` if none is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        // Two letters the wrong way round are one slip, which counts for much in a short word.
        .filter(|(likeness, candidate)| {
            *likeness > 0.8
                || (word.len() > 2 && strsim::osa_distance(&word, &candidate.to_lowercase()) == 1)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
