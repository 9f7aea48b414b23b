// The one script. Every page works without it; with it, pages stay current without moving.
//
// What it does, in order below: keep the page fresh, tick the clocks, send forms without a
// reload, and make the keyboard enough. It evaluates no text and writes no inline style,
// so the content security policy needs no exception.
(() => {
  "use strict";
  const doc = document;
  const root = doc.documentElement;
  const $ = (selector, from = doc) => from.querySelector(selector);
  const $$ = (selector, from = doc) => [...from.querySelectorAll(selector)];
  const on = (name, selector, run) =>
    doc.addEventListener(name, (event) => {
      const hit = event.target.closest?.(selector);
      if (hit) run(event, hit);
    });
  const make = (tag, className, text) => {
    const element = doc.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  // ---- Fresh: one EventSource says "something changed"; the page asks its own URL for the rest.
  const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
  const SILENCE_MS = 40000; // the server says something every 15 s
  const RELOAD_MS = 60000; // some things change only because time passes
  const indicator = $("#live");
  let source = null;
  let tries = 0;
  let lastWord = Date.now();
  let dataAt = new Date(root.dataset.now || Date.now());
  let loadedAt = Date.now();
  let loading = null;
  let again = false;

  function show(state) {
    if (!indicator) return;
    indicator.dataset.is = state;
    const at = dataAt.toLocaleTimeString([], { hour12: false });
    indicator.firstElementChild.textContent = state === "live" ? "live" : `reconnecting, data from ${at}`;
    indicator.title = `Data from ${dataAt.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  }

  function listen() {
    if (source || doc.hidden || !root.dataset.live) return;
    source = new EventSource(root.dataset.live);
    source.onopen = heard;
    source.onmessage = (event) => {
      heard();
      if (event.data !== root.dataset.revision) refresh();
      else current();
    };
    source.addEventListener("ping", () => {
      heard();
      if (Date.now() - loadedAt > RELOAD_MS) refresh();
      else current();
    });
    source.onerror = () => {
      hangUp();
      show("lost");
      setTimeout(listen, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
    };
  }

  function heard() {
    tries = 0;
    lastWord = Date.now();
  }

  // What stands here is what the server would send now.
  function current() {
    dataAt = new Date();
    show("live");
  }

  function hangUp() {
    source?.close();
    source = null;
  }

  // Browsers allow six connections to a host: a tab that nobody looks at gives its own back.
  doc.addEventListener("visibilitychange", () => (doc.hidden ? hangUp() : listen()));
  setInterval(() => {
    if (source && Date.now() - lastWord > SILENCE_MS) source.onerror();
  }, 5000);

  async function refresh(url = location.href) {
    if (loading) {
      again = true;
      return loading;
    }
    loading = (async () => {
      try {
        const answer = await fetch(url, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
        if (answer.status === 401) return location.reload();
        if (!answer.ok && answer.status !== 404) throw new Error(answer.status);
        swap(await answer.text());
        show("live");
      } catch {
        show("lost");
      }
    })();
    await loading;
    loading = null;
    if (again) {
      again = false;
      await refresh();
    }
  }

  function swap(html) {
    loadedAt = Date.now();
    const next = new DOMParser().parseFromString(html, "text/html");
    const meta = $("#fragment", next);
    if (meta) {
      root.dataset.revision = meta.dataset.revision;
      dataAt = new Date(meta.dataset.now);
    }
    $$("noscript", next).forEach((element) => element.remove());
    if ($("title", next)) doc.title = $("title", next).textContent;
    for (const fresh of $$("[data-live][id]", next)) {
      const here = doc.getElementById(fresh.id);
      if (here) morph(here, fresh);
    }
    tick();
  }

  // Changes `here` into `next` in place, so that focus, scroll and what the reader opened survive.
  const key = (node) => (node.nodeType === 1 && (node.id || node.dataset?.key)) || null;
  const BUSY = "input, textarea, select";
  function morph(here, next) {
    if (here.isEqualNode(next) || here.matches("[data-keep], [data-held]")) return;
    attributes(here, next);
    const byKey = new Map();
    for (const child of here.children) if (key(child)) byKey.set(key(child), child);
    let cursor = here.firstChild;
    for (const want of [...next.childNodes]) {
      const wantKey = key(want);
      let have = wantKey ? byKey.get(wantKey) : cursor;
      while (!wantKey && have && key(have)) have = have.nextSibling;
      if (have && have.nodeName === want.nodeName && have.nodeType === want.nodeType) {
        if (have === cursor) cursor = cursor.nextSibling;
        else here.insertBefore(have, cursor);
        if (have.nodeType === 1) morph(have, want);
        else if (have.data !== want.data && !ticks(here)) have.data = want.data;
      } else {
        const fresh = doc.importNode(want, true);
        if (fresh.nodeType === 1 && fresh.matches("li, tr")) fresh.classList.add("fresh");
        here.insertBefore(fresh, cursor);
      }
    }
    while (cursor) {
      const rest = cursor.nextSibling;
      if (cursor.nodeType !== 1 || !cursor.contains(doc.activeElement) || !doc.activeElement.matches(BUSY)) cursor.remove();
      cursor = rest;
    }
  }

  function attributes(here, next) {
    const mine = here.matches("details, dialog") ? ["open"] : here.matches(BUSY) ? ["value", "checked", "selected"] : [];
    if (ticks(here)) mine.push("title");
    for (const { name, value } of [...next.attributes]) {
      if (!mine.includes(name) && here.getAttribute(name) !== value) here.setAttribute(name, value);
    }
    for (const { name } of [...here.attributes]) {
      if (!next.hasAttribute(name) && !mine.includes(name) && name !== "aria-selected" && name !== "tabindex") here.removeAttribute(name);
    }
  }
  const ticks = (node) => node.nodeName === "TIME" && node.hasAttribute("data-tick");

  // ---- Clocks. The words are those of components/time.rs; keep the two alike.
  const pad = (n) => String(n).padStart(2, "0");
  function words(seconds) {
    const s = Math.floor(Math.abs(seconds));
    const [m, h, d] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)];
    if (s < 60) return `${s} s`;
    if (m < 60) return `${m} min`;
    if (h < 24) return m % 60 ? `${h} h ${pad(m % 60)} min` : `${h} h`;
    if (d < 14) return h % 24 ? `${d} d ${h % 24} h` : `${d} d`;
    return `${d} d`;
  }
  function relative(kind, seconds) {
    if (kind === "for") return words(seconds);
    if (kind === "due") {
      if (Math.abs(seconds) >= 3600) return seconds > 0 ? `in ${words(seconds)}` : `${words(seconds)} overdue`;
      const s = Math.floor(Math.abs(seconds));
      const clock = `${Math.floor(s / 60)}:${pad(s % 60)}`;
      return seconds > 0 ? `in ${clock}` : `${clock} overdue`;
    }
    if (Math.abs(seconds) < 5) return "now";
    return seconds > 0 ? `in ${words(seconds)}` : `${words(seconds)} ago`;
  }
  function local(at) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const utc = at.toISOString().slice(0, 19).replace("T", " ");
    return `${utc} UTC\n${at.toLocaleString([], { dateStyle: "medium", timeStyle: "medium" })} ${zone}`;
  }
  function tick() {
    for (const element of $$("time[datetime]")) {
      const at = new Date(element.dateTime);
      if (Number.isNaN(+at)) continue;
      if (element.dataset.titled !== element.dateTime) {
        element.dataset.titled = element.dateTime;
        element.title = local(at);
      }
      const kind = element.dataset.tick;
      if (!kind) continue;
      const seconds = (at - Date.now()) / 1000;
      const text = relative(kind, seconds);
      if (element.textContent !== text) element.textContent = text;
      if (kind === "due") {
        element.classList.toggle("bad", seconds <= 0);
        element.classList.toggle("text-state", seconds <= 0);
      }
    }
  }
  setInterval(tick, 1000);

  // ---- Forms: sent with fetch, answered with a toast; a form with mistakes comes back as its page.
  async function send(form, button) {
    const body = new URLSearchParams(new FormData(form, button));
    button?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(button?.getAttribute("formaction") || form.getAttribute("action") || location.href, {
        method: "POST",
        body,
        headers: { "X-Fragment": "1" },
        credentials: "same-origin",
      });
      if (answer.headers.get("content-type")?.startsWith("application/json")) {
        const said = await answer.json();
        if (answer.ok) done(form, said);
        else toast({ message: said.message || said.error || "That did not work.", bad: true });
      } else if (answer.status === 422) {
        form.closest("dialog")?.removeAttribute("data-keep");
        release();
        swap(await answer.text());
        const wrong = $("[aria-invalid=true]");
        wrong?.focus();
        // The next live update knows nothing of the mistake; it must not wipe what is said about it.
        wrong?.form?.setAttribute("data-held", "");
      } else if (answer.ok) location.assign(answer.url);
      else toast({ message: `The server answered ${answer.status}. Nothing was changed.`, bad: true });
    } catch {
      toast({ message: "No connection. Whether it was done is not known; this page will show it once it is back.", bad: true });
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }
  const release = () => $$("[data-held]").forEach((form) => form.removeAttribute("data-held"));
  function done(form, said) {
    release();
    form.closest("dialog")?.close();
    form.reset();
    const away = said.location && new URL(said.location, location.href);
    if (away && (away.pathname !== location.pathname || away.search !== location.search)) {
      sessionStorage.setItem("toast", JSON.stringify(said));
      return location.assign(away);
    }
    toast(said);
    refresh();
  }
  on("submit", "form", (event, form) => {
    const ask = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (ask && !confirm(ask)) return event.preventDefault();
    if (form.getAttribute("method") !== "post" || !form.hasAttribute("data-enhance")) return;
    event.preventDefault();
    send(form, event.submitter);
  });

  const TOAST_MS = 10000;
  function toast({ message, undo, bad }) {
    if (!message) return;
    const box = make("div", bad ? "toast bad" : "toast");
    box.append(make("span", "", message));
    if (undo) {
      const form = make("form", "inline");
      form.method = "post";
      form.action = undo;
      form.setAttribute("data-enhance", "");
      const csrf = make("input");
      Object.assign(csrf, { type: "hidden", name: "csrf", value: root.dataset.csrf || "" });
      form.append(csrf, make("button", "small", "Undo"));
      box.append(form);
      form.addEventListener("submit", () => setTimeout(() => box.remove()));
    }
    const close = make("button", "small", "Close");
    close.type = "button";
    close.onclick = () => box.remove();
    box.append(close);
    $("#toasts")?.append(box);
    let left = setTimeout(() => box.remove(), TOAST_MS);
    box.onmouseenter = box.onfocusin = () => clearTimeout(left);
    box.onmouseleave = () => (left = setTimeout(() => box.remove(), TOAST_MS));
  }

  // ---- Filters: the URL is the truth, the table follows it.
  let typing;
  const go = (form) => {
    const url = new URL(form.action || location.href);
    url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== "")).toString();
    history.replaceState(null, "", url);
    refresh(url.href);
  };
  on("input", "form[data-filter] input", (_, input) => {
    clearTimeout(typing);
    typing = setTimeout(() => go(input.form), 200);
  });
  on("change", "form[data-filter] select, form[data-filter] [type=checkbox]", (_, input) => go(input.form));
  on("submit", "form[data-filter]", (event, form) => {
    event.preventDefault();
    go(form);
  });

  // ---- Small things: dialogs, copy, theme, menus.
  on("click", "[data-open]", (event, button) => {
    const dialog = doc.getElementById(button.dataset.open);
    if (!dialog?.showModal) return;
    event.preventDefault();
    dialog.showModal();
    $(".body :is(input:not([type=hidden]), textarea, select, button)", dialog)?.focus();
  });
  on("click", "[data-close]", (_, button) => button.closest("dialog")?.close());
  on("click", "dialog", (event, dialog) => event.target === dialog && dialog.close());
  for (const block of $$("[data-copy]")) copyable(block);
  function copyable(block) {
    if ($(":scope > button", block)) return;
    const button = make("button", "small", "Copy");
    button.type = "button";
    block.append(button);
  }
  on("click", "[data-copy] > button", async (_, button) => {
    const what = button.parentElement.dataset.copy || $("pre, code", button.parentElement)?.textContent || "";
    try {
      await navigator.clipboard.writeText(what);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl C";
      getSelection().selectAllChildren($("pre, code", button.parentElement));
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  new MutationObserver(() => $$("[data-copy]").forEach(copyable)).observe(doc.body, { childList: true, subtree: true });

  const themeButtons = () => {
    const now = root.dataset.theme || "system";
    for (const button of $$("[data-set-theme]")) button.setAttribute("aria-pressed", button.dataset.setTheme === now);
  };
  on("click", "[data-set-theme]", (_, button) => {
    const theme = button.dataset.setTheme;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    doc.cookie = `theme=${theme}; Path=/; SameSite=Lax; Max-Age=31536000`;
    themeButtons();
  });
  doc.addEventListener("click", (event) => {
    for (const menu of $$("details.menu[open], details.more[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  // ---- Keyboard: `g` and a letter goes somewhere, `/` filters, j and k walk rows, `?` lists it all.
  let armed = 0;
  doc.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      $$("details.menu[open], details.more[open]").forEach((menu) => (menu.open = false));
      if (event.target.matches?.("form[data-filter] input")) event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
    if (Date.now() - armed < 1500) {
      armed = 0;
      const link = $(`.side a[data-key="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    const act = { g: () => (armed = Date.now()), "?": () => $("#help")?.showModal(), "/": () => $("form[data-filter] input:not([type=hidden])")?.focus(), j: () => walk(1), k: () => walk(-1), Enter: () => enter(event) }[event.key];
    if (!act || (event.key === "Enter" && !event.target.matches("tr"))) return;
    if (event.key !== "Enter") event.preventDefault();
    act();
  });
  function walk(step) {
    const rows = $$("main tbody tr").filter((row) => row.offsetParent !== null && $("a[href]", row));
    const at = rows.indexOf(doc.activeElement.closest?.("tr"));
    const row = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
    if (!row) return;
    row.tabIndex = -1;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }
  const enter = (event) => $("a[href]", event.target)?.click();

  // ---- Begin.
  themeButtons();
  tick();
  const kept = sessionStorage.getItem("toast");
  if (kept) {
    sessionStorage.removeItem("toast");
    toast(JSON.parse(kept));
  }
  listen();
})();
