"use strict";
// The editor: line numbers beside the text, marks at bad lines, a copy on this machine of what was not saved, help at the caret.
document.addEventListener("DOMContentLoaded", function () {
  var text = document.getElementById("text");
  if (!text) { return; }
  var gutter = document.querySelector(".gutter"), problems = document.getElementById("problems"), words = document.getElementById("words");
  var caret = document.getElementById("caret"), form = document.getElementById("editing");
  var key = "hsdispute-draft " + text.dataset.who + " " + form.elements.name.value, timers = {};
  function soon(name, ms, act) { clearTimeout(timers[name]); timers[name] = setTimeout(act, ms); }
  function number() {
    var lines = text.value.split("\n").length, bad = {};
    problems.querySelectorAll("[data-line]").forEach(function (b) { bad[b.dataset.line] = true; });
    while (gutter.childElementCount > lines) { gutter.lastElementChild.remove(); }
    while (gutter.childElementCount < lines) { gutter.appendChild(document.createElement("div")).textContent = gutter.childElementCount; }
    Array.prototype.forEach.call(gutter.children, function (d, n) { d.className = bad[n + 1] ? "bad" : ""; });
    gutter.scrollTop = text.scrollTop;
  }
  function go(line) {
    var lines = text.value.split("\n"), start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[line - 1] || "").length);
    text.scrollTop = Math.max(0, (line - 6) * 24);
    text.scrollLeft = 0;
  }
  function moved() {
    // The server counts characters, the browser half of a pair for a rare character.
    caret.value = Array.from(text.value.slice(0, text.selectionStart)).length;
    if (words) { soon("moved", 250, function () { text.dispatchEvent(new Event("moved")); }); }
  }
  text.addEventListener("scroll", function () { gutter.scrollTop = text.scrollTop; });
  text.addEventListener("input", function () {
    number(); moved();
    soon("kept", 400, function () { try { localStorage.setItem(key, text.value); } catch (full) { /* nothing is lost but the copy */ } });
    soon("typed", 800, function () { text.dispatchEvent(new Event("typed")); });
  });
  ["click", "keyup", "focus"].forEach(function (name) { text.addEventListener(name, moved); });
  problems.addEventListener("click", function (event) { if (event.target.dataset.line) { go(Number(event.target.dataset.line)); } });
  document.body.addEventListener("htmx:afterSettle", number);
  if (words) {
    words.addEventListener("click", function (event) {
      var chosen = event.target.closest("[data-insert]");
      if (!chosen) { return; }
      var end = text.selectionStart, start = end - Number(chosen.dataset.over);
      text.focus();
      text.setRangeText(chosen.dataset.insert, start, end, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    });
    words.addEventListener("keydown", function (event) { if (event.key === "Escape") { text.focus(); } });
  }
  text.addEventListener("keydown", function (event) {
    if (event.ctrlKey && event.key === " " && words) {
      var first = words.querySelector("[data-insert]");
      if (first) { event.preventDefault(); first.focus(); }
    } else if (event.ctrlKey && event.key === "s" && !text.readOnly) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Enter" && !event.isComposing && !text.readOnly) {  // a new line begins where this one's words do, or under its key
      var before = text.value.slice(0, text.selectionStart), line = before.slice(before.lastIndexOf("\n") + 1);
      event.preventDefault();
      var indent = /^ *(?:- +)*/.exec(line)[0].replace(/-/g, " ") + (/: *$/.test(line) ? "  " : "");
      text.setRangeText("\n" + indent, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  var kept = null, offer = document.getElementById("kept");
  try { kept = localStorage.getItem(key); } catch (closed) { /* a browser that keeps nothing */ }
  if (kept !== null && kept.trimEnd() === text.value.trimEnd()) { localStorage.removeItem(key); kept = null; }
  if (kept !== null && !text.readOnly) {
    offer.hidden = false;
    document.getElementById("take-kept").addEventListener("click", function () {
      text.value = kept; offer.hidden = true; text.dispatchEvent(new Event("input", { bubbles: true }));
    });
    document.getElementById("drop-kept").addEventListener("click", function () { localStorage.removeItem(key); offer.hidden = true; });
  }
  number();
  if (Number(text.dataset.at)) { go(Number(text.dataset.at)); }
});
