// The map without a hand: arrows go from grid to grid, Enter opens one; Escape leads up, as everywhere.
"use strict";
(() => {
  const { t } = Wall;
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  /** The grid that lies next from `from` ({x, y}) in a direction, null where there is none. */
  function next(spots, from, [dx, dy]) {
    let best = null;
    for (const spot of spots) {
      const [x, y] = [spot.at.x - from.x, spot.at.y - from.y];
      const along = x * dx + y * dy;
      const across = Math.abs(x * dy) + Math.abs(y * dx);
      if (along < 1 || across > 2 * along) continue;
      const far = along + 2 * across;
      if (!best || far < best.far) best = { ...spot, far };
    }
    return best;
  }

  /** `state()` gives the current state, `open(code)` drills. */
  function start(map, state, open) {
    const canvas = map.getCanvas();
    let chosen = null;
    map.keyboard.disable();
    canvas.setAttribute("aria-label", t("地图：方向键选择下级网格，回车进入，Esc 返回上级"));

    function leave() {
      chosen = null;
      Wall.pointer.tell(null);
    }

    canvas.addEventListener("keydown", (event) => {
      const spots = state().children.filter((one) => one.lon !== null).map((one) => ({ code: one.code, at: map.project([one.lon, one.lat]) }));
      const here = spots.find((one) => one.code === chosen);
      if (event.key === "Enter" && here) {
        leave();
        return open(here.code);
      }
      if (!WAYS[event.key]) return;
      event.preventDefault();
      const { width, height } = { width: canvas.clientWidth, height: canvas.clientHeight };
      const from = here ? here.at : { x: width / 2, y: height / 2 };
      // The first arrow takes the grid in the middle, whichever arrow it is.
      const nearest = [...spots].sort((a, b) => Math.hypot(a.at.x - from.x, a.at.y - from.y) - Math.hypot(b.at.x - from.x, b.at.y - from.y))[0];
      const found = here ? next(spots, from, WAYS[event.key]) : nearest;
      if (!found) return;
      chosen = found.code;
      Wall.pointer.tell(found.code, found.at);
    });
    canvas.addEventListener("blur", leave);
  }

  Wall.keys = { start };
})();
