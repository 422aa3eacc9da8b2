//! In which order a claim looks at the queues.

use crate::core::name::Name;
use crate::service::chance::random_unit;

/// The places of `queues` in the order to look. Strict: as written. Otherwise drawn at
/// random by weight, so that a queue of weight 3 is looked at first three times as often as
/// one of weight 1 and none ever starves.
pub fn order(queues: &[(Name, u32)], strict: bool) -> Vec<usize> {
    let mut left: Vec<usize> = (0..queues.len()).collect();
    if strict || left.len() < 2 {
        return left;
    }
    let mut drawn = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let total: u64 = left.iter().map(|place| u64::from(queues[*place].1)).sum();
        let mut ticket = (random_unit() * total as f64) as u64;
        let winner = left.iter().position(|place| {
            let weight = u64::from(queues[*place].1);
            let won = ticket < weight;
            ticket = ticket.saturating_sub(weight);
            won
        });
        drawn.push(left.remove(winner.unwrap_or(0)));
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_decide_how_often_a_queue_is_first() {
        let queues = [(Name::new("a").unwrap(), 3), (Name::new("b").unwrap(), 1)];
        assert_eq!(order(&queues, true), [0, 1]);
        let first = (0..4000).filter(|_| order(&queues, false)[0] == 0).count();
        // 3000 expected, standard deviation 27.
        assert!((2800..3200).contains(&first), "{first}");
    }
}
