// Scenes: which panels stand where, over which layers. A switch moves what is there: the page, the map, the line and
// what is known all stay, and nothing is fetched but a grid that the scene names.
"use strict";
(() => {
  const { write, mark } = Wall.element;
  const AREAS = ["left", "right", "footer"];
  const HEAT = { mode: "count", days: 30 };
  const panels = new Map(); // name -> {name, node, shown(), paint(...)}
  let all = [];
  let carousel = {};
  let current = null;
  let wall = null; // {view(), state(), heading(): the grid that is shown or being opened, open(grid, options), painter()}
  const $ = (id) => document.getElementById(id);

  const find = (id) => all.find((scene) => scene.id === id) || null;

  /** What the address need not say of a scene, because it is so by itself. */
  function usual(scene) {
    return {
      first: scene === all[0],
      layers: Wall.layers.names().filter((name) => scene.layers.includes(name)),
      heat: { mode: scene.heat || HEAT.mode, days: scene.days || HEAT.days },
      indicator: scene.indicator,
    };
  }

  /** The view that an address asks for: what it says, and the rest as its scene has it. What is not there is left out. */
  function viewOf(told) {
    const scene = find(told.scene) || all[0];
    const { layers, heat, indicator } = usual(scene);
    return {
      scene,
      grid: told.grid || scene.grid,
      layers: new Set(told.layers ? told.layers.filter((name) => Wall.layers.names().includes(name)) : layers),
      heat: {
        mode: Wall.heat.MODES.includes(told.mode) ? told.mode : heat.mode,
        days: Wall.heat.DAYS.includes(told.days) ? told.days : heat.days,
      },
      indicator: told.indicator || indicator,
      kiosk: told.kiosk,
      wall: told.wall,
      every: told.every,
    };
  }

  /** Put the panels of a scene in their places and the others on the shelf, where nothing paints them. */
  function arrange(scene) {
    current = scene;
    const wanted = new Set(AREAS.flatMap((area) => scene[area]));
    for (const { name, node } of panels.values()) if (!wanted.has(name) && node.parentNode !== $("shelf")) $("shelf").append(node);
    for (const area of AREAS) {
      const group = $(`area-${area}`);
      scene[area].forEach((name, at) => {
        const { node } = panels.get(name);
        if (group.children[at] !== node) group.insertBefore(node, group.children[at] || null);
      });
      group.style.setProperty("--panels", scene[area].length);
    }
    mark(document.body, "data-scene", scene.id);
    write($("scene-title"), Wall.t(scene.title));
    for (const link of document.querySelectorAll("#scenes [data-scene]")) {
      if (link.dataset.scene === scene.id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** Layers, heat and colours of a view. Single cases and heat are not for visitors. */
  function applyLayers(view) {
    const layers = new Set([...view.layers].filter((name) => !Wall.visitor.on() || !["case", "heat"].includes(name)));
    Wall.layers.apply(layers);
    Wall.heat.apply(view.heat, layers.has("heat"));
    // A visitor's figures are coarse; those of a chosen indicator are not.
    Wall.paint.apply(Wall.visitor.on() ? null : Wall.paint.parse(view.indicator));
  }

  /** Show what `view` says: panels at once from what is known, layers, heat. */
  function apply(view) {
    arrange(view.scene);
    applyLayers(view);
    wall.painter().catchUp();
  }

  /**
   * Show a scene. `push` as for the address; `grid` is where to go besides (null: where the scene says, or stay).
   * Answers true once it stands, false where its grid cannot be opened, null where a later move overtook it.
   */
  async function show(id, { push, grid = null }) {
    const scene = find(id);
    if (!scene || !wall.state()) return false;
    if (push) Wall.orders.leave(), Wall.carousel.leave();
    const view = wall.view();
    const { layers, heat, indicator } = usual(scene);
    Object.assign(view, { scene, layers: new Set(layers), heat, indicator });
    apply(view);
    const target = grid || scene.grid;
    if (target && target !== wall.heading()) return wall.open(target, { push, animate: true });
    if (push !== null) Wall.address.write(view, push);
    return true;
  }

  /** Where the wall is, to come back to. */
  function place() {
    const { scene, layers, heat, indicator } = wall.view();
    return { scene, layers: new Set(layers), heat: { ...heat }, indicator, grid: wall.heading() };
  }

  /** Back to a place. */
  function go({ grid, ...rest }) {
    Object.assign(wall.view(), rest);
    apply(wall.view());
    if (grid !== wall.heading()) return wall.open(grid, { push: false, animate: true });
    Wall.address.write(wall.view(), false);
    return true;
  }

  /** A key that is meant for the wall, not for something one types into. */
  const isKey = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.("input, textarea, select, dialog[open]");

  function listen() {
    $("scenes").addEventListener("click", (event) => {
      const link = event.target.closest("[data-scene]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      show(link.dataset.scene, { push: true });
    });
    document.addEventListener("keydown", (event) => {
      const scene = isKey(event) && /^[1-9]$/.test(event.key) ? all[Number(event.key) - 1] : null;
      if (scene) show(scene.id, { push: true });
    });
  }

  /** Find scenes and panels in the skeleton. Before this nothing else here is to be asked. */
  function read() {
    ({ scenes: all, carousel } = JSON.parse($("scenes").dataset.scenes));
    for (const node of document.querySelectorAll("[data-panel]")) {
      const { panel: name, script } = node.dataset;
      panels.set(name, {
        name, node,
        shown: () => node.parentNode !== $("shelf"),
        paint: (...given) => Wall[script].paint(...given),
      });
      Wall[script].start?.();
    }
  }

  function start(given) {
    wall = given;
    listen();
  }

  Wall.scenes = {
    read, start, usual, viewOf, arrange, apply, applyLayers, show, find, place, go, isKey,
    all: () => all, current: () => current, panels: () => [...panels.values()], carousel: () => carousel,
  };
})();
