// Whether the ground map's service answers: where it does not, the map goes on without it, and says so.
"use strict";
(() => {
  const EVERY_MS = 60_000;
  let timer = null;

  async function look() {
    try {
      const { fault } = await Wall.api.read("/map/ground");
      Wall.element.write(document.getElementById("ground-fault"), fault ? Wall.t("底图服务没有应答，地图照常") : "");
      document.getElementById("ground-fault").title = fault ? Wall.told(fault) : "";
    } catch (fault) {
      console.warn("whether there is a ground map is not known", fault); // the line itself says that it is down
    }
  }

  /** `map`: that of MapLibre. Without a ground map there is nothing to ask. */
  function start(map) {
    clearInterval(timer);
    timer = null;
    if (!map.getSource("basemap")) return;
    timer = setInterval(look, EVERY_MS);
    map.once("idle", look);
  }

  Wall.ground = { start, look };
})();
