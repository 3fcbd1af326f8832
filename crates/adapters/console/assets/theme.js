// Runs before the first paint, so that nobody sees the wrong theme. Without storage or without
// scripts the system's own preference stands.
(() => {
	const root = document.documentElement;
	root.classList.add("js");
	const read = (key) => {
		try {
			return localStorage.getItem(`keelway.${key}`);
		} catch {
			return null;
		}
	};
	const apply = () => {
		for (const key of ["theme", "contrast"]) {
			const chosen = read(key);
			if (chosen) root.dataset[key] = chosen;
			else delete root.dataset[key];
		}
	};
	const press = () => {
		for (const key of ["theme", "contrast"]) {
			for (const button of document.querySelectorAll(`.seg [data-${key}-set]`)) {
				button.ariaPressed = String(button.dataset[`${key}Set`] === (root.dataset[key] ?? "system"));
			}
		}
	};
	apply();
	addEventListener("DOMContentLoaded", press);
	addEventListener("storage", () => (apply(), press()));
	addEventListener("click", ({ target }) => {
		const button = target.closest?.("[data-theme-set], [data-contrast-set]");
		if (!button) return;
		const key = button.dataset.themeSet ? "theme" : "contrast";
		const value = button.dataset[`${key}Set`];
		try {
			if (value === "system") localStorage.removeItem(`keelway.${key}`);
			else localStorage.setItem(`keelway.${key}`, value);
		} catch {
			// A browser that keeps nothing still changes this page.
		}
		if (value === "system") delete root.dataset[key];
		else root.dataset[key] = value;
		press();
	});
})();
