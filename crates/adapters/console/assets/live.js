// A running build: its stream only says that something happened, and the page asks the server for
// itself. What is shown is what the server rendered, so nothing is doubled and nothing is lost.
import { fragment, say, swap } from "./core.js";

const KINDS = [
	"build.queued", "build.started", "engine.selected", "phase.started", "phase.completed",
	"agent.started", "agent.completed", "snapshot.created", "deployment.succeeded", "build.retrying",
	"build.handed_back", "build.cancel_requested", "build.completed", "build.failed",
	"build.cancelled", "build.expired",
];
/** At most so often is the page fetched, however many events arrive. */
const PAUSE_MS = 400;
/** How long a lost stream waits before it is opened anew where the browser gave up. */
const RETRY_MS = 3000;
/** How often the page is fetched while nothing happens: time passes, and places in the queue move. */
const IDLE_MS = 5000;

let source = null;
let url = "";
let timer = 0;
let busy = false;
let again = false;

const mark = () => document.querySelector("[data-live]");

function show(state, text) {
	const place = mark();
	if (!place || place.dataset.state === state) return;
	place.dataset.state = state;
	place.textContent = text;
}

async function refresh() {
	timer = 0;
	if (busy) {
		again = true;
		return;
	}
	busy = true;
	try {
		const main = document.getElementById("main");
		const { ok, html } = await fragment(location.href);
		if (ok) {
			swap(main, html);
			follow();
		} else {
			soon(RETRY_MS);
		}
	} catch (error) {
		if (error.name !== "AbortError") soon(RETRY_MS);
	} finally {
		busy = false;
		if (again) soon();
		again = false;
	}
}

function soon(wait = PAUSE_MS) {
	timer ||= setTimeout(refresh, wait);
}

function stop() {
	source?.close();
	source = null;
	url = "";
}

/** Keeps one stream open while the page has a live mark, and none when it has not. */
function follow() {
	const place = mark();
	if (!place) {
		if (source) say(document.querySelector("[data-outcome]")?.dataset.outcome ?? "The build is over");
		stop();
		return;
	}
	if (source && url === place.dataset.live) {
		if (source.readyState === EventSource.OPEN) show("on", "Live");
		return;
	}
	stop();
	url = place.dataset.live;
	source = new EventSource(url);
	source.onopen = () => {
		show("on", "Live");
		// Something may have happened between the page and the stream.
		soon();
	};
	source.onerror = () => {
		show("lost", "Reconnecting");
		if (source?.readyState !== EventSource.CLOSED) return;
		stop();
		soon(RETRY_MS);
	};
	source.onmessage = () => soon();
	for (const kind of KINDS) source.addEventListener(kind, () => soon());
}

// A hidden tab costs the server nothing.
document.addEventListener("visibilitychange", () => {
	if (document.hidden) stop();
	else if (mark()) soon(0);
});
setInterval(() => source?.readyState === EventSource.OPEN && soon(), IDLE_MS);
addEventListener("online", () => mark() && soon(0));
follow();
