// 「クリップボードへコピー」 and 「個別コピー」 (R103, R105). The whole text comes from the server, where each copy is written
// down; a single message stands on the page already.
async function put(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy refused");
}

async function fetchText(address) {
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

function tell(button, text) {
  const status = document.getElementById("chat-status");
  if (status) status.textContent = text;
  button.classList.add("is-done");
  setTimeout(() => button.classList.remove("is-done"), 1500);
}

async function copyFor(button) {
  try {
    await put(button.dataset.copyFrom ? await fetchText(button.dataset.copyFrom) : button.dataset.copy);
    tell(button, button.dataset.copied);
  } catch {
    tell(button, button.dataset.failed);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (button) copyFor(button);
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyC") return;
  const button = document.querySelector("[data-copy-from]");
  if (!button) return;
  event.preventDefault();
  copyFor(button);
});
