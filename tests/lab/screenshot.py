"""The README's picture: the HTML report of a real run in the lab, where a router drops the port.

    FWPROBE=path/to/fwprobe python3 screenshot.py docs/images/report.png
"""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from browser import Browser

SCENARIO = "Azure DevOps Server whose port r2 drops"
WIDTH = 960
SHOWN = "document.querySelector('.timings').getBoundingClientRect().bottom + 12"  # what follows is for the reader of the page


def main():
    picture = pathlib.Path(sys.argv[1])
    picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fwprobe-picture-") as folder:
        subprocess.run([sys.executable, HERE / "run.py", SCENARIO, "--lanes", "1", "--reports", folder], check=True)
        (report,) = pathlib.Path(folder).glob("*.json")
        page = pathlib.Path(folder) / "report.html"
        subprocess.run([os.environ["FWPROBE"], "judge", report, "--report", f"html={page}"], stdout=subprocess.DEVNULL, check=False)
        with Browser() as browser:
            shown = browser.open(page, WIDTH)
            shown.screenshot(picture, shown.evaluate(SHOWN), scale=1.1)
    print(f"{picture}: {picture.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
