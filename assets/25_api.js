// What the page asks over HTTP.
"use strict";
(() => {
  /** JSON of `path` under /api/v1. Throws an Error with `status` (0: no answer). */
  async function get(path) {
    let answer;
    try {
      answer = await fetch(`/api/v1${path}`, { headers: { Accept: "application/json" } });
    } catch (cause) {
      throw Object.assign(new Error("没有应答"), { status: 0, cause });
    }
    if (!answer.ok) throw Object.assign(new Error(`${path}: ${answer.status}`), { status: answer.status });
    return answer.json();
  }

  const code = encodeURIComponent;

  Wall.api = {
    view: (grid) => get(grid ? `/view?grid=${code(grid)}` : "/view"),
    children: (grid) => get(`/grids/${code(grid)}/children?geometry=1`),
    outline: (grid) => get(`/grids/${code(grid)}/outline`),
  };
})();
