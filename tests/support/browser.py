"""Headless Chromium over its DevTools protocol, on a pipe (--remote-debugging-pipe): JSON messages that end with NUL. Of the
Python standard library only."""
import base64
import json
import os
import select
import subprocess
import tempfile
import time

LIMIT = 60  # seconds, for an answer
# Without its sandbox, which root may not have. Names lead nowhere; a page may come from this machine.
OPTIONS = ["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
           "--hide-scrollbars", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


class Browser:
    """One Chromium with a profile of its own; a context manager. Nothing that a page asks for reaches a network."""

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="fwprobe-browser-")
        to_read, self.to = os.pipe()
        self.back, from_write = os.pipe()
        # Chromium reads at 3 and writes at 4.
        command = ["/bin/bash", "-c", f'exec "$@" 3<&{to_read} 4>&{from_write}', "browser", "chromium", *OPTIONS,
                   f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=(to_read, from_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.number, self.buffer, self.events = 0, b"", []
        return self

    def __exit__(self, *_):
        try:
            self.ask("Browser.close")
        except (OSError, RuntimeError):
            self.process.kill()  # it has ended, or is about to
        self.process.wait(timeout=LIMIT)
        os.close(self.to)
        os.close(self.back)
        self.profile.cleanup()

    def receive(self, until):
        while b"\0" not in self.buffer:
            if not select.select([self.back], [], [], max(0, until - time.monotonic()))[0]:
                raise RuntimeError("the browser does not answer")
            chunk = os.read(self.back, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser has ended")
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        until = time.monotonic() + LIMIT
        while True:
            answer = self.receive(until)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path, width, scheme="light"):
        return Page(self, path, width, scheme)


class Page:
    """A file, or a URL of this machine by its address, shown at a width in CSS pixels with a colour scheme."""

    def __init__(self, browser, path, width, scheme):
        self.browser = browser
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.events.clear()
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.resize(width, 800)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.url = str(path) if ":" in str(path) else "file://" + str(path)
        self.ask("Page.navigate", url=self.url)
        until = time.monotonic() + LIMIT
        while not any(event["method"] == "Page.loadEventFired" for event in browser.events):
            browser.events.append(browser.receive(until))

    def ask(self, method, **parameters):
        return self.browser.ask(method, self.session, **parameters)

    def resize(self, width, height):
        self.width = width
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def evaluate(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        return result["result"].get("value")

    def complaints(self):
        """What the console has, and requests besides the file itself."""
        found = []
        for event in self.browser.events:
            details = event["params"]
            if event["method"] == "Log.entryAdded":
                found.append(details["entry"]["text"])
            elif event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
                found.append(json.dumps(details))
            elif event["method"] == "Network.requestWillBeSent" and details["request"]["url"] != self.url:
                found.append("request: " + details["request"]["url"])
        return found

    def screenshot(self, path, height=None, scale=1):
        """Of the whole page, or of so much of its top."""
        height = height or self.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": self.width, "height": height, "scale": scale}
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.ask("Target.closeTarget", targetId=self.target)
