// What script adds to pages that work without it: they keep themselves true, search as one types, and take a scanner's keys.
"use strict";

// The open page fetches itself again and swaps the parts whose topics changed.
const live = { waiting: new Set(), timer: 0, busy: false, since: 0 };

function changed(topics) {
  topics.forEach((topic) => live.waiting.add(topic));
  if (!live.timer && !live.busy) live.timer = setTimeout(refresh, Math.max(60, live.since + 500 - Date.now()));
}

function concerns(part, topics) {
  return topics.has("all") || part.dataset.live.split(" ").some((topic) => topics.has(topic));
}

async function refresh() {
  const topics = new Set(live.waiting);
  live.timer = 0;
  live.waiting.clear();
  const parts = [...document.querySelectorAll("[data-live]")].filter((part) => concerns(part, topics));
  if (!parts.length) return;
  live.busy = true;
  live.since = Date.now();
  try {
    const page = await fetchPage(location.href);
    if (page) parts.forEach((part) => swap(part, page.getElementById(part.id)));
  } catch { /* the stream of changes says when the collector is back */ }
  live.busy = false;
  if (live.waiting.size) changed([]);
}

async function fetchPage(address) {
  const answer = await fetch(address, { headers: { "x-rollcall-live": "1" } });
  if (answer.status === 401) { location.reload(); return null; }
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

// Puts the new content in place; what is focused or being written stays as it is.
function swap(old, fresh) {
  if (!fresh || old.innerHTML === fresh.innerHTML) return;
  const inside = old.contains(document.activeElement) ? document.activeElement : null;
  if (inside && /^(INPUT|SELECT|TEXTAREA)$/.test(inside.tagName)) return;
  const place = inside && { tag: inside.tagName, text: inside.textContent, href: inside.getAttribute("href") };
  const before = new Set([...old.querySelectorAll("li, tr, .seat")].map((item) => item.innerHTML));
  const open = [...old.querySelectorAll("details[open][id]")].map((item) => item.id);
  old.className = fresh.className;
  old.hidden = fresh.hidden;
  old.replaceChildren(...fresh.childNodes);
  open.map((id) => document.getElementById(id)).forEach((item) => { if (item) item.open = true; });
  ago();
  if (before.size) old.querySelectorAll("li, tr, .seat").forEach((item) => before.has(item.innerHTML) || item.classList.add("fresh"));
  if (place) {
    const same = (item) => item.textContent === place.text && item.getAttribute("href") === place.href;
    const again = [...old.querySelectorAll(place.tag)].find(same);
    if (again) again.focus({ preventScroll: true });
  }
}

function follow() {
  if (!document.querySelector("[data-live]")) return;
  const offline = document.getElementById("offline");
  const source = new EventSource("/live");
  let told = 0;
  source.addEventListener("hello", (message) => {
    clearTimeout(told);
    if (offline.hidden === false || message.data !== document.body.dataset.seq) changed(["all"]);
    offline.hidden = true;
  });
  source.addEventListener("change", (message) => changed(message.data.split(" ")));
  source.addEventListener("error", () => {
    clearTimeout(told);
    told = setTimeout(() => {
      offline.hidden = false;
      offline.textContent = "No connection to the collector. This page shows what was known at " + new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) + ".";
      if (source.readyState === EventSource.CLOSED) setTimeout(() => { source.close(); follow(); }, 3000);
    }, 1500);
  });
  addEventListener("pagehide", () => source.close());
}

// Forms that search: the answer's parts replace those of the page while one types.
function searches(form) {
  let timer = 0, last = 0;
  const search = async () => {
    const number = ++last;
    const address = new URL(form.action);
    const kept = new URLSearchParams(new FormData(form));
    [...kept].forEach(([name, value]) => value || kept.delete(name));
    address.search = kept;
    address.hash = "";
    const page = await fetchPage(address).catch(() => null);
    if (!page || number !== last) return;
    history.replaceState(null, "", address);
    form.dataset.find.split(" ").forEach((id) => swap(document.getElementById(id), page.getElementById(id)));
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 120); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); search(); });
  form.querySelectorAll("[data-plain]").forEach((button) => { button.hidden = true; });
}

// A form is sent once, and its button says what happens meanwhile.
addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = "1";
  if (!button) return;
  button.setAttribute("aria-busy", "true");
  if (button.dataset.busy) { button.dataset.word = button.textContent; button.textContent = button.dataset.busy; }
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("[aria-busy]").forEach((button) => { button.removeAttribute("aria-busy"); button.textContent = button.dataset.word || button.textContent; });
  follow();
  changed(["all"]);
});

// A scanner types wherever the page is: its keys go to the scan box. "/" goes there too.
addEventListener("keydown", (event) => {
  const scan = document.querySelector("[data-scan]");
  if (!scan || !event.target.matches("body, [data-hit]") || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (event.key === "/") event.preventDefault();
  scan.focus();
});

// The arrow keys go from the scan box through what was found, and back.
addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const stops = step ? [...document.querySelectorAll("[data-scan], [data-hit]")] : [];
  const at = stops.indexOf(document.activeElement);
  if (stops.length < 2 || (at < 0 && document.activeElement !== document.body) || !stops[at + step]) return;
  event.preventDefault();
  stops[at + step].focus();
});

// Short times count on.
function ago() {
  document.querySelectorAll("time[data-ago]").forEach((time) => {
    const seconds = Math.floor((Date.now() - new Date(time.dateTime)) / 1000);
    if (seconds < 5) time.textContent = "just now";
    else if (seconds < 60) time.textContent = seconds + " s ago";
    else if (seconds < 3600) time.textContent = Math.floor(seconds / 60) + " min ago";
    else if (seconds < 21600) time.textContent = Math.floor(seconds / 3600) + " h ago";
  });
}

// On a narrow screen the rail is a line: the page that is open stands in it.
const here = document.querySelector(".rail [aria-current]");
if (here && here.parentElement.scrollWidth > here.parentElement.clientWidth) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 12;

// Somebody waits for a machine: its presence changes without a word, so the page looks again each second.
setInterval(() => { if (document.querySelector("[data-again]")) changed(["again"]); }, 1000);

document.querySelectorAll("form[data-find]").forEach(searches);
setInterval(ago, 1000);
follow();
