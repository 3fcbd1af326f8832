//! A tenant with a long backlog and one with a single build.

use keelway_builds::queue::{Lane, advance, place};

fn main() {
    let mut virtual_time = 0;
    let mut waiting = Vec::new();
    let mut last_tag = 0;
    for number in 1..=5 {
        let lane = Lane { band: 255, virtual_time, last_tag, occupied: 0, limit: 20 };
        last_tag = place(&lane, 5).tag;
        waiting.push((last_tag, format!("backlog {number}")));
    }
    let newcomer = Lane { band: 255, virtual_time, last_tag: 0, occupied: 0, limit: 1 };
    waiting.push((place(&newcomer, 5).tag, "newcomer".to_owned()));

    waiting.sort();
    for (tag, build) in waiting {
        virtual_time = advance(virtual_time, tag);
        println!("{virtual_time:>6} {build}");
    }
}
