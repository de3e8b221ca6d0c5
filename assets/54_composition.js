// Open cases by category, the largest first; what does not fit is counted as one.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { count, parts } = Wall.format;
  const ROWS = 7;
  const REST = "其余";

  function paint(state, changes, whole) {
    const changed = [...changes.figures].some((key) => key.startsWith("category.") || key === "tile.K07");
    if (!whole && !changed) return;
    const all = Wall.state.figuresOf(state, "category.").map(([name, { n }]) => [name, n])
      .filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    const rows = all.length > ROWS ? all.slice(0, ROWS - 1) : all;
    const rest = all.slice(rows.length);
    if (rest.length) rows.push([`${REST} ${rest.length} 类`, rest.reduce((sum, [, n]) => sum + n, 0)]);
    const top = Math.max(1, ...rows.map(([, n]) => n));
    const total = state.figures.get("tile.K07")?.value;
    document.getElementById("composition-list").replaceChildren(...rows.map(([name, n]) => {
      const bar = make("i", { class: "bar" });
      bar.style.setProperty("--share", n / top);
      return make("li", { title: total ? `${name} ${parts(n, total)} 件` : name },
        make("span", { class: "bar-name" }, name), bar, make("span", { class: "bar-value" }, count(n)));
    }));
    write(document.getElementById("composition-note"), `在办 ${count(total)} 件`);
  }

  Wall.composition = { paint };
})();
