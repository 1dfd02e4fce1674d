// The filters of a list: open beside a wide list, folded above a narrow one unless one of them is in error.
const narrow = window.matchMedia("(max-width: 48rem)");

function fold() {
  for (const part of document.querySelectorAll(".filters-fold")) {
    part.open = !narrow.matches || part.querySelector(".has-error") !== null;
    part.dataset.ready = "yes";
  }
}

fold();
narrow.addEventListener("change", fold);
