"""A program in a container, as far as no engine is needed for it: a root folder, a network and rights of its own.

Needs root. The rights are given as container runtimes do it: no new privileges, a user, and capabilities in the bounding and
permitted sets only, so that one that the program's file does not have is gone when it starts. The root folder can be read only.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time

# linux/sched.h, linux/mount.h, linux/prctl.h, linux/capability.h, linux/sockios.h, linux/if.h.
CLONE_NEWNS, CLONE_NEWNET = 0x0002_0000, 0x4000_0000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 1, 32, 4096, 16384, 1 << 18, 2
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 8, 24, 38
SYS_CAPSET = {"x86_64": 126, "aarch64": 91}[os.uname().machine]
CAPABILITY_VERSION_3 = 0x2008_0522
CAP_NET_BIND_SERVICE = 10
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)


def succeed(result, call):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{call}: {os.strerror(code)}")


def enter_own_space():
    """For this process and its children: mounts that nobody else sees, and a network with nothing but a loopback interface,
    so that every port is free."""
    succeed(libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def mount(source, target, kind, flags, options=None):
    encoded = [None if text is None else text.encode() for text in (source, target, kind, options)]
    succeed(libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]), f"mount {target}")


def seal(root, writable):
    """Makes a folder the root folder of a container: with /proc, and to be read only, but for the folders `writable`."""
    mount(root, root, None, MS_BIND)
    for path in ["/proc", *writable]:
        os.makedirs(root + path, exist_ok=True)
    mount("proc", root + "/proc", "proc", 0)
    for path in writable:
        mount("tmpfs", root + path, "tmpfs", 0, "mode=0777")
    mount(root, root, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def unseal(root):
    """Takes away what `seal` has mounted: the folder, and with it what is mounted below it."""
    succeed(libc.umount2(root.encode(), MNT_DETACH), f"umount {root}")


@contextlib.contextmanager
def bind_file(source, target):
    """While it lasts, a file has the contents of another, for this process and its children."""
    mount(source, target, None, MS_BIND)
    try:
        yield
    finally:
        succeed(libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def set_sysctl(name, value):
    """A sysctl of the network."""
    with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
        file.write(value)


def take_rights(user, capabilities):
    """What a container runtime does last before it starts the program."""
    for number in range(64):
        # Those that this kernel does not know fail.
        if number not in capabilities:
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    os.setgroups([])
    os.setgid(user)
    succeed(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl")
    os.setuid(user)
    mask = sum(1 << number for number in capabilities)
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable; the lower and the upper 32.
    sets = struct.pack("6I", mask & 0xFFFF_FFFF, mask & 0xFFFF_FFFF, 0, mask >> 32, mask >> 32, 0)
    succeed(libc.syscall(SYS_CAPSET, header, sets), "capset")
    succeed(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


class Container:
    """The program, running. What it writes is in `output()`."""

    def __init__(self, root, command, environment, user, capabilities):
        self.log = tempfile.TemporaryFile()

        def prepare():
            os.chroot(root)
            os.chdir("/")
            take_rights(user, capabilities)

        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=prepare)

    def output(self):
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode(errors="replace")

    def status(self):
        """The fields of /proc/PID/status."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def waits_for(self, condition, seconds=20):
        """Whether the condition holds within the time, while the program runs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.02)
        return False

    def stop(self, seconds):
        """SIGTERM; the exit status, or None after the time, when it is killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
