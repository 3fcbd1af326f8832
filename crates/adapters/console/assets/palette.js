// Search or jump to: Cmd-K or Ctrl-K. Its entries are links of the page, so nothing is built here.

const palette = document.getElementById("palette");

if (palette) {
	const input = palette.querySelector("input");
	const list = palette.querySelector("[role=listbox]");
	const all = [...list.children];
	const search = list.dataset.search;
	let chosen = 0;
	all.forEach((item, at) => (item.id = `palette-${at}`));

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

	let finder = null;
	if (search) {
		finder = all[0].cloneNode(true);
		finder.id = "palette-search";
		finder.querySelector("use").setAttribute("href", "#i-search");
		list.append(finder);
	}

	const filter = () => {
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		for (const item of all) {
			const text = item.textContent.toLowerCase();
			item.hidden = !words.every((word) => text.includes(word));
		}
		if (finder) {
			finder.hidden = !words.length;
			finder.href = search + encodeURIComponent(input.value.trim());
			finder.replaceChildren(finder.firstElementChild, `Projects with “${input.value.trim()}”`);
		}
		choose(0);
	};

	const open = () => {
		if (palette.open) return palette.close();
		input.value = "";
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
		else if (target === palette) palette.close();
	});
	input.addEventListener("input", filter);
	input.addEventListener("keydown", (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step) {
			event.preventDefault();
			choose(chosen + step);
		} else if (event.key === "Enter") {
			event.preventDefault();
			visible()[chosen]?.click();
		}
	});
	list.addEventListener("pointermove", ({ target }) => {
		const at = visible().indexOf(target.closest("a"));
		if (at >= 0 && at !== chosen) choose(at);
	});
	if (!/Mac|iPhone|iPad/.test(navigator.platform)) {
		for (const key of document.querySelectorAll("[data-palette] kbd")) key.textContent = "Ctrl K";
	}
}
