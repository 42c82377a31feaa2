// The middle of the one thing to click that says `text`, or why there is none. Beside a text: in the smallest part of the page that has both.
(text, beside) => {
  const said = (thing) => (thing.innerText || thing.getAttribute("aria-label") || "").replace(/\s+/g, " ").trim();
  const shown = (thing) => thing.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !thing.disabled;
  const things = [...document.querySelectorAll("a[href], button, summary, label")].filter(shown);
  const exact = things.filter((thing) => said(thing) === text);
  let found = exact.length ? exact : things.filter((thing) => said(thing).includes(text));
  if (beside) {
    const part = (thing) => {
      while (thing && !(thing.matches("li, tr, form, .notice, .card, .verdict") && said(thing).includes(beside))) thing = thing.parentElement;
      return thing ? said(thing).length : Infinity;
    };
    const least = Math.min(...found.map(part));
    found = found.filter((thing) => least < Infinity && part(thing) === least);
  }
  if (!found.length) return { why: "nothing to click says it" };
  const leads = new Set(found.map((thing) => thing.href || thing.form?.action || thing.id || said(thing)));
  if (leads.size > 1) return { why: "several things say it, and lead to " + [...leads].join(", ") };
  const thing = found[0];
  thing.scrollIntoView({ block: "center", behavior: "instant" });
  const box = thing.getClientRects()[0];
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const there = document.elementFromPoint(x, y);
  if (!there || !thing.contains(there)) return { why: "something covers it: " + (there ? there.outerHTML.slice(0, 120) : "the edge of the window") };
  return { x, y };
}
