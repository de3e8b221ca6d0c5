// The header: whose wall, where we are, how fresh, what time it is.
"use strict";
(() => {
  const { t, told } = Wall;
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
      make("span", { "data-level-count": level.level }, t("{n} {level}", { n: count(level.count), level: told(level.name) })),
    ]));
  }

  function paint(state, changes, whole) {
    if (whole || changes.figures.has("calendar")) write(document.getElementById("calendar"), told(state.figures.get("calendar")?.text ?? ""));
    if (!whole) return;
    const { centre } = state;
    Wall.format.useZone(centre.timezone);
    write(document.getElementById("centre"), centre.name);
    const badge = document.getElementById("demo-badge");
    badge.hidden = !centre.demo;
    write(badge, centre.speed > 1 ? t("演示数据 ×{speed}", { speed: centre.speed }) : t("演示数据"));
    document.title = t("{grid} · {centre} · 态势一屏", { grid: state.grid.name, centre: centre.name });
    paintPath(state);
  }

  function freshness({ word, late, blind, ageMs }, now, behind) {
    const since = age(ageMs / 1000);
    if (word === "stale") return t("数据可能过期 · 最后更新 {at}", { at: clock(new Date(now - ageMs)) });
    if (blind) return t("存储没有应答 · {since}", { since });
    if (late) return t("{since} 没有消息", { since });
    if (word === "catching-up") return t("正在补收");
    if (behind.length) return t("{name} 已 {age} 未更新", { name: behind[0].name, age: age(behind[0].age_s) });
    return t("实时 {since}", { since });
  }

  /** Once a second: the clock, and how old what we show is: `line` is {word, late, blind, ageMs}. */
  function tick(line, sources) {
    const now = Wall.clock.now();
    write(document.getElementById("clock"), clock(now));
    write(document.getElementById("date"), longDay(now));
    const behind = Wall.lateness.of(sources);
    const node = document.getElementById("freshness");
    write(node.querySelector(".freshness-text"), freshness(line, now, behind));
    node.classList.toggle("late", line.late || (line.word === "live" && behind.length > 0));
    // Every panel that is greyed says since when: its stylesheet puts this beside it.
    document.body.style.setProperty("--age", line.word === "stale" ? JSON.stringify(t("{age}前", { age: age(line.ageMs / 1000) })) : "");
    node.title = sources.map(({ name, age_s }) =>
      (age_s == null ? t("{name}：尚未更新", { name }) : t("{name}：{age}前更新", { name, age: age(age_s) }))).join("\n");
  }

  Wall.header = { paint, tick };
})();
