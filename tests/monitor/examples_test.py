"""docs/examples: checked by the programs that read them, and every metric that they name exists."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
EXAMPLES = SOURCE / "docs/examples"
METRIC = re.compile(r"\b(?:fwprobe|probe|process)_[a-z0-9_]+\b")
# Where families are written, each by its name.
CODE = ["reports/prometheus.cc", *(str(path.relative_to(SOURCE)) for path in sorted(SOURCE.glob("monitor/web/*.cc")))]
# Words of the same shape that are no metrics.
OTHER = {"fwprobe_run", "probe_failed"}


def run(*command, cwd=EXAMPLES):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def written():
    """The metrics that the code writes."""
    names = set()
    for file in CODE:
        names |= set(re.findall(r'"((?:fwprobe|probe|process)_[a-z0-9_]+)"', (SOURCE / file).read_text()))
    return names


def expressions(node):
    """Every PromQL expression of a dashboard."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "definition") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for one in node:
            yield from expressions(one)


class Examples(unittest.TestCase):
    def test_prometheus_takes_its_configuration_and_the_rules(self):
        for command in (["check", "config", "prometheus.yml"], ["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]):
            with self.subTest(command):
                code, output = run("promtool", *command)
                self.assertEqual(code, 0, output)

    def test_every_rule_has_a_test(self):
        alerts = set(re.findall(r"- alert: (\w+)", (EXAMPLES / "rules.yml").read_text()))
        tested = set(re.findall(r"alertname: (\w+)", (EXAMPLES / "rules_test.yml").read_text()))
        self.assertEqual(alerts - tested, set())
        self.assertEqual(tested - alerts, set())

    def test_alertmanager_takes_its_configuration(self):
        code, output = run("amtool", "check-config", "alertmanager.yml")
        self.assertEqual(code, 0, output)

    def test_the_dashboard_is_one(self):
        dashboard = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())
        ids = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        places = set()
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & places, f"{panel['title']} overlaps another panel")
            places |= cells

    def test_prometheus_understands_every_expression_of_the_dashboard(self):
        dashboard = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())
        wanted = [one for one in expressions(dashboard) if not one.startswith("label_values")]
        self.assertGreater(len(wanted), 15)
        rules = [{"record": f"one:{n}", "expr": one} for n, one in enumerate(wanted)]
        with tempfile.TemporaryDirectory() as folder:
            # JSON is YAML.
            pathlib.Path(folder, "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
            code, output = run("promtool", "check", "rules", "rules.yml", cwd=folder)
        self.assertEqual(code, 0, output)

    def test_every_metric_exists(self):
        known = written()
        self.assertIn("fwprobe_target_as_expected", known)
        files = [EXAMPLES / "rules.yml", EXAMPLES / "grafana-dashboard.json", SOURCE / "docs/monitoring.md"]
        for file in files:
            named = set(METRIC.findall(file.read_text())) - OTHER
            self.assertEqual(named - known, set(), file.name)

    def test_the_page_has_every_metric_of_the_service(self):
        page = (SOURCE / "docs/monitoring.md").read_text()
        service = set(re.findall(r'"(fwprobe_[a-z0-9_]+)"', (SOURCE / "monitor/web/metrics.cc").read_text()))
        self.assertEqual({name for name in service if name not in page}, set())


if __name__ == "__main__":
    for needed in ("promtool", "amtool"):
        if shutil.which(needed) is None:
            raise SystemExit(f"{needed} is missing: ./dev test installs it")
    unittest.main()
