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
  const ticked = new Set([...old.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.name));
  old.className = fresh.className;
  old.hidden = fresh.hidden;
  old.replaceChildren(...fresh.childNodes);
  if (ticked.size) old.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = box.checked || ticked.has(box.name); });
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
  // What is only downloaded leaves the page as it is, and may be asked for again.
  if (event.defaultPrevented || event.target.method !== "post" || "download" in event.target.dataset) return;
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

// A room's seats are moved by hand: what is dragged changes places with what it is dropped on, and the text of the form follows.
function seatPlan(floor) {
  const text = document.getElementById(floor.dataset.plan);
  const spaced = () => text.value.includes(",") || text.value.includes("\t");
  const rows = () => text.value.trim().split("\n").map((line) => line.split(spaced() ? /[,\t]/ : /\s+/).map((seat) => seat.trim() || "."));
  let from = null;
  const draw = () => {
    const plan = rows(), width = Math.max(...plan.map((row) => row.length));
    floor.replaceChildren(...plan.map((row, y) => {
      const line = document.createElement("div");
      line.className = "floor-row";
      for (let x = 0; x < width; x++) {
        const spot = document.createElement("div"), name = row[x] || ".";
        spot.className = name === "." ? "aisle" : "seat rest";
        spot.textContent = name === "." ? "" : name;
        spot.draggable = name !== ".";
        spot.addEventListener("dragstart", (event) => { from = [y, x]; event.dataTransfer.effectAllowed = "move"; });
        spot.addEventListener("dragover", (event) => { event.preventDefault(); spot.classList.add("over"); });
        spot.addEventListener("dragleave", () => spot.classList.remove("over"));
        spot.addEventListener("drop", (event) => { event.preventDefault(); if (from) swapSeats(from, [y, x]); from = null; });
        line.append(spot);
      }
      return line;
    }));
  };
  const swapSeats = ([y, x], [v, u]) => {
    const plan = rows(), width = Math.max(...plan.map((row) => row.length));
    plan.forEach((row) => { while (row.length < width) row.push("."); });
    [plan[y][x], plan[v][u]] = [plan[v][u], plan[y][x]];
    text.value = plan.map((row) => row.join(spaced() ? ", " : " ")).join("\n");
    draw();
  };
  floor.hidden = false;
  text.addEventListener("input", draw);
  draw();
}

// Boxes that belong to a form far away: how many are ticked, and one that ticks all.
function boxes(said) {
  const form = said.dataset.ticked;
  const all = () => [...document.querySelectorAll("input[type=checkbox][form='" + form + "']")];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  const say = () => {
    const count = all().filter((box) => box.checked).length;
    said.textContent = count + " of " + all().length + " ";
    button.textContent = count ? "untick them" : "tick all on this page";
  };
  button.addEventListener("click", () => { const tick = !all().some((box) => box.checked); all().forEach((box) => { box.checked = tick; }); say(); });
  addEventListener("change", say);
  said.after(button);
  say();
}

// The verdict can be heard: high for GO, low and twice for STOP. Whoever wants it quiet says so once, on this machine.
const TONES = { go: [880], check: [523, 523], stop: [262, 196] };
function hear(verdict) {
  const box = document.querySelector("[data-sounds]");
  const quiet = () => { try { return localStorage.getItem("quiet") === "1"; } catch { return true; } };
  if (box) {
    box.hidden = false;
    const tick = box.querySelector("input");
    tick.checked = !quiet();
    tick.addEventListener("change", () => { try { localStorage.setItem("quiet", tick.checked ? "0" : "1"); } catch { /* nothing is kept here */ } });
  }
  const tones = verdict && TONES[verdict.dataset.sound];
  if (!tones || quiet() || !window.AudioContext) return;
  const audio = new AudioContext();
  tones.forEach((pitch, nth) => {
    const tone = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime + nth * 0.16;
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.12, at);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.15);
    tone.connect(loud).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.16);
  });
}

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
document.querySelectorAll("[data-plan]").forEach(seatPlan);
document.querySelectorAll("[data-ticked]").forEach(boxes);
hear(document.querySelector("[data-sound]"));
setInterval(ago, 1000);
follow();
