// Alt and a letter, never a bare letter while somebody types; `?` opens the sheet.
const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;

export function listenForShortcuts(deeds) {
  const sheet = document.getElementById("desk-shortcuts");
  document.getElementById("desk-help").addEventListener("click", () => sheet.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey) return;
    if (event.key === "?" && !event.altKey && !isTyping(event.target) && !sheet.open) {
      event.preventDefault();
      sheet.showModal();
    } else if (event.altKey && !event.shiftKey && deeds[event.code]) {
      event.preventDefault();
      deeds[event.code]();
    }
  });
}
