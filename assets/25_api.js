// What the page asks over HTTP.
"use strict";
(() => {
  /** JSON of `path` under /api/v1. Throws an Error with `status` (0: no answer). */
  const get = (path) => ask(path, { headers: { Accept: "application/json" } });
  const post = (path) => ask(path, { method: "POST", headers: { Accept: "application/json" } });

  async function ask(path, request) {
    let answer;
    try {
      answer = await fetch(`/api/v1${path}`, request);
    } catch (cause) {
      throw Object.assign(new Error("no answer"), { status: 0, cause });
    }
    if (!answer.ok) throw Object.assign(new Error(`${path}: ${answer.status}`), { status: answer.status });
    return answer.json();
  }

  const code = encodeURIComponent;

  const ahead = new Map(); // path -> answer under way

  /** Ask for a path now; whoever asks for it first after that gets this answer. */
  function early(path) {
    const answer = get(path);
    answer.catch(() => {}); // told to whoever takes it
    ahead.set(path, answer);
    return answer;
  }

  function take(path) {
    const answer = ahead.get(path) || get(path);
    ahead.delete(path);
    return answer;
  }

  const paths = {
    view: (grid) => (grid ? `/view?grid=${code(grid)}` : "/view"),
    children: (grid) => `/grids/${code(grid)}/children?geometry=1`,
    outline: (grid) => `/grids/${code(grid)}/outline`,
  };

  Wall.api = {
    view: (grid) => take(paths.view(grid)),
    children: (grid, on) => (on ? get(`${paths.children(grid)}&on=${on}`) : take(paths.children(grid))),
    heat: (grid, mode, days) =>
      get(mode === "significance"
        ? `/heat/significance?grid=${code(grid)}&days=${days}${Wall.replay.query()}`
        : `/heat?grid=${code(grid)}&mode=${mode}&days=${days}${Wall.replay.query()}`),
    viewAt: (grid, at) => get(`/view?grid=${code(grid)}&at=${code(at)}`),
    ribbon: (grid, span, last) => get(`/ribbon?grid=${code(grid)}&span=${span}${last ? `&last=${last}` : ""}`),
    span: (grid, query) => get(`/span?grid=${code(grid)}${query}`),
    read: get,
    explain: (id, query) => get(`/indicators/${code(id)}/explain?${new URLSearchParams(query)}`),
    paint: (grid, id, days) => get(`/grids/${code(grid)}/paint?indicator=${code(id)}&window=${days}d`),
    paints: () => get("/map/paints"),
    unplaced: (grid) => get(`/grids/${code(grid)}/unplaced`),
    point: (id) => get(`/video-points/${code(id)}`),
    case: (number) => get(`/cases/${code(number)}`),
    acknowledge: (alert) => post(`/alerts/${alert}/ack`),
    outline: (grid, on) => (on ? get(`${paths.outline(grid)}?on=${on}`) : take(paths.outline(grid))),
    /** Begin to load a grid (null: the top, whose code the view tells) while the page itself is still being drawn. */
    ahead: (grid) => {
      const shapes = (of) => (early(paths.children(of)), early(paths.outline(of)));
      const view = early(paths.view(grid));
      if (grid) shapes(grid);
      else view.then((loaded) => shapes(loaded.grid.code)).catch(() => {});
    },
  };
})();
