// Search or jump to: Cmd-K or Ctrl-K. Its entries are links and buttons of the page; what the
// page lists itself, and a search for what it does not, are added as copies of them.

const palette = document.getElementById("palette");

if (palette) {
	const input = palette.querySelector("input");
	const list = palette.querySelector("[role=listbox]");
	const nothing = palette.querySelector(".nothing");
	const pattern = list.querySelector("a");
	const most = 8;
	let chosen = 0;

	/** A copy of an entry with another icon and other words. */
	const entry = (icon, href, text, about) => {
		const item = pattern.cloneNode(true);
		item.querySelector("use").setAttribute("href", `#i-${icon}`);
		const small = document.createElement("small");
		small.textContent = about;
		item.href = href;
		item.replaceChildren(item.firstElementChild, text, small);
		item.dataset.made = "";
		return item;
	};
	const finder = list.dataset.search && entry("search", list.dataset.search, "", "by name");
	if (finder) list.append(finder);

	const visible = () => [...list.children].filter((item) => !item.hidden);
	const choose = (at) => {
		const items = visible();
		chosen = Math.max(0, Math.min(at, items.length - 1));
		for (const item of list.children) item.ariaSelected = "false";
		if (!items.length) return input.removeAttribute("aria-activedescendant");
		items[chosen].ariaSelected = "true";
		items[chosen].scrollIntoView({ block: "nearest" });
		input.setAttribute("aria-activedescendant", items[chosen].id);
	};

	const filter = () => {
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		for (const item of list.children) {
			const text = item.textContent.toLowerCase();
			item.hidden = !words.every((word) => text.includes(word));
		}
		if (finder) {
			const name = input.value.trim();
			finder.hidden = !name;
			finder.href = list.dataset.search + encodeURIComponent(name);
			finder.childNodes[1].textContent = `Projects with “${name}”`;
		}
		nothing.hidden = visible().length > 0;
		choose(0);
	};

	/** What the page lists, as it stands now. */
	const here = () => {
		for (const item of list.querySelectorAll("[data-made]")) if (item !== finder) item.remove();
		const links = [...document.querySelectorAll("#main a.cover")].slice(0, most);
		list.prepend(...links.map((link) => entry("file", link.href, link.textContent.trim(), "on this page")));
		[...list.children].forEach((item, at) => (item.id = `palette-${at}`));
	};

	const open = () => {
		if (palette.open) return palette.close();
		for (const other of document.querySelectorAll(":popover-open")) other.hidePopover();
		input.value = "";
		here();
		filter();
		palette.showModal();
	};

	document.addEventListener("keydown", (event) => {
		if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
			event.preventDefault();
			open();
		}
	});
	document.addEventListener("click", ({ target }) => {
		if (target.closest?.("[data-palette]")) open();
		else if (target === palette || target.closest?.("#palette button")) palette.close();
	});
	input.addEventListener("input", filter);
	input.addEventListener("keydown", (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: most, PageUp: -most }[event.key];
		if (step) {
			event.preventDefault();
			choose(chosen + step);
		} else if (event.key === "Enter") {
			event.preventDefault();
			visible()[chosen]?.click();
		}
	});
	list.addEventListener("pointermove", ({ target }) => {
		const at = visible().indexOf(target.closest("[role=option]"));
		if (at >= 0 && at !== chosen) choose(at);
	});
	if (!/Mac|iPhone|iPad/.test(navigator.platform)) {
		for (const key of document.querySelectorAll("[data-palette] kbd")) key.textContent = "Ctrl K";
	}
}
