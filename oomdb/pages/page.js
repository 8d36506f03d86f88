
(() => {
  "use strict";
  const numberIn = (text) => {
    const found = parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(found) ? null : found;
  };
  const sort = (table, head, index) => {
    const isNumber = head.classList.contains("n");
    const now = head.getAttribute("aria-sort");
    const order = (now === null ? isNumber : now === "ascending") ? "descending" : "ascending";
    const sign = order === "ascending" ? 1 : -1;
    const read = (row) => {
      const text = row.cells[index].textContent.trim();
      if (text === "" || text === "–") return null;
      return isNumber ? numberIn(text) : text;
    };
    const compare = (one, other) => {
      if (one.value === null || other.value === null) {
        return (one.value === null) - (other.value === null);
      }
      return sign * (isNumber ? one.value - other.value : one.value.localeCompare(other.value, "en"));
    };
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, value: read(row) }));
    body.append(...rows.sort(compare).map((entry) => entry.row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head, index));
      head.append(button);
    });
  }
  const reveal = (hash) => {
    const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
    if (!target) return;
    for (let at = target.closest("details"); at; at = at.parentElement.closest("details")) {
      at.open = true;
    }
    target.scrollIntoView();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) setTimeout(reveal, 0, link.getAttribute("href"));
  });
  addEventListener("hashchange", () => reveal(location.hash));
  reveal(location.hash);
})();
