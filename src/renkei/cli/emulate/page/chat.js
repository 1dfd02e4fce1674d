// The customer's chat tab: type, send a picture, a bare URL or an emoji, give a telephone number.
import { word } from "/words.js";

const EMOJI = ["😀", "😢", "🙏", "👍", "🇯🇵", "👨‍👩‍👧"];
const asked = new URLSearchParams(location.search);
const APP = "shop-app"; // this channel's chats are pushed: what is known already cannot be made older
const KEPT = `chat ${asked.get("channel") ?? ""}`;
const $ = (id) => document.getElementById(id);
let chat = null;

class Refusal extends Error {}

async function send(method, path, body, type = "application/json") {
  const answer = await fetch(path, { method, body, headers: body === undefined ? {} : { "Content-Type": type } });
  if (answer.status === 413) throw new Refusal("too_large");
  if (answer.status === 415) throw new Refusal("not_accepted");
  if (!answer.ok) throw new Refusal("problem");
  return answer.json();
}

async function attempt(work) {
  $("problem").hidden = true;
  try {
    chat = await work();
    sessionStorage.setItem(KEPT, chat.session_id);
    draw();
    return true;
  } catch (failure) {
    $("problem").textContent = word(failure instanceof Refusal ? failure.message : "problem");
    $("problem").hidden = false;
    return false;
  }
}

function begin() {
  const wanted = { project_id: asked.get("project"), channel_id: asked.get("channel") };
  return send("POST", "/chats", JSON.stringify(wanted));
}

async function resume() {
  const known = sessionStorage.getItem(KEPT);
  if (!known) return begin();
  try {
    return await send("GET", `/chats/${encodeURIComponent(known)}`);
  } catch {
    return begin(); // the emulator was started anew without its folder
  }
}

function draw() {
  if (!chat) return;
  $("messages").replaceChildren(...chat.messages.map(drawMessage));
  $("messages").scrollTop = $("messages").scrollHeight;
  const title = word(chat.channel_id === APP ? "app_title" : "title");
  document.querySelector("h1").textContent = title;
  $("age").hidden = chat.channel_id === APP;
  $("given").textContent = chat.phone_number ? word("number_given") + chat.phone_number : word("number_hint");
}

function drawMessage(said) {
  const item = document.createElement("li");
  item.className = said.sender === "user" ? "customer" : "service";
  const who = document.createElement("span");
  who.className = "who";
  const at = new Date(said.created_at);
  const time = at.toLocaleTimeString("ja-JP", { hour: "2-digit", minute: "2-digit" });
  const day = at.toDateString() === new Date().toDateString() ? "" : `${at.toLocaleDateString("ja-JP")} `;
  who.textContent = `${word(said.sender)} ${day}${time}`;
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  bubble.append(...drawContent(said));
  item.append(who, bubble);
  return item;
}

function drawContent(said) {
  const text = document.createElement("span");
  text.textContent = said.text;
  if (!said.url) return [text];
  const path = new URL(said.url).pathname; // the same file, under the address this page came from
  const link = document.createElement("a");
  Object.assign(link, { href: path, target: "_blank", rel: "noopener noreferrer", textContent: word("open") });
  if (said.type !== "image") return [text, document.createElement("br"), link];
  const picture = document.createElement("img");
  Object.assign(picture, { src: path, alt: said.text });
  return [picture, link];
}

$("say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (!text.trim()) return;
  if (await attempt(() => send("POST", `/chats/${chat.session_id}/messages`, JSON.stringify({ text })))) $("text").value = "";
  $("text").focus();
});

$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return; // Enter ends a conversion in Japanese input
  event.preventDefault();
  $("say").requestSubmit();
});

$("give").addEventListener("submit", async (event) => {
  event.preventDefault();
  const number = $("number").value;
  await attempt(() => send("POST", `/chats/${chat.session_id}/number`, JSON.stringify({ number })));
});

function upload(body, name, type) {
  const path = `/chats/${chat.session_id}/uploads?name=${encodeURIComponent(name)}`;
  return attempt(() => send("POST", path, body, type));
}

$("picture").addEventListener("change", async () => {
  const [file] = $("picture").files;
  if (file) await upload(file, file.name, file.type || "application/octet-stream");
  $("picture").value = "";
});

$("sample_picture").addEventListener("click", () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 200 });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#dfe7ef";
  pen.fillRect(0, 0, 320, 200);
  pen.fillStyle = "#2b3a4a";
  pen.fillRect(50, 80, 220, 60);
  for (const [position, colour] of ["#3fb950", "#3fb950", "#f85149"].entries()) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(90 + position * 50, 110, 10, 0, 7);
    pen.fill();
  }
  canvas.toBlob((blob) => upload(blob, word("sample_name"), "image/png"), "image/png");
});

$("sample_url").addEventListener("click", () =>
  attempt(() => send("POST", `/chats/${chat.session_id}/messages`, JSON.stringify({ text: "https://www.example.jp/order/A-20250131-0042" }))),
);

$("age").addEventListener("click", () => attempt(() => send("POST", `/chats/${chat.session_id}/age`, "{}")));

$("renew").addEventListener("click", () => attempt(begin));

for (const one of EMOJI) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: one });
  button.addEventListener("click", () => {
    $("text").setRangeText(one, $("text").selectionStart, $("text").selectionEnd, "end");
    $("text").focus();
  });
  $("emoji").append(button);
}

document.addEventListener("words-changed", draw);
await attempt(resume);
