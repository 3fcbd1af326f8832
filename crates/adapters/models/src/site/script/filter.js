// Lists that a bar narrows by words and a tag.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
for (const bar of all("[data-filter]")) {
  const { filter, groups, shown } = bar.dataset;
  const items = all(filter);
  bar.hidden = items.length < 2;
  bar.addEventListener("input", () => {
    const words = plain(one("input[type=search]", bar).value).trim();
    const tag = one("input:checked", bar)?.value ?? "";
    for (const item of items) {
      item.hidden = !plain(item.textContent).includes(words) || (tag && item.dataset.tag !== tag);
    }
    const found = items.filter((item) => !item.hidden).length;
    one("[role=status]", bar).textContent = words || tag ? fill(shown, number.format(found)) : "";
    for (const group of groups ? all(groups) : []) {
      group.hidden = !items.some((item) => group.contains(item) && !item.hidden);
    }
  });
}
