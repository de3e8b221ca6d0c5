// Sources that have not been read for three of their own intervals, and what on the wall rests on them.
"use strict";
(() => {
  const { mark } = Wall.element;
  const { age } = Wall.format;
  const TIMES = 3;
  /** What a source brings -> the layer of the map that draws it. */
  const LAYER = { grid: "grid", video_point: "video", video_status: "video", case: "case", case_event: "case" };

  const of = (sources) => sources.filter((source) => source.every_s && source.age_s > TIMES * source.every_s);

  /** name -> how old, of the oldest of `late` in each group. */
  function oldest(late, group) {
    const found = new Map();
    for (const source of late) {
      const key = group(source);
      if (key && source.age_s > (found.get(key) ?? 0)) found.set(key, source.age_s);
    }
    return found;
  }

  const words = (age_s) => (age_s === undefined ? null : Wall.t("已 {age}未更新", { age: age(age_s) }));

  /** Mark the layers and the tiles of late sources with their age; the stylesheet hatches what is drawn from them. */
  function show(sources, figures) {
    const late = of(sources);
    const layers = oldest(late, (source) => LAYER[source.kind]);
    for (const button of document.querySelectorAll("[data-layer]")) mark(button, "data-late", words(layers.get(button.dataset.layer)));
    const names = oldest(late, (source) => source.name);
    for (const tile of document.querySelectorAll("[data-indicator]")) {
      const resting = figures.get(`tile.${tile.dataset.indicator}`)?.sources ?? [];
      const ages = resting.map((name) => names.get(name)).filter((one) => one !== undefined);
      mark(tile.querySelector(".tile-as-of"), "data-late", words(ages.length ? Math.max(...ages) : undefined));
    }
  }

  Wall.lateness = { of, show };
})();
