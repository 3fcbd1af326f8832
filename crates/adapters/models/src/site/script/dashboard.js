// Tables that a click on a heading sorts.
const collator = new Intl.Collator(lang, { numeric: true });
for (const table of all("table[data-sort]")) {
  const [body] = table.tBodies;
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const sort = button(head.textContent);
    const key = (row) => row.cells[at].textContent;
    head.replaceChildren(sort);
    sort.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const order = (a, b) => parseFloat(key(a)) - parseFloat(key(b)) || collator.compare(key(a), key(b));
      body.append(...[...body.rows].sort((a, b) => (up ? order(a, b) : order(b, a))));
    });
  });
}

// Charts over a period.
const path = (values, top, low = 0) =>
  `M${values.map((value, at) => `${Math.round((at * 600) / (values.length - 1))} ${Math.round(200 - ((value - low) * 196) / (top - low || 1))}`).join(" L")}`;
for (const dashboard of all(".dashboard")) {
  const range = one("fieldset", dashboard);
  const day = written({ day: "numeric", month: "short" });
  const last = (text, days) => text.split(" ").slice(-days).map(Number);
  const draw = () => {
    const [days, place] = all("input", range).flatMap((input, at) => (input.checked ? [Number(input.value), at] : []));
    for (const tile of all("[data-series]", dashboard)) {
      const values = last(tile.dataset.series, days);
      const change = Math.round((values.at(-1) / values[0] - 1) * 100);
      one(".change", tile).textContent = `${change > 0 ? "+" : ""}${number.format(change)} %`;
      one(".trend", tile).setAttribute("d", path(values, Math.max(...values), Math.min(...values)));
    }
    const panel = one("[data-trend]", dashboard);
    const values = last(panel.dataset.trend, days).map((part) => Math.round((part * panel.dataset.value) / 100));
    const step = 10 ** Math.floor(Math.log10(Math.max(...values, 1)));
    const top = [1, 2, 4, 6, 10].map((times) => times * step).find((most) => most >= Math.max(...values));
    const line = path(values, top);
    one(".trend", panel).setAttribute("d", line);
    one(".fill", panel).setAttribute("d", `${line} V200 H0 Z`);
    const [scale, axis] = all(".plot > div", panel);
    scale.replaceChildren(...[top, top / 2, 0].map((value) => make("span", number.format(value))));
    const back = (at) => day(later(today, at + 1 - days));
    axis.replaceChildren(...[0, (days - 1) >> 1, days - 1].map((at) => make("span", back(at))));
    one("tbody", panel).replaceChildren(
      ...values.map((value, at) => {
        const row = make("tr");
        row.append(make("th", back(at), { scope: "row" }), make("td", number.format(value), { class: "number" }));
        return row;
      }),
    );
    const bars = all("[data-bars]", dashboard);
    const counts = bars.map((row) => Number(row.dataset.bars.split(" ")[place]));
    bars.forEach((row, at) => {
      one("rect", row).setAttribute("width", (counts[at] * 100) / Math.max(...counts, 1));
      one(".number", row).textContent = number.format(counts[at]);
    });
  };
  range.hidden = false;
  range.addEventListener("change", draw);
  draw();
}
