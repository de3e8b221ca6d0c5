// The header: whose wall, where we are, how fresh, what time it is.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { count, age, clock, longDay } = Wall.format;

  function paintPath(state) {
    const last = state.breadcrumb.length - 1;
    const parts = state.breadcrumb.flatMap((grid, at) => [
      at ? make("span", { class: "sep", "aria-hidden": "true" }, "›") : null,
      make("a", { href: Wall.address.href(grid.code), "data-open": grid.code, "aria-current": at === last ? "location" : null }, grid.name),
    ]);
    document.getElementById("breadcrumb").replaceChildren(...parts.filter(Boolean));
    const below = state.levels.filter((level) => level.level > state.grid.level && level.count > 0);
    document.getElementById("levels").replaceChildren(...below.flatMap((level) => [
      make("span", { class: "sep", "aria-hidden": "true" }, "›"),
      make("span", { "data-level-count": level.level }, `${count(level.count)} ${level.name}`),
    ]));
  }

  function paint(state, changes, whole) {
    if (!whole) return;
    const { centre } = state;
    Wall.format.useZone(centre.timezone);
    write(document.getElementById("centre"), centre.name);
    const badge = document.getElementById("demo-badge");
    badge.hidden = !centre.demo;
    write(badge, centre.speed > 1 ? `演示数据 ×${centre.speed}` : "演示数据");
    document.title = `${state.grid.name} · ${centre.name} · 态势一屏`;
    paintPath(state);
  }

  function late(sources) {
    return sources.filter((source) => source.every_s && source.age_s > 3 * source.every_s);
  }

  /** Once a second: the clock and how old what we show is. `ageMs` is the silence on the line. */
  function tick(mode, ageMs, sources) {
    const now = Wall.clock.now();
    write(document.getElementById("clock"), clock(now));
    write(document.getElementById("date"), longDay(now));
    const behind = late(sources);
    let text = `实时 ${age(ageMs / 1000)}`;
    if (mode === "stale") text = `数据可能过期 · 最后更新 ${clock(new Date(now - ageMs))}`;
    else if (mode === "catching-up") text = "正在补收";
    else if (behind.length) text = `${behind[0].name} 已 ${age(behind[0].age_s)} 未更新`;
    const node = document.getElementById("freshness");
    write(node.querySelector(".freshness-text"), text);
    node.classList.toggle("late", mode === "live" && behind.length > 0);
    node.title = sources.map((source) => `${source.name}：${source.age_s == null ? "尚未更新" : `${age(source.age_s)}前更新`}`).join("\n");
  }

  Wall.header = { paint, tick };
})();
