"use strict";
// Errors are counted on the root element, so that a page that half works can be told from one that works.
const root = document.documentElement;
let errors = 0;
const fault = (error) => { errors += 1; root.dataset.errors = String(errors); console.error(error); };
root.dataset.errors = "0";
addEventListener("error", (event) => fault(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => fault(event.reason));
addEventListener("securitypolicyviolation", (event) => fault(`${event.violatedDirective}: ${event.blockedURI}`));

const data = JSON.parse(document.getElementById("evaluation").textContent);
const byId = (id) => document.getElementById(id);

// An element with attributes and children; text goes in as text, never as HTML.
function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}
function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const THIN = "\u202f", MINUS = "\u2212";
const minus = (text) => text.replaceAll("-", MINUS);
function share(value) {
  const percent = 100 * value;
  if (percent === 0 || percent === 100) return `${percent}${THIN}%`;
  if (percent > 0 && percent < 0.01) return `<${THIN}0.01${THIN}%`;
  return `${minus(percent.toFixed(Math.abs(percent) >= 0.995 && percent < 99.95 ? 1 : 2))}${THIN}%`;
}
function score(value) {
  if (value === null || value === undefined) return "–";
  let text = value.toFixed(3);
  if (Number(text) === Math.round(value) && value !== Math.round(value)) text = value.toFixed(4);
  return minus(text);
}
function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e12 || size < 1e-4) return minus(value.toExponential(2));
  if (size >= 1000) return minus(Math.round(value).toLocaleString("en"));
  return minus(String(Number(value.toPrecision(4))));
}

// A name as it can be shown: control characters visible, the middle of a long one left out. The same rules as names.py.
const VISIBLE = { "\n": "⏎", "\r": "␍", "\t": "⇥", "\0": "␀", "\u200c": "\u200c", "\u200d": "\u200d" };
function shown(name, longest = 48) {
  if (!name.trim()) return name ? "(blank)" : "(empty)";
  let text = name.length <= 4 * longest ? name : name.slice(0, 2 * longest) + name.slice(-2 * longest);
  text = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) => VISIBLE[found] ?? "�");
  const letters = [...text];
  if (letters.length <= longest) return text;
  const tail = Math.floor(longest / 3);
  return `${letters.slice(0, longest - tail - 1).join("")}…${letters.slice(-tail).join("")}`;
}

const WORDS = { pass: "good", warn: "take care", fail: "problem", undecided: "undecided", info: "not judged" };
const SEVERITY = { fail: 0, warn: 1, undecided: 2, pass: 3, info: 4 };
function light(verdict) {
  const picture = draw("svg", { class: `light ${verdict}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, draw("use", { href: `#light-${verdict}` }));
  return make("span", { class: `verdict ${verdict}` }, picture, make("span", { class: "unseen" }, WORDS[verdict]));
}
