"""One validator for each report format: what its readers would do with it, and what must never be in it."""
import csv
import html.parser
import io
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

HERE = pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "reports"
# C0 and C1 controls but line ends, bidi controls, zero-width characters, noncharacters.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")


def tool(command, text):
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout.decode()}{done.stderr.decode()}"
    return done.stdout.decode()


def junit(text):
    tool(["xmllint", "--nonet", "--noout", "--schema", str(HERE / "junit.xsd"), "-"], text)
    root = xml.etree.ElementTree.fromstring(text)
    for suite in root:
        for attribute, tag in (("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error"),
                               ("skipped", "testcase/skipped")):
            assert int(suite.get(attribute)) == len(suite.findall(tag)), attribute
    for attribute in ("tests", "failures", "errors"):
        assert int(root.get(attribute)) == sum(int(suite.get(attribute)) for suite in root)


class Tap:
    """TAP 14, no more than fwprobe writes of it."""
    POINT = re.compile(r"(not )?ok (\d+) - ((?:[^\\#]|\\[\\#])*?)(?: # SKIP ((?:[^\\#]|\\[\\#])*))?")
    ENTRY = re.compile(r'(?:[a-z_]+:(?: (".*"))?|  - (".*"))')

    def __init__(self, text):
        self.lines = text.splitlines()
        assert self.lines.pop(0) == "TAP version 14"
        self.bailed = bool(self.lines) and self.lines[-1].startswith("Bail out! ")
        if self.bailed:
            self.lines.pop()
        self.block("")
        assert not self.lines, self.lines[0]

    def block(self, indent):
        plan = int(re.fullmatch(indent + r"1\.\.(\d+)", self.lines.pop(0))[1])
        failed = False
        for number in range(1, plan + 1):
            below = False
            if self.lines[0].startswith(indent + "# Subtest: "):
                self.lines.pop(0)
                below = self.block(indent + "    ")
            line = self.lines.pop(0)
            assert line.startswith(indent) and not line[len(indent):].startswith(" "), line
            point = self.POINT.fullmatch(line[len(indent):])
            assert point and int(point[2]) == number, line
            assert not below or point[1], "a subtest failed and its test point did not"
            failed = failed or bool(point[1])
            if self.lines and self.lines[0] == indent + "  ---":
                self.diagnostic(indent + "  ")
        return failed

    def diagnostic(self, indent):
        self.lines.pop(0)
        while (line := self.lines.pop(0)) != indent + "...":
            entry = self.ENTRY.fullmatch(line[len(indent):])
            assert line.startswith(indent) and entry, line
            for value in filter(None, entry.groups()):
                assert isinstance(json.loads(value), str)


def comma_separated(text):
    assert "\n" not in text.replace("\r\n", ""), "RFC 4180 ends lines with CRLF"
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(rows) > 1 and {len(row) for row in rows} == {len(rows[0])}
    for row in rows:
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")), cell
            assert "\n" not in cell and "\r" not in cell
    return rows


def prometheus(text):
    tool(["promtool", "check", "metrics"], text)
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series)), "node_exporter refuses a series that stands twice"
    for line in text.splitlines():
        assert re.fullmatch(r'(# (HELP|TYPE) )?fwprobe_[a-z_]+(\{([a-z]+="([^"\\]|\\[\\n"])*",?)+\})? .+', line), line


def nagios(text):
    assert len(text.encode()) < 8192
    first, _, rest = text.partition("\n")
    assert len(first.encode()) < 4096
    line, bar, data = first.partition(" |")
    assert re.match(r"FWPROBE (OK|WARNING|CRITICAL|UNKNOWN) - ", line), line
    assert "|" not in line + rest
    assert "<" not in text
    assert not bar or re.fullmatch(r"( '[^'=|]+'=-?[0-9.]+s?;[0-9:]*;[0-9:]*;?0?)+", data), data


class Comment(html.parser.HTMLParser):
    """What cmark-gfm, GitHub's own renderer, makes of it: no link, image or tag that we did not write."""
    ALLOWED = set("h2 h3 p strong ul ol li table thead tbody tr th td code pre details summary".split())
    # Looked for by GitHub, GitLab and Azure DevOps in text that is not code.
    LINKED = re.compile(r"@\w|#\d|!\d|GH-\d|https?://|www\.\w|:[\w+-]+:|[~%$]\w", re.IGNORECASE)

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert tag in self.ALLOWED, f"<{tag} {attrs}>"
        assert all(name in ("class", "lang", "start") for name, _ in attrs), attrs
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if "code" not in self.open:
            assert not self.LINKED.search(data), data

    def handle_comment(self, data):
        assert data == " ", data


def markdown(text):
    assert len(text) < 65536
    extensions = [word for name in ("table", "autolink", "strikethrough", "tasklist") for word in ("-e", name)]
    parser = Comment()
    parser.feed(tool(["cmark-gfm", "--unsafe", *extensions], text))
    parser.close()
    assert not parser.open, parser.open


class Page:
    """The HTML report, read as XML: one file that asks for nothing, runs nothing, and that a screen reader finds its way in."""
    TAGS = set("html head meta title style body header main footer section article div p span b small code pre h1 h2 h3 h4 ol ul li "
               "dl dt dd a figure figcaption details summary table thead tbody tr th td "
               "svg desc g path circle rect line text".split())
    ATTRIBUTES = set("lang charset name content http-equiv class id href scope role tabindex title aria-label aria-labelledby "
                     "aria-hidden viewBox d transform x y x1 x2 y1 y2 cx cy r rx dx width height".split())
    NEEDED = {"{http://www.w3.org/1999/xhtml}" + tag for tag in ("title", "main", "header", "footer", "h1")}

    def __init__(self, text):
        assert text.startswith("<!DOCTYPE html>\n<html ")
        self.root = xml.etree.ElementTree.fromstring(text)
        self.all = list(self.root.iter())
        for element in self.all:
            assert element.tag.rpartition("}")[2] in self.TAGS, element.tag
            assert set(element.keys()) <= self.ATTRIBUTES, element.attrib
            assert element.get("href", "#").startswith("#"), element.attrib
        assert self.root.get("lang") == "en" and self.NEEDED <= {element.tag for element in self.all}
        policies = [element.get("content") for element in self.all if element.get("http-equiv") == "Content-Security-Policy"]
        assert policies == ["default-src 'none'; style-src 'unsafe-inline'"], policies
        style = "".join(element.text for element in self.named("style"))
        assert not re.search(r"url\(|@import|@font-face|image-set|src:", style)
        self.references()
        self.headings()
        for table in self.named("table"):
            assert all(cell.get("scope") for cell in table.iter("{http://www.w3.org/1999/xhtml}th"))

    def named(self, name):
        return [element for element in self.all if element.tag == "{http://www.w3.org/1999/xhtml}" + name]

    def references(self):
        ids = [element.get("id") for element in self.all if element.get("id")]
        assert len(ids) == len(set(ids)), "an id stands twice"
        for element in self.all:
            for name in element.get("aria-labelledby", "").split() + [element.get("href", "")[1:]]:
                assert not name or name in ids, name

    def headings(self):
        levels = [int(element.tag[-1]) for element in self.all if re.fullmatch(r".*}h[1-6]", element.tag)]
        assert levels[0] == 1 and levels.count(1) == 1, levels
        for before, after in zip(levels, levels[1:]):
            assert after <= before + 1, levels


VALIDATORS = {"html": Page, "junit": junit, "tap": Tap, "csv": comma_separated, "prometheus": prometheus, "nagios": nagios,
              "markdown": markdown, "json": json.loads, "text": str}


def validate(name, text):
    found = UNSAFE.search(text.replace("\r\n", "\n"))
    assert not found, f"{name}: {found[0]!r}"
    VALIDATORS[name](text)
