// What a description would take, while it is being typed. The form works alone; this saves a click.
import { fragment, swap } from "./core.js";

/** A pause in typing. */
const PAUSE_MS = 350;

for (const form of document.querySelectorAll("form[data-preview]")) {
	const target = document.getElementById(form.dataset.preview);
	const text = form.querySelector("textarea");
	let timer = 0;
	let running = null;
	let shown = null;

	const ask = async () => {
		const body = new URLSearchParams(new FormData(form));
		if (!text.value.trim() || String(body) === shown) return;
		running?.abort();
		running = new AbortController();
		target.ariaBusy = "true";
		try {
			const answer = await fragment(form.dataset.action ?? form.action, { method: "POST", body, signal: running.signal });
			// 422 is an answer too: it says what is wrong with the text.
			if (answer.ok || answer.status === 422) {
				swap(target, answer.html);
				shown = String(body);
			}
			target.ariaBusy = "false";
		} catch (error) {
			// An older question gave way to a newer one; any other failure leaves the button to press.
			if (error.name !== "AbortError") target.ariaBusy = "false";
		}
	};
	form.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(ask, PAUSE_MS);
	});
	for (const example of document.querySelectorAll(`[data-fill="${form.id}"]`)) {
		example.addEventListener("click", () => {
			text.value = example.dataset.text;
			text.focus();
			ask();
		});
	}
	if (text.value) ask();
}
