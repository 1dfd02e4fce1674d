// Orders failures of the emulated provider.
import { COMMON_FIRST, failureName } from "/failure_words.js";
import { word } from "/words.js";

const $ = (id) => document.getElementById(id);
let state = { orders: [], failures: [] };

async function send(method, wanted) {
  $("problem").hidden = true;
  try {
    const options = { method };
    if (wanted) Object.assign(options, { body: JSON.stringify(wanted), headers: { "Content-Type": "application/json" } });
    const answer = await fetch("/control/failures", options);
    if (!answer.ok) throw new Error(String(answer.status));
    state = await answer.json();
    draw();
  } catch {
    $("problem").textContent = word("problem");
    $("problem").hidden = false;
  }
}

const name = (code) => failureName(code, document.documentElement.lang);

function drawChoices() {
  const chosen = $("failure").value;
  const known = COMMON_FIRST.filter((code) => state.failures.includes(code));
  const others = state.failures.filter((code) => !known.includes(code));
  $("failure").replaceChildren(...[...known, ...others].map((code) => new Option(name(code), code)));
  if (chosen) $("failure").value = chosen;
  $("code").textContent = $("failure").value;
}

function draw() {
  drawChoices();
  const lines = state.orders.map((order) => {
    const left = order.left === null ? "" : ` · ${word("left")}${order.left}`;
    return `${name(order.failure)} · ${order.project_id ?? word("everywhere")}${left}`;
  });
  $("orders").replaceChildren(
    ...(lines.length ? lines : [word("healthy")]).map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
}

$("order").addEventListener("submit", (event) => {
  event.preventDefault();
  send("PUT", {
    failure: $("failure").value,
    times: $("times").value ? Number($("times").value) : null,
    project_id: $("project").value || null,
  });
});
$("failure").addEventListener("change", () => ($("code").textContent = $("failure").value));
$("clear").addEventListener("click", () => send("DELETE"));
document.addEventListener("words-changed", draw);
await send("GET");
