"use strict";
// What plain HTML can not do: the session's mark on htmx requests, charts from data in the page, a warning before typed words are lost.
document.addEventListener("htmx:configRequest", function (event) {
  var mark = document.querySelector("meta[name=csrf]");
  if (mark) { event.detail.headers["X-Csrf"] = mark.content; }
});
// A refused form comes back with what was typed: show it, though its status is 4xx.
document.addEventListener("htmx:beforeSwap", function (event) {
  var status = event.detail.xhr.status;
  if (status === 403 || status === 409 || status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; }
});
// <div class="chart" data-chart="ID"> shows the ECharts option that stands as JSON in the element ID: <div hidden id="ID"> where htmx
// brings it (it takes scripts out, data too), else <script type="application/json" id="ID">.
function drawCharts(root) {
  if (!window.echarts) { return; }
  root.querySelectorAll("[data-chart]").forEach(function (place) {
    var option = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    option.tooltip = Object.assign({ renderMode: "richText", confine: true }, option.tooltip);  // HTML tooltips bring inline styles
    option.animation = false;
    var old = window.echarts.getInstanceByDom(place);
    if (old) { old.dispose(); }
    var chart = window.echarts.init(place, null, { renderer: "canvas" });
    chart.setOption(option);
    window.addEventListener("resize", function () { if (!chart.isDisposed()) { chart.resize(); } });
  });
}
document.addEventListener("DOMContentLoaded", function () { drawCharts(document); });
document.addEventListener("htmx:load", function (event) { drawCharts(event.detail.elt.parentNode || document); });
var typed = false;
document.addEventListener("input", function (event) { if (event.target.closest("form[data-keep]")) { typed = true; } });
document.addEventListener("submit", function () { typed = false; });
window.addEventListener("beforeunload", function (event) { if (typed) { event.preventDefault(); event.returnValue = ""; } });
