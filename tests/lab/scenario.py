"""The words of the table in scenarios.py: a row, its faults, and where the report must say that they are."""
import dataclasses

from topology import HOPS

ANY = object()  # a field that the scenario does not settle


# ---- faults

@dataclasses.dataclass(frozen=True)
class Fault:
    """What is changed in one host before the scenario. Rules are flushed after it; `undo` takes the rest back."""
    host: str
    rules: str = ""  # nft(8)
    do: tuple = ()  # ip(8), a line each
    undo: tuple = ()


def chain(host, kind, hook, rules, priority="filter"):
    """Several faults of one host add to the same table."""
    lines = "\n    ".join(rules)
    return Fault(host, f"table inet lab {{\n  chain {hook} {{\n    type {kind} hook {hook} priority {priority};\n"
                       f"    {lines}\n  }}\n}}\n")


def forward(host, *rules):
    return chain(host, "filter", "forward", rules)


def entering(host, *rules):
    return chain(host, "filter", "input", rules)


def leaving(host, *rules):
    return chain(host, "filter", "output", rules)


def redirect(host, rule, port):
    """The router answers itself, in the name of whoever was asked."""
    return chain(host, "nat", "prerouting", [f"{rule} redirect to :{port}"], "dstnat")


def change(host, do, undo=()):
    return Fault(host, do=tuple(do), undo=tuple(undo))


# ---- locations, as the report must name them

def place_in_words(location):
    """A location, of a report or expected, on one line."""
    if location.get("where") != "path":
        return location.get("where") or ""
    hop, precision, address, following = (location.get(key) for key in ("hop", "precision", "address", "next"))
    words = f"path hop {hop if hop is not None else '?'}"
    if precision:
        words += f" {precision} {address}"
    return words + (f" before {following}" if following else "")


@dataclasses.dataclass(frozen=True)
class Location:
    where: str
    hop: object = None
    address: object = None
    precision: object = None
    next: object = None
    needs: frozenset = frozenset()

    def differs(self, got):
        """The fields in which the report's location is another."""
        return [f"{name} {got.get(name)} instead of {value}"
                for name in ("where", "hop", "address", "precision", "next") if (value := getattr(self, name)) is not ANY
                and got.get(name) != value]

    def __str__(self):
        shown = {name: "?" if value is ANY else value for name, value in vars(self).items()}
        return place_in_words(shown)


PATH = frozenset({"path"})
LOCAL, RESOLVER, PROXY, SERVER = Location("local"), Location("resolver"), Location("proxy"), Location("server")
# The same where only the path tells it: nothing but the last hop is left, or not even the first is reached.
BEHIND_THE_LAST_ROUTER = Location("server", needs=PATH)
BEFORE_THE_FIRST_ROUTER = Location("local", ANY, ANY, ANY, ANY, PATH)
SOMEWHERE = Location("path", ANY, ANY, ANY, ANY)
UNKNOWN_HOP = Location("path", None, None, None, None, PATH)


def router(name, family):
    return HOPS[name][1 if family == 4 else 2]


def at(name, family):
    """The router itself said so."""
    return Location("path", HOPS[name][0], router(name, family), "at", ANY, PATH)


def after(name, family, following=ANY):
    """The last one known to have passed the flow on; `following`: the next one, by a control flow."""
    behind = following if following in (None, ANY) else router(following, family)
    return Location("path", HOPS[name][0], router(name, family), "after", behind, PATH)


# ---- rows

@dataclasses.dataclass(frozen=True)
class Known:
    """A verdict that is known to be wrong."""
    says: str
    why: str


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    arguments: str  # of `fwprobe check`; {ca}, {lists}, {key:ed25519}, … are the lab's files and keys
    cause: str | None
    status: str
    location: Location | None  # None: not settled
    faults: tuple
    needs: frozenset  # features without which this verdict cannot be had
    location_needs: frozenset
    findings: dict  # subject → cause that its finding must have, None for a pass; each address where they differ
    environment: dict
    also: tuple  # causes that must stand in other findings
    says: tuple  # words that the diagnosis, or the findings of a target that passed, must hold


def row(name, arguments, cause, status, location, faults, needs=(), findings=None, environment=None, also=(), says=()):
    needs = frozenset(needs)
    return Row(name, arguments, cause, status, location, faults, needs, location.needs if location else frozenset(),
               findings or {}, environment or {}, tuple(also), tuple(says))


def passes(name, arguments, *faults, **more):
    return row(name, arguments, None, "pass", None, faults, **more)


def warns(name, arguments, cause, location, *faults, **more):
    return row(name, arguments, cause, "warn", location, faults, **more)


def fails(name, arguments, cause, location, *faults, **more):
    return row(name, arguments, cause, "fail", location, faults, **more)
