// Pictures one by one.
const shots = one(".shots");
if (shots) {
  const { previous, next, close } = shots.dataset;
  const [dialog, figure, caption] = [make("dialog", "", { class: "lightbox" }), make("figure"), make("figcaption", "", { "aria-live": "polite" })];
  const [back, on, shut] = [["‹", previous], ["›", next], ["×", close]].map(([sign, label]) => button(sign, { "aria-label": label }));
  dialog.append(shut, back, figure, on);
  document.body.append(dialog);
  let [shown, at] = [[], 0];
  const show = (place) => {
    at = (place + shown.length) % shown.length;
    caption.textContent = `${one("figcaption", shown[at]).textContent} (${number.format(at + 1)}/${number.format(shown.length)})`;
    dialog.setAttribute("aria-label", one("figcaption", shown[at]).textContent);
    figure.replaceChildren(one("svg", shown[at]).cloneNode(true), caption);
  };
  for (const link of all("figure > a", shots)) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      shown = all("figure:not([hidden])", shots);
      show(shown.indexOf(link.parentElement));
      dialog.showModal();
      on.focus();
    });
  }
  back.addEventListener("click", () => show(at - 1));
  on.addEventListener("click", () => show(at + 1));
  shut.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) show(at + (rtl ? -step : step));
  });
  dialog.addEventListener("close", () => one("a", shown[at]).focus());
}
