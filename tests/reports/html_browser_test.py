"""The HTML report in a real browser: at the width of a screen and of a phone, light and dark, on paper, and for screen readers."""
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
sys.path.insert(0, str(SOURCE / "tests" / "support"))
from browser import Browser

FWPROBE = os.environ["FWPROBE"]
AXE = SOURCE / "build" / "axe-core" / "axe.min.js"
PICTURES = pathlib.Path(os.environ["BUILD_DIR"]) / "screenshots"
VIEWS = [(width, scheme) for width in (1280, 360) for scheme in ("light", "dark")]
VISIBLE_PICTURES = """[...document.querySelectorAll("svg.path")].map(svg => svg.getBoundingClientRect())
                      .filter(box => box.width > 250 && box.height > 100).length"""


def page_of(document, folder, name):
    report = folder / f"{name}.json"
    report.write_text(json.dumps(document), encoding="utf-8")
    page = folder / f"{name}.html"
    subprocess.run([FWPROBE, "judge", str(report), "--report", f"html={page}"], stdout=subprocess.DEVNULL, timeout=60, check=False)
    return page


def png_size(path):
    return struct.unpack(">II", path.read_bytes()[16:24])


class InABrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not AXE.exists():
            raise RuntimeError(f"{AXE} is missing; ./dev test fetches it")
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        document = json.loads((SOURCE / "tests/reports/golden/report.json").read_text(encoding="utf-8"))
        cls.count = len(document["targets"])
        cls.pages = {"many": page_of(document, folder, "many")}
        for number, target in enumerate(document["targets"]):
            cls.pages[f"one-{number}"] = page_of({**document, "targets": [target]}, folder, f"one-{number}")
        cls.browser = cls.enterClassContext(Browser())
        PICTURES.mkdir(exist_ok=True)

    def in_each_view(self, look):
        """Every page with all that is folded unfolded."""
        for name, path in self.pages.items():
            for width, scheme in VIEWS:
                with self.subTest(page=name, width=width, scheme=scheme):
                    page = self.browser.open(path, width, scheme)
                    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
                    look(f"{name}-{width}-{scheme}", page)
                    self.assertEqual(page.complaints(), [])
                    page.close()

    def test_it_asks_for_nothing_and_fits(self):
        def look(name, page):
            self.assertEqual(page.evaluate("document.scripts.length"), 0)
            self.assertEqual(page.evaluate(VISIBLE_PICTURES), self.count if name.startswith("many") else 1)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), page.width)
            picture = PICTURES / f"{name}.png"
            page.screenshot(picture)
            width, height = png_size(picture)
            self.assertEqual(width, page.width)
            self.assertGreater(height, 1000)
        self.in_each_view(look)

    def test_axe_finds_nothing(self):
        axe = AXE.read_text(encoding="utf-8")

        def look(_, page):
            page.evaluate(axe + "; 0")
            found = page.evaluate("""axe.run({resultTypes: ["violations"]}).then(result => ({
                passes: result.passes.length,
                violations: result.violations.map(one => one.id + ": " + one.nodes.map(node => node.html).join("\\n"))}))""")
            self.assertEqual(found["violations"], [])
            self.assertGreater(found["passes"], 10)
        self.in_each_view(look)

    def test_paper_shows_what_the_screen_folds(self):
        page = self.browser.open(self.pages["one-0"], 800, "dark")
        heights = "[...document.querySelectorAll('details')].map(one => one.getBoundingClientRect().height)"
        folded = page.evaluate(heights)
        page.ask("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        for before, after in zip(folded, page.evaluate(heights), strict=True):
            self.assertGreater(after, before + 20)
        self.assertEqual(page.evaluate("getComputedStyle(document.querySelector('section.path')).backgroundColor"), "rgb(255, 255, 255)")


def luminance(colour):
    """WCAG 2.2, relative luminance of #rrggbb."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Colours(unittest.TestCase):
    """Axe does not look into pictures."""

    def test_contrast_is_that_of_wcag_aa(self):
        style = (SOURCE / "reports" / "report.css").read_text(encoding="utf-8")
        palettes = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)]
        self.assertEqual(len(palettes), 2)
        for colours in palettes:
            tints = [name for name in colours if name.endswith("-tint")]
            pairs = [(word, ground, 4.5) for word in ("text", "muted") for ground in ("ground", "surface", *tints)]
            pairs += [(tone, ground, 4.5) for tone in ("pass", "warn", "fail", "error") for ground in ("surface", f"{tone}-tint")]
            pairs += [("skip", "surface", 4.5), ("link", "surface", 4.5)]
            pairs += [(tone, "surface", 3) for tone in ("strong", "dns", "tcp", "path", "proxy", "tls", "http", "ssh")]
            for one, other, least in pairs:
                self.assertGreaterEqual(contrast(colours[one], colours[other]), least, f"{one} on {other}: {colours[one]}")


if __name__ == "__main__":
    unittest.main()
