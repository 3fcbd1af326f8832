for (const show of all("[data-show]")) {
  const input = document.getElementById(show.dataset.show);
  show.hidden = false;
  show.addEventListener("click", () => {
    const open = input.type === "password";
    input.type = open ? "text" : "password";
    show.setAttribute("aria-pressed", open);
  });
}
for (const place of all("[data-strength]")) {
  const words = place.dataset.strength.split("|");
  const input = one("#password");
  input.addEventListener("input", () => {
    const { value } = input;
    const kinds = [/\p{Lu}/u, /\p{Ll}|\p{Lo}/u, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(value)).length;
    const score = new Set(value).size + kinds * 2;
    const level = value.length < 10 ? 0 : score < 12 ? 1 : score < 18 ? 2 : 3;
    const text = value && words[level];
    if (place.textContent !== text) place.textContent = text;
    place.dataset.level = level;
  });
}
