/**
 * The script of pages with a filter: shows the rows that hold every word, while somebody types.
 *
 * Without scripts, the form asks the server, which hides the same rows.
 *
 * @module
 */
export const filterScript = `
const input = document.getElementById("filter");
const shown = document.getElementById("shown");
const rows = [...document.querySelectorAll("[data-filter]")];

const show = () => {
  const words = input.value.toLowerCase().split(/\\s+/);
  let count = 0;
  for (const row of rows) {
    const fits = words.every((word) => row.dataset.filter.includes(word));
    row.hidden = !fits;
    if (fits) count++;
  }
  for (const group of document.querySelectorAll("tbody")) {
    group.hidden = !group.querySelector("[data-filter]:not([hidden])");
  }
  shown.textContent = count + " of " + rows.length;
};
input.addEventListener("input", () => {
  show();
  // Whoever comes back from an event finds what they had found.
  const here = new URL(location);
  here.searchParams.set("q", input.value);
  if (!input.value) here.searchParams.delete("q");
  history.replaceState(null, "", here);
});
show();
`;
