// A form with data-confirm asks its question before it is sent (R25): OK sends it, anything else keeps what was typed.
const dialog = document.getElementById("confirm-dialog");
const question = document.getElementById("confirm-question");
const confirmed = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  const asked = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!asked || !dialog) return;
  if (confirmed.delete(form)) return;
  event.preventDefault();
  question.textContent = asked;
  dialog.returnValue = "";
  dialog.showModal();
  const submitter = event.submitter;
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "ok") return;
    confirmed.add(form);
    form.requestSubmit(submitter ?? undefined);
  }, { once: true });
});

// A second click must not send a second time.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
