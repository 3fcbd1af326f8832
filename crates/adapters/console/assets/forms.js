// A form that was sent says so and is not sent twice.

document.addEventListener("submit", (event) => {
	const form = event.target;
	if (event.defaultPrevented || form.method !== "post") return;
	if (form.dataset.sent !== undefined) {
		event.preventDefault();
		return;
	}
	form.dataset.sent = "";
	(event.submitter ?? form.querySelector("button:not([type=button])"))?.setAttribute("aria-busy", "true");
});

// Coming back with the back button, the page is as it was left: make it usable again.
addEventListener("pageshow", () => {
	for (const form of document.querySelectorAll("form[data-sent]")) {
		delete form.dataset.sent;
		form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
	}
});

// A filter takes effect when it is chosen; text waits for Enter.
document.addEventListener("change", ({ target }) => {
	if (target.matches?.("form.filters select, form.filters [type=checkbox], form.filters [type=radio]")) target.form.requestSubmit();
});

// The first mistake gets the focus.
document.querySelector("form[method=post] [aria-invalid=true]")?.focus();
