// Makes the parts of these pages work. Sends and stores nothing.
(() => {
"use strict";

const all = (what, within = document) => [...within.querySelectorAll(what)];
const one = (what, within = document) => within.querySelector(what);
const root = document.documentElement;
const lang = root.lang || "en";
const rtl = root.dir === "rtl";
const fill = (text, value) => text.replace("{}", value);
const make = (tag, text = "", attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const button = (text, attributes) => make("button", text, { type: "button", ...attributes });
const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });

// The menu of narrow windows.
const opener = one(".menu-button");
if (opener) {
  const nav = one("#menu");
  const menu = button(opener.textContent, { class: "menu-button", "aria-controls": "menu" });
  const set = (open) => {
    nav.classList.toggle("open", open);
    menu.setAttribute("aria-expanded", open);
  };
  opener.replaceWith(menu);
  set(false);
  menu.addEventListener("click", () => set(!nav.classList.contains("open")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !nav.classList.contains("open")) return;
    set(false);
    menu.focus();
  });
  document.addEventListener("click", (event) => event.target.closest(".site-header") || set(false));
}
