// Keys of the keyboard press the keypad, Esc hangs up; never while somebody types into a field or holds a modifier.
const typing = (element) => element.matches("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  const keypad = document.querySelector("[data-keypad]");
  if (!keypad || event.repeat || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    document.querySelector("[data-hang-up] button").click();
  } else if (/^[0-9*#]$/.test(event.key)) {
    keypad.querySelector(`button[value="${event.key}"]`).click();
  }
});
