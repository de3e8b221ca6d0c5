// By which indicator the polygons are coloured: chosen by hand, by a scene or by the address; its values come by HTTP.
"use strict";
(() => {
  const { make, write } = Wall.element;
  const { parts, moment } = Wall.format;
  const { t, told } = Wall;
  const USUAL = { id: "K01", days: 7 }; // what every live frame carries
  const DAYS = [1, 7, 30, 90];
  const EVERY_MS = 60_000;
  const SETTLE_MS = 5_000; // after a change of figures, before the values are fetched again
  let choice = { ...USUAL };
  let known = []; // [{id, label, unit, lasting}]
  let answer = null; // what the server said of `grid`
  let grid = null;
  let asked = 0; // the last question wins, however the answers arrive
  let askedAt = -Infinity;
  let waiting = null;
  let past = false; // a moment of the past is shown
  let changed = () => {};
  const $ = (id) => document.getElementById(id);

  // Of a moment in the past only the usual figures are known: the others would be those of now.
  const isUsual = () => Wall.replay.at() !== null || (choice.id === USUAL.id && choice.days === USUAL.days);
  const about = () => known.find((one) => one.id === choice.id) || answer;
  const span = () => (about()?.lasting ? t("此刻") : choice.days === 1 ? t("今日") : t("近{days}日", { days: choice.days }));

  /** Everything the legend says besides its classes. */
  function legend() {
    if (isUsual()) return { title: t("近7日上报（件）"), unit: t("件"), small: 0, unknown: 0 };
    const { label = choice.id, unit = "" } = about() || {};
    const head = `${told(label)} · ${span()}${unit ? `（${told(unit)}）` : ""}`;
    const at = answer && Wall.clock.now() - Date.parse(answer.as_of) > 2 * EVERY_MS ? ` · ${moment(answer.as_of, Wall.clock.now())}` : "";
    return { title: head + at, unit: told(unit), small: answer?.small ?? 0, unknown: answer?.unknown ?? 0 };
  }

  /** The line of the tooltip: value and n / N. */
  function line(code) {
    const item = isUsual() ? null : answer?.items.get(code);
    if (!item) return null;
    const { label, unit } = answer;
    const n = item.denominator === null ? "" : ` (${parts(item.numerator, item.denominator)})`;
    const value = item.small ? t("样本不足") : item.value === null ? t("无数据") : `${item.value} ${told(unit)}`;
    return `${told(label)} · ${span()}：${value}${n}`;
  }

  function press() {
    const select = $("paint-choice");
    const options = known.length ? known : [{ id: choice.id, label: about()?.label || (choice.id === USUAL.id ? t("上报量") : choice.id), unit: "" }];
    if (select.options.length !== options.length || select.value !== choice.id) {
      select.replaceChildren(...options.map((one) =>
        make("option", { value: one.id, selected: one.id === choice.id }, `${told(one.label)}${one.unit ? `（${told(one.unit)}）` : ""}`)));
      select.value = choice.id;
    }
    select.disabled = $("paint-days").disabled = past;
    $("paint-days").value = String(choice.days);
    $("paint-days").hidden = Boolean(about()?.lasting);
    $("map").dataset.paint = isUsual() ? "" : choice.id;
  }

  async function ask() {
    clearTimeout(waiting);
    waiting = null;
    const mine = ++asked;
    askedAt = performance.now();
    if (isUsual() || !grid) {
      answer = null;
      delete $("map").dataset.painted;
      return Wall.choropleth.repaint();
    }
    try {
      const found = await Wall.api.paint(grid, choice.id, choice.days);
      if (mine !== asked) return;
      answer = { ...found, items: new Map(found.items.map((item) => [item.code, item])) };
      press();
      Wall.choropleth.repaint();
      $("map").dataset.painted = `${found.grid} ${found.id} ${found.days}`;
    } catch (fault) {
      if (mine !== asked) return;
      console.warn("the indicator of the map did not come", fault);
      if (fault.status === 404 && grid) choose(null); // an indicator that is no more: the usual one
    }
  }

  /** Colour by `wanted` {id, days} from now on; null: as usual. True where that is something else than before. */
  function apply(wanted) {
    const next = wanted ? { id: wanted.id, days: DAYS.includes(wanted.days) ? wanted.days : wanted.id === USUAL.id ? USUAL.days : 30 } : { ...USUAL };
    if (next.id === choice.id && next.days === choice.days) return false;
    choice = next;
    answer = null;
    press();
    ask();
    return true;
  }

  /** The same by hand: whoever keeps the address is told. */
  function choose(wanted) {
    if (apply(wanted)) changed(text());
  }

  /** As painted: another grid is another question; figures that changed are asked for again a little later. */
  function follow(state, touched, whole) {
    if (past !== (Wall.replay.at() !== null)) {
      past = !past;
      press();
      if (!past) ask();
    }
    if (whole && grid !== state.grid.code) {
      grid = state.grid.code;
      answer = null;
      ask();
    } else if (touched && !isUsual() && !waiting) {
      waiting = setTimeout(ask, SETTLE_MS);
    }
  }

  async function learn() {
    if (known.length) return;
    try {
      known = (await Wall.api.paints()).items;
      press();
      Wall.choropleth.repaint();
    } catch (fault) {
      console.warn("the indicators to choose from did not come", fault);
    }
  }

  /** `tell(text)` follows a choice by hand. */
  function start(first, tell) {
    changed = tell;
    choice = first ? { ...first } : { ...USUAL };
    const select = $("paint-choice");
    select.addEventListener("change", () => choose({ id: select.value, days: select.value === choice.id ? choice.days : null }));
    for (const kind of ["pointerenter", "focus"]) select.addEventListener(kind, learn);
    const days = $("paint-days");
    days.replaceChildren(...DAYS.map((n) => make("option", { value: n }, n === 1 ? t("今日") : t("近{days}日", { days: n }))));
    days.addEventListener("change", () => choose({ id: choice.id, days: Number(days.value) }));
    if (!isUsual()) learn();
    setInterval(() => !isUsual() && performance.now() - askedAt >= EVERY_MS && ask(), 5_000);
    press();
  }

  /** `K10~7d` of the address as {id, days}; null where it names nothing. */
  function parse(text) {
    const match = (text || "").match(/^([\w.-]+)(?:~(\d+)d)?$/);
    if (!match) return null;
    const days = Number(match[2]);
    return { id: match[1], days: DAYS.includes(days) ? days : match[1] === USUAL.id ? USUAL.days : 30 };
  }

  /** Whether a choice of the address is the usual one: what is drawn may be that for a while, for visitors or of another time. */
  function usual(text) {
    const wanted = parse(text) || USUAL;
    return wanted.id === USUAL.id && wanted.days === USUAL.days;
  }

  /** The choice as the address has it: `K10`, or `K10~7d` where it is not of 30 days. */
  const text = () => (choice.days === 30 ? choice.id : `${choice.id}~${choice.days}d`);

  Wall.paint = {
    start, apply, choose, follow, parse, usual, isUsual, legend, line,
    chosen: () => ({ ...choice }), item: (code) => answer?.items.get(code), classes: () => answer?.classes ?? [],
  };
})();
