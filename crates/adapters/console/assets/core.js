// What every module stands on: turning the server's HTML into the page, and saying things aloud.

const policy = globalThis.trustedTypes?.createPolicy("keelway", { createHTML: (html) => html });

/** The server's own HTML as nodes: the one place where text becomes markup. */
function parse(html) {
	const trusted = policy ? policy.createHTML(html) : html;
	return new DOMParser().parseFromString(trusted, "text/html").body;
}

/** Whether a person changed this control since the server sent it. */
const isTouched = (node) =>
	node.matches("input:not([type=hidden]), textarea, select") &&
	(node === document.activeElement ||
		(node.type === "checkbox" || node.type === "radio"
			? node.checked !== node.defaultChecked
			: node.tagName === "SELECT"
				? [...node.options].some((option) => option.selected !== option.defaultSelected)
				: node.value !== node.defaultValue));

function attributes(old, fresh) {
	// What a person opened or closed is not the server's to change.
	const isOurs = (name) => name !== "open" || !old.matches("details, dialog");
	for (const { name, value } of fresh.attributes) {
		if (isOurs(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
	}
	for (const { name } of [...old.attributes]) {
		if (isOurs(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
	}
}

function children(old, fresh) {
	const keyed = new Map([...old.children].filter((node) => node.id).map((node) => [node.id, node]));
	let at = old.firstChild;
	for (const next of [...fresh.childNodes]) {
		let match = next.id ? keyed.get(next.id) : at;
		while (!next.id && match?.id && match.nodeType === 1) match = match.nextSibling;
		if (match && match.nodeName === next.nodeName && match.parentNode === old) {
			if (match !== at) old.insertBefore(match, at);
			else at = at.nextSibling;
			morph(match, next);
		} else {
			old.insertBefore(document.adoptNode(next), at);
		}
	}
	while (at) {
		const gone = at;
		at = at.nextSibling;
		gone.remove();
	}
}

/** Makes `old` say what `fresh` says, node by node: focus, scroll, open details, popovers, frames
 * and what is being typed stay as they are. */
function morph(old, fresh) {
	if (old.nodeType !== 1) {
		if (old.data !== fresh.data) old.data = fresh.data;
		return;
	}
	if (old.isEqualNode(fresh) || old.hasAttribute("data-keep")) return;
	if (isTouched(old)) return;
	attributes(old, fresh);
	children(old, fresh);
	if (old.matches("input, textarea") && old.value !== old.defaultValue) old.value = old.defaultValue;
}

/** Shows the server's `html` in place of what `target` holds. */
export function swap(target, html) {
	const body = parse(html);
	const fresh = (target.id && body.querySelector(`#${CSS.escape(target.id)}`)) || body;
	children(target, fresh);
	const purse = document.getElementById("available");
	if (purse && fresh.dataset.available) purse.textContent = fresh.dataset.available;
	document.dispatchEvent(new CustomEvent("swapped", { detail: target }));
}

/** Says `text` in the corner and to screen readers. */
export function say(text) {
	const place = document.getElementById("toasts");
	if (!place || place.lastElementChild?.textContent === text) return;
	const line = document.createElement("p");
	line.textContent = text;
	place.append(line);
	setTimeout(() => line.remove(), 4000);
}

/** Fetches a part of a page; a redirect away from it (signed out, moved) is followed by the whole page. */
export async function fragment(url, options = {}) {
	const answer = await fetch(url, { ...options, headers: { "X-Fragment": "1", ...options.headers } });
	if (answer.redirected && new URL(answer.url).pathname !== new URL(url, location.href).pathname) {
		location.assign(answer.url);
		throw new DOMException("moved", "AbortError");
	}
	return { ok: answer.ok, status: answer.status, html: await answer.text() };
}

// A transition between pages may be skipped, when the next navigation comes before it ends.
for (const moment of ["pageswap", "pagereveal"]) {
	addEventListener(moment, ({ viewTransition }) => {
		viewTransition?.ready.catch(() => {});
		viewTransition?.finished.catch(() => {});
	});
}
