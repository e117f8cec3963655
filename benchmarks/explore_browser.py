"""How fast the analyst's page is for those who look at it: measured inside a real Chromium."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--in-process-gpu"]
_PATIENCE = 120  # seconds
_SPARE = 20  # seconds until the next spare kernel has executed the notebook
_CHANGES, _FRAMES = 40, 60

_QUIET = 300  # milliseconds without a change after which a page is up to date

# From a change that a user makes in a chart until the number of kept films, then the linked views (charts, reasons for
# drops, table of films and drawn map), and then all that follows is in the page.
_CHANGE = """async ([key, quiet]) => {
  const chart = document.querySelector('svg[aria-label="Year of release"]').querySelector('.cm-handle');
  const kept = document.querySelector('.cm-bar-count');
  let counted = null, linked = null, last = null;
  const watch = new MutationObserver(changes => {
    last = performance.now();
    if (changes.some(one => kept.contains(one.target))) counted ??= last;
    const places = changes.map(({target}) => target.closest ? target : target.parentElement);
    if (places.some(one => one?.closest('.cm-counts, .cm-lookup'))) linked = last;
  });
  watch.observe(document.body, {childList: true, subtree: true, characterData: true, attributes: true});
  const drawing = CanvasRenderingContext2D.prototype, drawn = {};
  for (const name of ['putImageData', 'fillText']) {
    drawn[name] = drawing[name];
    drawing[name] = function(...given) { drawn[name].apply(this, given); linked = last = performance.now(); };
  }
  const start = performance.now();
  chart.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  while (!counted || performance.now() < last + quiet) await new Promise(done => setTimeout(done, 10));
  watch.disconnect();
  Object.assign(drawing, drawn);
  return [counted - start, linked - start, last - start];
}"""
_MOVE = """async frames => {
  const map = document.querySelector('.cm-map'), box = map.getBoundingClientRect(), times = [];
  document.querySelector('.cm-map-bar button').click();
  const at = (x, y, type) => new PointerEvent(type, {clientX: x, clientY: y, pointerId: 1, bubbles: true});
  map.setPointerCapture = () => {};
  map.dispatchEvent(at(box.x + 100, box.y + 100, 'pointerdown'));
  for (let frame = 0; frame < frames; frame++) {
    const start = performance.now();
    map.dispatchEvent(at(box.x + 110 + frame, box.y + 110 + frame, 'pointermove'));
    times.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  map.dispatchEvent(at(box.x + 100, box.y + 100, 'pointerup'));
  document.querySelector('.cm-map-bar button').click();
  return times;
}"""


def measure(raw: Path, work: Path) -> list[tuple[str, str]]:
    """Open the page of the current run in `work`, use it, and return what was measured with its value."""
    if CHROMIUM is None:
        return [("in a browser", "no Chromium here")]
    began = time.perf_counter()
    server, address = _serve(raw, work)
    prepared = time.perf_counter() - began
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(1000 * _PATIENCE)
            first = [_open(page, address)]
            page.wait_for_timeout(1000 * _SPARE)
            first.append(_open(page, address))
            page.wait_for_timeout(1000 * _SPARE)
            counted, linked, settled = np.array([page.evaluate(_CHANGE, [key, _QUIET]) for key in _keys()]).T
            moved = np.array(page.evaluate(_MOVE, _FRAMES))
            browser.close()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    return [
        ("from the command to its address", f"{prepared:.1f} s"),
        ("first view in Chromium, just then", f"{first[0]:.1f} s"),
        ("first view later", f"{first[1]:.1f} s"),
        ("a change until the numbers of films are in the page, median", f"{np.median(counted):.0f} ms"),
        ("the same, slowest of 40", f"{counted.max():.0f} ms"),
        ("a change until charts, reasons, map and table are in the page, median", f"{np.median(linked):.0f} ms"),
        ("a change until all that follows is in the page, median", f"{np.median(settled):.0f} ms"),
        ("moving the map by a frame, median", f"{np.median(moved):.0f} ms"),
        ("the same, slowest of 60", f"{moved.max():.0f} ms"),
    ]


def _keys() -> list[str]:
    return ["ArrowRight"] * (_CHANGES // 2) + ["ArrowLeft"] * (_CHANGES // 2)


def _open(page: Page, address: str) -> float:
    """Seconds until the count, the map and the list of films are in the page."""
    page.goto("about:blank")
    start = time.perf_counter()
    page.goto(address)
    page.locator(".cm-list li").first.wait_for()
    page.locator(".cm-bar-count strong").wait_for()
    page.locator(".cm-map canvas").first.wait_for()
    return time.perf_counter() - start


def _serve(raw: Path, work: Path) -> tuple[subprocess.Popen[bytes], str]:
    """The page of the current run in `work` as a web page, and its address."""
    folders = [f"--raw-dir={raw}", f"--data-dir={work / 'data'}", f"--artifacts-dir={work / 'artifacts'}"]
    command = [Path(sys.executable).with_name("cinematch"), "explore", "--no-browser", *folders]
    log = work / "explore.log"
    with log.open("wb") as file:
        server = subprocess.Popen(command, cwd=work, stdout=file, stderr=file, start_new_session=True)
    end = time.monotonic() + _PATIENCE
    while (found := re.search(r"http://127\.0\.0\.1:\d+/\?token=\w+", log.read_text(errors="replace"))) is None:
        if server.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"the page was not served: {log.read_text(errors='replace')}")
        time.sleep(0.1)
    return server, found[0]
