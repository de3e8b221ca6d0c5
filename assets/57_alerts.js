// Alerts: the gravest that nobody has taken note of on top; acknowledged by hand; a tone only where someone turned it on.
"use strict";
(() => {
  const { t } = Wall;
  const { make, write, hide, mark } = Wall.element;
  const { count, moment, minute, caseTitle } = Wall.format;
  const KEY = "yiping.sound";
  const REPEAT_MS = 20_000;
  const WORD = { RED: t("红"), ORANGE: t("橙"), YELLOW: t("黄"), BLUE: t("蓝") };
  const RANK = { RED: 0, ORANGE: 1, YELLOW: 2, BLUE: 3 };
  const TONE = { RED: [880, 660, 880], ORANGE: [660, 660], YELLOW: [523], BLUE: [440] };
  const WHY = { event_level: t("{title} 重大事件 未办结"), scale: t("{title} 重大群体性 未办结") };
  let sound = { on: false, mutedUntil: 0 };
  let audio = null;
  let rungAt = performance.now(); // a page that was loaded again rings when it is time to, not at once
  let shown = null; // the state last painted
  const $ = (id) => document.getElementById(id);

  /** What the rule says, in the words of the trade. */
  const SAYS = {
    R7a: (facts) => t(WHY[facts.why] || t("{title} 未办结"), { title: caseTitle(facts) }),
    R8: (facts) => t("{title} 已超期", { title: caseTitle(facts) }),
    R13: (facts, subject) => t("数据中断 · {subject}", { subject }),
  };

  function place(alert) {
    if (alert.subject_type === "SOURCE") return "";
    return [alert.parent_name, alert.grid_name].filter(Boolean).join(" · ");
  }

  function detail(alert) {
    const now = Wall.clock.now();
    const said = alert.state === "ACKED" ? t("已确认 {at} {by}", { at: moment(alert.acked_at, now), by: Wall.told(alert.acked_by) }) : t("未确认");
    const due = alert.facts.due_at ? t("时限 {at}", { at: moment(alert.facts.due_at, now) }) : "";
    return [place(alert), due || moment(alert.first_at, now), said].filter(Boolean).join(" · ");
  }

  function makeRow(alert) {
    const button = make("button", { type: "button", class: "quiet alert-ack" }, t("确认"));
    button.addEventListener("click", () => acknowledge(alert.alert_id, button));
    return make("li", { class: "alert-row", "data-alert-id": alert.alert_id },
      make("i", { class: "alert-mark" }), make("span", { class: "alert-says" }), make("span", { class: "alert-detail" }), button);
  }

  function paintRow(node, alert) {
    mark(node, "data-severity", alert.severity);
    mark(node, "data-state", alert.state);
    mark(node, "data-rule", alert.rule);
    mark(node, "data-subject", alert.subject);
    const [badge, says, told, button] = node.children;
    write(badge, WORD[alert.severity] || alert.severity);
    write(says, (SAYS[alert.rule] || ((facts, subject) => subject))(alert.facts, alert.subject));
    write(told, detail(alert));
    hide(button, alert.state !== "OPEN");
    mark(button, "aria-label", t("确认：{what}", { what: says.textContent }));
    node.title = t("规则 {rule} · {subject} · 首次 {at} · 第 {n} 次",
      { rule: alert.rule, subject: alert.subject, at: moment(alert.first_at, Wall.clock.now()), n: alert.count });
  }

  async function acknowledge(id, button) {
    button.disabled = true;
    try {
      await Wall.api.acknowledge(id); // the change comes back on the live feed, to every wall alike
    } catch (fault) {
      write($("alerts-note"), fault.status === 401 ? t("本屏不能确认，请到值班台") : t("没有确认成功，请再试"));
    } finally {
      button.disabled = false;
    }
  }

  const ordered = (state) => [...state.alerts.values()].sort((a, b) =>
    (a.state === "OPEN" ? 0 : 1) - (b.state === "OPEN" ? 0 : 1)
    || RANK[a.severity] - RANK[b.severity]
    || Date.parse(b.last_at) - Date.parse(a.last_at)
    || a.alert_id - b.alert_id);

  const waiting = (state) => [...state.alerts.values()].filter((one) => one.state === "OPEN");

  function paintList(state, changes, whole) {
    const list = $("alert-list");
    const known = new Map([...list.children].map((node) => [Number(node.dataset.alertId), node]));
    ordered(state).forEach((alert, at) => {
      const node = known.get(alert.alert_id) || makeRow(alert);
      const fresh = !known.delete(alert.alert_id);
      if (fresh || whole || changes.alerts.has(alert.alert_id)) paintRow(node, alert);
      if (list.children[at] !== node) list.insertBefore(node, list.children[at] || null);
    });
    for (const gone of known.values()) gone.remove();
    write($("alerts-empty"), state.alerts.size ? "" : t("没有预警"));
    const open = waiting(state).length;
    write($("alerts-note"), state.alerts.size ? t("{n} / {of} 条未确认", { n: count(open), of: count(state.alerts.size) }) : "");
    Wall.fit.rows();
  }

  // Sound

  const muted = () => !sound.on || Date.now() < sound.mutedUntil;

  function keep() {
    localStorage.setItem(KEY, JSON.stringify(sound));
    paintSound();
  }

  function paintSound() {
    const until = sound.on && Date.now() < sound.mutedUntil;
    write($("alert-sound"), !sound.on ? t("声音：关") : until ? t("静音至 {at}", { at: minute(new Date(sound.mutedUntil)) }) : t("声音：开"));
    mark($("alert-sound"), "aria-pressed", sound.on);
    for (const button of document.querySelectorAll("[data-mute]")) hide(button, !sound.on || until);
  }

  function tone(severity) {
    audio ??= new AudioContext();
    (TONE[severity] || TONE.BLUE).forEach((pitch, at) => {
      const source = audio.createOscillator();
      const volume = audio.createGain();
      const from = audio.currentTime + at * 0.28;
      source.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, from);
      volume.gain.exponentialRampToValueAtTime(0.2, from + 0.03);
      volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.25);
      source.connect(volume).connect(audio.destination);
      source.start(from);
      source.stop(from + 0.26);
    });
  }

  /** One tone for the gravest that waits, again and again until it is acknowledged. */
  function ring(state, atOnce) {
    const open = waiting(state);
    if (!open.length || muted() || (!atOnce && performance.now() - rungAt < REPEAT_MS)) return;
    rungAt = performance.now();
    const gravest = open.reduce((worst, one) => (RANK[one.severity] < RANK[worst.severity] ? one : worst));
    document.getElementById("alerts").dataset.rang = gravest.severity;
    tone(gravest.severity);
  }

  function start() {
    try {
      sound = { ...sound, ...JSON.parse(localStorage.getItem(KEY) || "{}") };
    } catch {
      localStorage.removeItem(KEY);
    }
    $("alert-sound").addEventListener("click", () => {
      // A muted bell is switched on again, one that rings is switched off.
      sound = sound.on && !muted() ? { on: false, mutedUntil: 0 } : { on: true, mutedUntil: 0 };
      keep();
      if (sound.on && shown) ring(shown, true);
    });
    for (const button of document.querySelectorAll("[data-mute]")) {
      button.addEventListener("click", () => {
        sound.mutedUntil = Date.now() + Number(button.dataset.mute) * 60_000;
        keep();
      });
    }
    setInterval(() => {
      paintSound();
      if (shown) ring(shown, false);
    }, 1_000);
    paintSound();
  }

  function paint(state, changes, whole) {
    if (whole || changes.alerts.size) paintList(state, changes, whole);
  }

  /** The bell rings whether or not the scene shows the list. */
  const bell = {
    live: true,
    paint(state, changes) {
      shown = state;
      if (changes.raised.length) ring(state, true);
    },
  };

  /** What an alert says, with its place. */
  const saysOf = (alert) => [(SAYS[alert.rule] || ((facts, subject) => subject))(alert.facts, alert.subject), place(alert)].filter(Boolean).join(" · ");

  Wall.alerts = { start, paint, bell, acknowledge, says: saysOf };
})();
