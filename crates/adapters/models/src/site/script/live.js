// News that come in by and by, until somebody stops them.
for (const feed of all("[data-feed]")) {
  const toggle = one("[data-pause]");
  const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const stamp = (item, time) => {
    one("time", item)?.remove();
    item.prepend(make("time", clock.format(time)));
  };
  let timer = 0;
  const play = (run) => {
    clearInterval(timer);
    timer = run ? setInterval(() => {
      if (document.hidden) return;
      const item = feed.lastElementChild;
      stamp(item, new Date());
      feed.prepend(item);
    }, 5000) : 0;
    feed.setAttribute("aria-live", run ? "polite" : "off");
    toggle.textContent = run ? toggle.dataset.pause : toggle.dataset.resume;
  };
  all("li", feed).forEach((item, at) => stamp(item, new Date(Date.now() - at * 47e3)));
  toggle.hidden = false;
  toggle.addEventListener("click", () => play(timer === 0));
  play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
}
