// Makes the children of one element like those of another, touching only what differs: focus, open details,
// scroll positions and half-typed fields survive. Elements with an id keep their identity when they move.

export function morph(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  children(element, template.content);
}

function children(from, to) {
  const known = new Map([...from.children].filter((child) => child.id).map((child) => [child.id, child]));
  let here = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const match = wanted.id ? known.get(wanted.id) : here && !here.id && alike(here, wanted) ? here : null;
    if (match && match === here) here = here.nextSibling;
    else from.insertBefore(match || wanted, here);
    if (match) patch(match, wanted);
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

function alike(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && !other.id;
}

function patch(node, wanted) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.nodeValue !== wanted.nodeValue) node.nodeValue = wanted.nodeValue;
    return;
  }
  if (node.isEqualNode(wanted)) return;
  for (const { name } of [...node.attributes]) {
    if (!wanted.hasAttribute(name) && name !== "open") node.removeAttribute(name);
  }
  for (const { name, value } of [...wanted.attributes]) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  if (node.type === "checkbox") node.checked = wanted.checked;
  if (!("due" in node.dataset || "clock" in node.dataset || "date" in node.dataset)) children(node, wanted);
}
