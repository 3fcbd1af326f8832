// One's own choice of a programme.
for (const plan of all("[data-plan]")) {
  const { plan: rows, add, remove } = plan.dataset;
  const [list, hint] = [one("ul", plan), one(".hint", plan)];
  plan.hidden = false;
  for (const row of all(rows)) {
    const text = [...row.children].slice(0, 2).map((part) => part.textContent).join(" · ");
    const item = make("li", text);
    const toggle = button(add, { class: "button quiet", "aria-pressed": "false", "aria-label": `${add}: ${text}` });
    const cell = make("dd", "", { class: "toggle" });
    cell.append(toggle);
    row.append(cell);
    toggle.addEventListener("click", () => {
      const on = !item.isConnected;
      if (on) list.append(item);
      else item.remove();
      toggle.textContent = on ? remove : add;
      toggle.setAttribute("aria-label", `${toggle.textContent}: ${text}`);
      toggle.removeAttribute("aria-pressed");
      hint.hidden = Boolean(list.children.length);
    });
  }
}
