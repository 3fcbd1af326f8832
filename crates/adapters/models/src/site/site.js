// Checks forms, filters tables and plays sample updates. Sends and stores nothing.
(() => {
  "use strict";

  const check = (field) => {
    const ok = field.validity.valid;
    const error = document.getElementById(`${field.id}-error`);
    field.setAttribute("aria-invalid", ok ? "false" : "true");
    if (error) error.textContent = ok ? "" : field.validationMessage;
    return ok;
  };

  for (const form of document.querySelectorAll("form[data-done]")) {
    const fields = [...form.querySelectorAll("input, select, textarea")];
    const status = form.querySelector("[role=status]");
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wrong = fields.filter((field) => !check(field));
      status.textContent = wrong.length ? form.dataset.invalid : form.dataset.done;
      if (wrong.length) wrong[0].focus();
    });
    form.addEventListener("change", (event) => {
      if (event.target.hasAttribute("aria-invalid")) check(event.target);
    });
  }

  for (const filter of document.querySelectorAll("input[data-filters]")) {
    const rows = document.querySelectorAll(`#${filter.dataset.filters} tbody tr`);
    filter.closest("[hidden]")?.removeAttribute("hidden");
    filter.addEventListener("input", () => {
      const wanted = filter.value.trim().toLocaleLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
    });
  }

  for (const feed of document.querySelectorAll("[data-feed]")) {
    const button = document.getElementById("feed-toggle");
    let timer = 0;
    const turn = () => feed.prepend(feed.lastElementChild);
    const play = (on) => {
      clearInterval(timer);
      timer = on ? setInterval(turn, 4000) : 0;
      button.textContent = on ? button.dataset.pause : button.dataset.resume;
    };
    button.hidden = false;
    button.addEventListener("click", () => play(timer === 0));
    play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  }
})();
