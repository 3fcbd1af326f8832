// A calendar in the place of a date's input.
const calendar = (field) => {
  const { calendar: closed, previous, next, closed: closedText } = field.dataset;
  const input = one("input", field);
  const label = one("label", field);
  const locale = new Intl.Locale(lang);
  const first = (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
  const free = (day) => day >= today && !closed.split(" ").includes(String(day.getUTCDay() || 7));
  const month = written({ month: "long", year: "numeric" });
  const [narrow, short, long, digits] = [{ weekday: "narrow" }, { weekday: "short" }, { weekday: "long" }, { day: "numeric" }].map(written);
  const title = make("p", "", { id: "month", "aria-live": "polite" });
  const turn = [button("‹", { "aria-label": previous }), button("›", { "aria-label": next })];
  const body = make("tbody");
  const week = make("tr");
  // 4 January 2021 is a Monday.
  for (let at = 0; at < 7; at += 1) {
    const day = new Date(Date.UTC(2021, 0, 3 + first + at, 12));
    const name = short(day).length > 4 ? narrow(day) : short(day);
    week.append(make("th", name, { scope: "col", abbr: long(day) }));
  }
  const grid = make("table", "", { role: "grid", "aria-labelledby": "month", "aria-describedby": "date-error" });
  const head = make("div");
  head.append(turn[0], title, turn[1]);
  grid.append(make("thead"), body);
  grid.tHead.append(week);
  const box = make("div", "", { class: "calendar", role: "group", "aria-labelledby": "date-label" });
  box.append(head, grid);
  let at = today;
  while (!free(at)) at = later(at, 1);
  const draw = (focus) => {
    title.textContent = month(at);
    turn[0].disabled = iso(at).slice(0, 7) <= iso(today).slice(0, 7);
    const start = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1, 12));
    let day = later(start, -((start.getUTCDay() - first + 7) % 7));
    body.replaceChildren();
    do {
      const row = make("tr");
      for (let place = 0; place < 7; place += 1, day = later(day, 1)) {
        const inside = day.getUTCMonth() === at.getUTCMonth();
        if (!inside) {
          row.append(make("td"));
          continue;
        }
        const shut = day >= today && !free(day) ? `, ${closedText}` : "";
        const cell = make("td", digits(day), {
          role: "gridcell",
          tabindex: iso(day) === iso(at) ? 0 : -1,
          "data-day": iso(day),
          "aria-label": inFull(day) + shut,
          "aria-selected": iso(day) === input.value,
        });
        if (!free(day)) cell.setAttribute("aria-disabled", "true");
        if (iso(day) === iso(today)) cell.setAttribute("aria-current", "date");
        row.append(cell);
      }
      body.append(row);
    } while (day.getUTCMonth() === at.getUTCMonth());
    if (focus) one("[tabindex='0']", body).focus();
  };
  const go = (day, focus) => {
    at = day < today ? today : day;
    draw(focus);
  };
  const months = (by) => {
    const last = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + by + 1, 0, 12));
    return new Date(Math.min(last, Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), at.getUTCDate(), 12)));
  };
  const choose = (cell) => {
    const day = new Date(`${cell.dataset.day}T12:00Z`);
    if (!free(day)) return;
    input.value = iso(day);
    go(day, true);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  turn.forEach((arrow, place) => arrow.addEventListener("click", () => go(months(place ? 1 : -1))));
  body.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-day]");
    if (cell) choose(cell);
  });
  body.addEventListener("keydown", (event) => {
    const side = rtl ? -1 : 1;
    const column = (at.getUTCDay() - first + 7) % 7;
    const to = {
      ArrowLeft: () => later(at, -side),
      ArrowRight: () => later(at, side),
      ArrowUp: () => later(at, -7),
      ArrowDown: () => later(at, 7),
      Home: () => later(at, -column),
      End: () => later(at, 6 - column),
      PageUp: () => months(event.shiftKey ? -12 : -1),
      PageDown: () => months(event.shiftKey ? 12 : 1),
    }[event.key];
    if (to) go(to(), true);
    else if (event.key === "Enter" || event.key === " ") choose(event.target);
    else return;
    event.preventDefault();
  });
  label.id = "date-label";
  label.removeAttribute("for");
  input.hidden = true;
  input.after(box);
  draw();
  input.focus = () => one("[tabindex='0']", body).focus();
};

// Times that are over or, as a sample, taken.
const times = (field) => {
  const date = one("#date");
  const set = () => {
    all("input", field).forEach((input, place) => {
      const over = date.value === iso(today) && input.value < now.toTimeString().slice(0, 5);
      const taken = date.value && (Number(date.value.replaceAll("-", "")) + place * 3) % 5 === 0;
      input.disabled = over || taken;
      input.checked &&= !input.disabled;
      const label = input.nextElementSibling;
      label.textContent = input.value;
      if (input.disabled) label.append(make("span", ` (${field.dataset.taken})`, { class: "unseen" }));
    });
  };
  date.addEventListener("change", set);
  set();
};
all("[data-calendar]").forEach(calendar);
all("[data-taken]").forEach(times);

// A calendar entry as programs read it.
const entry = (form, code) => {
  const { date, time, nights, topic } = form.elements;
  const day = date.value.replaceAll("-", "");
  const what = [one(".brand").textContent, topic?.value].filter(Boolean).join(" · ").replace(/[\\;,]/g, "\\$&");
  const when = nights
    ? [`DTSTART;VALUE=DATE:${day}`, `DURATION:P${nights.value}D`]
    : [`DTSTART:${day}T${time.value.replace(":", "")}00`, "DURATION:PT1H"];
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//sample//site", "BEGIN:VEVENT", `UID:${code}@example.com`, `DTSTAMP:${stamp}`];
  one("#entry").value = [...lines, ...when, `SUMMARY:${what}`, "END:VEVENT", "END:VCALENDAR"].join("\n");
};
document.addEventListener("answered", ({ target: form, detail }) => form.elements.date && entry(form, detail));
for (const copy of all("[data-copy]")) {
  copy.addEventListener("click", () => {
    document.getElementById(copy.dataset.copy).select();
    // The other way to copy asks for rights that a sandboxed page has not.
    if (document.execCommand("copy")) copy.nextElementSibling.textContent = copy.dataset.copied;
  });
}
