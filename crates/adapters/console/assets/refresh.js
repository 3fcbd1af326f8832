// A page that changes without a stream fetches itself every few seconds while somebody looks at it.
import { fragment, swap } from "./core.js";

let timer = 0;
const mark = () => document.querySelector("[data-refresh]");

async function refresh() {
	timer = 0;
	try {
		const { ok, html } = await fragment(location.href);
		if (ok) swap(document.getElementById("main"), html);
		else lost();
	} catch (error) {
		if (error.name === "AbortError") return;
		lost();
	}
	follow();
}

function lost() {
	const place = mark();
	if (place) place.dataset.state = "lost";
}

function follow() {
	const place = mark();
	if (place && !document.hidden) timer ||= setTimeout(refresh, place.dataset.refresh * 1000);
}

document.addEventListener("visibilitychange", () => {
	clearTimeout(timer);
	timer = 0;
	if (!document.hidden && mark()) refresh();
});
follow();
