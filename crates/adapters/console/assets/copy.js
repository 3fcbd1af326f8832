import { say } from "./core.js";

document.addEventListener("click", async ({ target }) => {
	const button = target.closest?.("[data-copy]");
	if (!button) return;
	try {
		await navigator.clipboard.writeText(button.dataset.copy);
	} catch {
		say("Copying is not allowed here: select the text instead");
		return;
	}
	button.dataset.done = "";
	say("Copied");
	setTimeout(() => delete button.dataset.done, 1500);
});
