"""Network namespaces without names: each is held by an open file of this process, so that nothing is left when the process has
ended, however it ended (namespaces(7), ip-netns(8)).

`inside()` runs the lab in a process tree of its own: process 1 of a new PID namespace, whose death ends every server that was
started. An ordinary user gets a user namespace as well, in which he may do to a network what root does.
"""
import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys

CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000  # linux/sched.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h
NOBODY = 65534
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TOOLS = ["nsenter", "ip", "nft", "unshare", "setpriv"]

libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    """This machine gives no namespaces; the message says what to change."""


def call(name, *arguments):
    if getattr(libc, name)(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{os.strerror(error)}: {name}(2)")


def enter_new_namespaces():
    user, group = os.geteuid(), os.getegid()
    try:
        with contextlib.suppress(PermissionError):  # root of a container is often not allowed to, and tries as anybody else does
            if user == 0:
                call("unshare", CLONE_NEWPID | CLONE_NEWNET)
                return
        call("unshare", CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
        for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{file}", "w", encoding="ascii") as stream:
                stream.write(text)
    except OSError as error:
        raise Unavailable(
            f"no network namespaces can be made here ({error}).\n"
            "The lab needs root with CAP_SYS_ADMIN, or user namespaces for ordinary users: see\n"
            "  sysctl user.max_user_namespaces user.max_net_namespaces kernel.unprivileged_userns_clone\n"
            "  sysctl kernel.apparmor_restrict_unprivileged_userns\n"
            "and in a container its seccomp profile (docker run --privileged).") from None


def inside(body):
    """The exit code of `body()`, run as process 1 of its own namespaces. Signals that end this process end that one first."""
    missing = [tool for tool in TOOLS if not which(tool)]
    if missing:
        raise Unavailable(f"not installed: {' '.join(missing)} (Debian: iproute2, nftables, util-linux)")
    enter_new_namespaces()
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        status = 1
        try:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            select.select([ready], [], [])  # until the parent forwards signals
            for number in ENDING:
                signal.signal(number, lambda number, _frame: sys.exit(128 + number))
            status = body()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:  # the process ends here; nothing above it would print this
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(ready)

    def forward(number, _frame):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    before = {number: signal.signal(number, forward) for number in ENDING}
    os.close(go)
    try:
        _, status = os.waitpid(child, 0)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return os.waitstatus_to_exitcode(status)


def run_test(body):
    """Ends this process as inside() does; a test is skipped where no namespaces can be made."""
    try:
        sys.exit(inside(body))
    except Unavailable as error:
        print(f"skipped: {error}", file=sys.stderr)
        sys.exit(0)


def which(tool):
    return next((path for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
                 if os.access(path := f"{folder}/{tool}", os.X_OK)), None)


def in_user_namespace():
    """One user is mapped there; in the first namespace all are."""
    with open("/proc/self/uid_map", encoding="ascii") as stream:
        return int(stream.read().split()[2]) == 1


def unprivileged(command):
    """The command as an ordinary user without any capability (capabilities(7)), and without a way back to one."""
    if in_user_namespace():
        # Only root's number is mapped here; a nested namespace gives it another one, and a user who is not root loses all
        # capabilities on execve(2).
        return [which("unshare"), "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--",
                which("setpriv"), "--no-new-privs", "--", *command]
    return [which("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all",
            "--inh-caps=-all", "--no-new-privs", "--", *command]


class Host:
    """A machine of the lab: one network namespace. `/proc/self/fd/N` names it to nsenter(1) and ip(8)."""

    def __init__(self, name):
        self.name = name
        # Only this thread moves, and comes back before anything else is done in it.
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            call("unshare", CLONE_NEWNET)
            self.file = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            call("setns", home, CLONE_NEWNET)
        finally:
            os.close(home)
        self.place = f"/proc/self/fd/{self.file}"

    def command(self, command):
        return [which("nsenter"), f"--net={self.place}", "--", *command]

    def start(self, command, **options):
        return subprocess.Popen(self.command(command), pass_fds=[self.file], stdin=subprocess.DEVNULL, **options)

    def run(self, command, text="", pass_fds=()):
        """Root's commands that set something up: they must not fail."""
        done = subprocess.run(self.command(command), pass_fds=[self.file, *pass_fds], input=text, capture_output=True,
                              text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: {done.stderr.strip()}\n{text}")
        return done.stdout

    def ip(self, *lines):
        self.run([which("ip"), "-batch", "-"], "".join(line + "\n" for line in lines))

    def nft(self, rules):
        self.run([which("nft"), "-f", "-"], rules)

    def sysctl(self, **values):
        """Keys with their dots as double underscores: net__ipv4__ip_forward."""
        script = "".join(f"echo '{value}' >/proc/sys/{key.replace('__', '/')}\n" for key, value in values.items())
        self.run(["/bin/sh", "-e", "-s"], script)

    def state(self):
        """Routes and devices, to see that a scenario has taken everything back."""
        ip = which("ip")
        return {line.strip() for command in (["-4", "route"], ["-6", "route"], ["-brief", "link"])
                for line in self.run([ip, *command]).splitlines()}

    def link(self, device, peer, peer_device):
        """A cable: a pair of virtual Ethernet devices, veth(4)."""
        self.run([which("ip"), "link", "add", device, "type", "veth", "peer", "name", peer_device, "netns", peer.place],
                 pass_fds=[peer.file])

    def close(self):
        os.close(self.file)
