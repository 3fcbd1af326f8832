// Forms: what is wrong stands at the field and, all together, at the top.
const problem = (form, field) => {
  const { validity, value, minLength } = field;
  const own = field.closest("[data-missing]").dataset;
  if (validity.valueMissing || (field.required && !value.trim())) return own.missing;
  if (validity.typeMismatch) return form.dataset.email;
  if (value.length < minLength) return form.dataset.short;
  return validity.valid ? "" : form.dataset.number;
};
const check = (form, field) => {
  const text = problem(form, field);
  const error = one(`#${field.name}-error`);
  if (error) error.textContent = text;
  if (field.type !== "radio" && !field.hidden) field.setAttribute("aria-invalid", Boolean(text));
  return text;
};
const named = (field) => {
  const set = field.type === "radio" && field.closest("fieldset");
  return one(set ? "legend" : "label", set || field.closest(".field")).textContent;
};
// What somebody entered, in the words of the page.
const said = (field) => {
  if (field.type === "date") {
    const format = new Intl.DateTimeFormat(lang, { dateStyle: "full", calendar: "gregory", timeZone: "UTC" });
    return format.format(new Date(`${field.value}T12:00Z`));
  }
  if (field.type !== "radio") return field.selectedOptions?.[0].textContent ?? field.value;
  const label = field.nextElementSibling;
  return (one("strong", label) ?? label).textContent;
};
for (const form of all("form[data-missing]")) {
  const [summary, done] = [one(".summary", form), form.nextElementSibling];
  const fields = () => {
    const chosen = (field) => field.type !== "radio" || field.checked || !one(`[name="${field.name}"]:checked`, form);
    const names = new Set();
    return all("input, select, textarea", form).filter(
      (field) => chosen(field) && !names.has(field.name) && names.add(field.name),
    );
  };
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = fields().filter((field) => check(form, field));
    summary.hidden = wrong.length === 0;
    one("ul", summary).replaceChildren(
      ...wrong.map((field) => {
        const [item, link] = [make("li"), make("a", `${named(field)}: ${problem(form, field)}`, { href: `#${field.id}` })];
        link.addEventListener("click", (click) => {
          click.preventDefault();
          field.focus();
        });
        item.append(link);
        return item;
      }),
    );
    if (wrong.length) return summary.focus();
    answer();
  });
  // While one types and not when one leaves: what moves then would move under the pointer.
  const again = ({ target: field }) => field.name && one(`#${field.name}-error`)?.textContent && check(form, field);
  form.addEventListener("input", again);
  form.addEventListener("change", again);
  const answer = () => {
    const entries = fields().filter((field) => field.name !== "password");
    one("dl", done).replaceChildren(
      ...entries.map((field) => {
        const line = make("div");
        line.append(make("dt", named(field)), make("dd", said(field)));
        return line;
      }),
    );
    const code = [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => "ACDEFHKMNPRTWXY3479"[byte % 19]).join("");
    all("[data-reference]", done).forEach((place) => (place.textContent = code));
    form.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: code }));
    form.hidden = true;
    done.hidden = false;
    done.focus();
  };
  one("button.quiet:last-of-type", done.lastElementChild).addEventListener("click", () => {
    done.hidden = true;
    form.hidden = false;
    fields()[0].focus();
  });
}
for (const place of all("[data-left]")) {
  const input = one("textarea", place.parentElement);
  let timer = 0;
  const say = () => (place.textContent = fill(place.dataset.left, number.format(input.maxLength - input.value.length)));
  say();
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(say, 400);
  });
}
