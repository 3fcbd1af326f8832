// Prices by the month or the year, and the order they add up to.
const priced = all("[data-year]");
for (const element of priced) element.dataset.month = element.textContent;
const billing = all("[name=billing]");
const order = one(".order dl");
const bill = () => {
  const year = Boolean(one("[name=billing]:checked")?.value);
  for (const element of priced) element.textContent = year ? element.dataset.year : element.dataset.month;
  for (const text of all("[data-said]")) text.textContent = year ? text.dataset.said : "";
  for (const link of all(".plan a[href*='#plan']")) link.hash = link.hash.slice(0, 7) + (year ? "-year" : "");
  if (!order) return;
  const card = one("[name=plan]:checked + label");
  order.hidden = false;
  for (const [key, what] of [["plan", "strong"], ["note", ".fact"], ["total", ".price"]]) {
    one(`[data-order=${key}]`).textContent = one(what, card).textContent;
  }
};
all(".billing").forEach((bar) => (bar.hidden = false));
if (billing.length || order) {
  const [, plan, year] = /^#(plan-\d)(-year)?$/.exec(location.hash) ?? [];
  if (plan && order) document.getElementById(plan).checked = true;
  if (year && billing[1]) billing[1].checked = true;
  for (const choice of all("[name=billing], [name=plan]")) choice.addEventListener("change", bill);
  bill();
}
