"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const drawing = document.getElementById("drawing");
  const details = document.getElementById("details");
  const matches = document.getElementById("matches");
  const { nodes, edges, root } = data.lineage;
  const number = new Map(nodes.map((node, i) => [node.id, i]));
  const rowOf = (kind, i) => document.getElementById(`${kind}-row-${i}`);
  let size = 1, natural = 0, svg = null;

  // What is chosen is told from its row in the tables, so that drawing and tables cannot say different things.
  function tell(kind, i) {
    const list = document.createElement("dl");
    for (const cell of rowOf(kind, i).cells) {
      const name = document.createElement("dt");
      name.textContent = cell.dataset.label;
      const value = document.createElement("dd");
      value.append(...[...cell.childNodes].map((child) => child.cloneNode(true)));
      list.append(name, value);
    }
    details.replaceChildren(list);
    for (const chosen of svg.querySelectorAll(".chosen")) chosen.classList.remove("chosen");
    document.getElementById(`${kind}-${i}`).classList.add("chosen");
  }

  function prepare(kind, i, name) {
    const part = document.getElementById(`${kind}-${i}`);
    if (!part) return;
    part.setAttribute("tabindex", "0");
    part.setAttribute("role", "img");
    part.setAttribute("aria-label", name);
    part.querySelector("title").textContent = name;
    for (const link of part.querySelectorAll("a")) link.removeAttribute("xlink:title");
    for (const event of ["focus", "mouseenter", "click"]) part.addEventListener(event, () => tell(kind, i));
    part.addEventListener("keydown", (event) => {
      if (event.key === "Enter") location.hash = `${kind}-row-${i}`;
    });
  }

  function resize() {
    svg.style.width = `${Math.round(natural * size)}px`;
    svg.style.height = "auto";
  }

  // Readable before whole: on a narrow screen the drawing is scrolled, not shrunk to a stripe.
  function fit(least) {
    size = Math.min(1.2, Math.max(least, (drawing.clientWidth - 4) / natural));
    resize();
  }

  function show(made) {
    svg = made;
    natural = svg.viewBox.baseVal.width * 4 / 3;
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", `Lineage of ${root}`);
    svg.querySelector("title").remove();
    drawing.replaceChildren(svg);
    nodes.forEach((node, i) => prepare("node", i, `${node.kind}: ${node.label}${node.digest ? `, ${node.digest}` : ""}`));
    edges.forEach((edge, i) => prepare("edge", i + 1,
      `Link ${i + 1}: ${nodes[number.get(edge.source)].label} ${edge.relation} ${nodes[number.get(edge.target)].label}. ` +
      `${edge.ok ? "Holds" : "BROKEN"}: ${edge.proof}`));
    fit(0.6);
    drawing.scrollLeft = drawing.scrollWidth; // the version is on the right
    const version = document.getElementById(`node-${number.get(root)}`).getBoundingClientRect();
    drawing.scrollTop = version.top - drawing.getBoundingClientRect().top - drawing.clientHeight / 2;
    document.querySelector(".tools").hidden = false;
  }

  function search(words) {
    const wanted = words.trim().toLowerCase();
    let found = 0;
    const mark = (kind, i) => {
      const row = rowOf(kind, i), part = document.getElementById(`${kind}-${i}`);
      const hit = !wanted || row.textContent.toLowerCase().includes(wanted);
      row.hidden = !hit;
      if (part) part.classList.toggle("dim", !hit);
      found += hit;
    };
    nodes.forEach((_, i) => mark("node", i));
    edges.forEach((_, i) => mark("edge", i + 1));
    matches.textContent = wanted ? `${found} found` : "";
  }

  document.getElementById("search").addEventListener("input", (event) => search(event.target.value));
  document.getElementById("smaller").addEventListener("click", () => { size = Math.max(0.2, size / 1.25); resize(); });
  document.getElementById("larger").addEventListener("click", () => { size = Math.min(4, size * 1.25); resize(); });
  document.getElementById("fit").addEventListener("click", () => fit(0.1));

  Viz.instance().then((viz) => show(viz.renderSVGElement(data.dot))).catch((error) => {
    drawing.textContent = `The drawing could not be made (${error.message}). The tables below say the same.`;
  });
})();
