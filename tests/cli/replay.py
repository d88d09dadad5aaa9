"""Every report of a real run is judged again, and must say the same."""
import json
import os
import subprocess

FWPROBE = os.environ["FWPROBE"]


def judge(*arguments, report=None):
    """`fwprobe judge` without a network worth the name: it must not need one."""
    return subprocess.run([FWPROBE, "judge", *arguments], capture_output=True, text=True, timeout=60, check=False,
                          input=report, env={"PATH": os.environ["PATH"]})


def assert_same_verdict(text, code):
    """`text` is a JSON report, `code` the exit code of the run that wrote it."""
    again = judge("-", "--format", "json", report=text)
    assert again.returncode == code, f"exit code {again.returncode} in place of {code}: {again.stderr}"
    before, after = json.loads(text), json.loads(again.stdout)
    for mine, theirs in zip(before["targets"], after["targets"]):
        for part in ("status", "findings", "diagnosis", "settings", "measurements"):
            assert mine[part] == theirs[part], f"{part} before: {mine[part]}\n{part} after: {theirs[part]}"
    assert before == after
    assert_same_verdict_without_names(text, code)


def assert_same_verdict_without_names(text, code):
    """The redacted report says the same, can be judged again, and names nobody."""
    done = judge("-", "--redact", "--format", "json", report=text)
    assert done.returncode == code, f"--redact: exit code {done.returncode} in place of {code}: {done.stderr}"
    again = judge("-", "--format", "json", report=done.stdout)
    assert (again.returncode, again.stdout) == (code, done.stdout), "the redacted report is judged otherwise"
    before, after = json.loads(text), json.loads(done.stdout)
    for mine, theirs in zip(before["targets"], after["targets"]):
        for part in ("status", "port", "scheme", "complete"):
            assert mine[part] == theirs[part], part
        for finding, other in zip(mine["findings"], theirs["findings"], strict=True):
            for part in ("check", "status", "cause", "confidence"):
                assert finding[part] == other[part], f"{part}: {finding} became {other}"
    host = before["run"]["vantage"]["host"]
    assert host not in after["run"]["vantage"]["host"], host
