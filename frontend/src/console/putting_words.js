// A button with data-put-word puts its word where somebody typed last among the form's fields with data-takes-words.
const last = new WeakMap();

document.addEventListener("focusin", (event) => {
  const field = event.target.closest("[data-takes-words]");
  if (field?.form) last.set(field.form, field);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-put-word]");
  const form = button?.form;
  const field = form && (last.get(form) ?? form.querySelector("[data-takes-words]"));
  if (!field) return;
  field.setRangeText(button.dataset.putWord, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  form.dispatchEvent(new CustomEvent("words-put"));
});
