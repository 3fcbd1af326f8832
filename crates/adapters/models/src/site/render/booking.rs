//! The page on which one asks for a day and a time.

use std::collections::BTreeSet;

use super::super::copy::PartCopy;
use super::super::html::{Element, el};
use super::super::kind::Kind;
use super::super::pack::Slot;
use super::Site;
use super::forms::{Form, copy, email, field, input, name, parts, reference, subjects};
use super::parts::{Choice, Choices};

pub(super) fn booking(site: &Site) -> Vec<Element> {
    let (copy, parts) = (copy(site), parts(site));
    let stays = site.story.kind == Kind::Hotel;
    let people = input("number", "off").with("min", "1").with("max", "12").with("value", "2");
    let mut fields = Vec::new();
    // Whoever asks for a table or a bed need not say what for.
    if site.story.kind != Kind::Restaurant {
        fields.push(field("topic", parts.service, subjects(site)));
    }
    let day = field("date", if stays { parts.arrival } else { copy.date }, input("date", "off"));
    let closed: Vec<String> = closed(site).iter().map(ToString::to_string).collect();
    fields.push(
        day.with("data-calendar", closed.join(" "))
            .with("data-previous", parts.previous_month)
            .with("data-next", parts.next_month)
            .with("data-closed", parts.closed)
            .with("data-missing", parts.pick_date),
    );
    fields.push(if stays {
        let nights = input("number", "off").with("min", "1").with("max", "12").with("value", "2");
        field("nights", parts.nights, nights)
    } else {
        let options = times(site.story.kind).iter().map(|time| Choice::ours(*time, *time));
        let times =
            Choices { name: "time", legend: copy.time, options: options.collect(), chosen: None };
        times.render().with("data-missing", parts.pick_time).with("data-taken", parts.taken)
    });
    fields.extend([field("people", copy.people, people), name(site), email(site)]);
    let entry =
        el("textarea").id("entry").with("rows", "5").with("readonly", "").with("dir", "ltr");
    let button = el("button")
        .class("button quiet")
        .with("type", "button")
        .with("data-copy", "entry")
        .with("data-copied", parts.copied)
        .ours(parts.copy);
    let answer = vec![
        reference(site),
        el("div")
            .class("field")
            .child(el("label").with("for", "entry").ours(parts.entry))
            .child(entry),
        el("p").child(button).child(el("span").with("role", "status")),
    ];
    Form { fields, button: copy.book, title: parts.booked, answer }.render(site)
}

/// Times one may ask for.
const fn times(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Restaurant => {
            &["12:00", "12:45", "13:30", "18:30", "19:15", "20:00", "20:45", "21:30"]
        }
        Kind::Bakery | Kind::Shop => &["08:00", "09:00", "10:00", "11:00", "12:00", "15:00"],
        Kind::Gym => &["06:30", "09:00", "12:15", "17:00", "18:00", "19:15"],
        Kind::Music | Kind::Event => &["15:00", "18:00", "20:00", "21:30"],
        _ => &["09:00", "10:00", "11:00", "12:00", "14:00", "15:00", "16:00", "17:00"],
    }
}

/// Weekdays without hours, Monday being 1: as the schedule says, else the usual ones.
fn closed(site: &Site) -> BTreeSet<usize> {
    let said = said(&site.story.pack.schedule.rows, &site.story.phrases.parts);
    let usual: &[usize] = match site.story.kind {
        Kind::Hotel | Kind::Music | Kind::Event => return BTreeSet::new(),
        Kind::Law | Kind::Clinic | Kind::School | Kind::Software | Kind::Tool => &[6, 7],
        Kind::Restaurant => &[1],
        _ => &[7],
    };
    if said.is_empty() { usual.iter().copied().collect() } else { said }
}

fn said(rows: &[Slot], copy: &PartCopy) -> BTreeSet<usize> {
    let mut days = BTreeSet::new();
    for row in rows {
        let what = row.what.to_lowercase();
        if !copy.closed_words.iter().any(|word| what.contains(word)) {
            continue;
        }
        let when = row.when.to_lowercase();
        days.extend(
            (1..).zip(copy.weekdays).filter(|(_, name)| when.contains(name)).map(|(at, _)| at),
        );
        if when.contains(copy.weekend) {
            days.extend([6, 7]);
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::super::super::copy::phrases;
    use super::super::super::language::detect;
    use super::*;

    #[test]
    fn days_without_hours_are_those_the_schedule_names() {
        let row = |when: &str, what: &str| Slot {
            when: when.to_owned(),
            what: what.to_owned(),
            note: String::new(),
        };
        let english = phrases(detect("A bakery that is open every morning of the week"));
        for (rows, days) in [
            (vec![row("Monday", "Closed"), row("Sunday", "9:00 to 12:00")], vec![1]),
            (vec![row("Weekend", "Office closed")], vec![6, 7]),
            (vec![row("January", "Closed")], vec![]),
        ] {
            assert_eq!(said(&rows, &english.parts).into_iter().collect::<Vec<_>>(), days);
        }
    }
}
