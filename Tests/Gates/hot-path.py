#!/usr/bin/env python3
"""Holds the machine code of the answer path against its promise: no allocation, no lock, no reference count for a query.

    hot-path.py BINARY

Starts at the functions in ROOTS, follows every direct call within the program, and looks at each function on the way. What
one of them calls outside the program must be in ALLOWED. Calls through pointers cannot be followed: what a plugin's step
points to is therefore a root of its own.

Fails where a call is found that is not in ALLOWED, and where a pattern of ROOTS or COLD matches no function. Needs the release build with its symbols, and the toolchain's llvm-objdump and swift-demangle.
"""

import json
import os
import re
import subprocess
import sys
from collections import deque

# Where the walk starts: patterns of demangled names, each with what it is for.
ROOTS = [
    # A batch of queries. The router (Router.answer, Router.route, beginBatch, endBatch) is inlined into it.
    r"DatagramWorker\.takeTurn\(_:\)",
    r"DatagramWorker\.answer\(_:_:\)",
    # Header, question and OPT record of a request.
    r"Request\.read\(_:length:name:\)",
    # The chain of plugins, and what closes a response.
    r"ChainView\.answer\(_:\)",
    r"ChainView\.beginBatch\(_:\)",
    r"ChainView\.endBatch\(_:\)",
    r"ResponseWriter\.finish\(_:code:flags:udpSize:\)",
    # The steps of the plugins, which the chain calls through pointers. kubernetes: down.
    r"@objc closure #1 in KubernetesPlugin\.makeStep\(_:\)",
    r"(specialized )?static KubernetesPlugin\.answer\(_:_:\)",
    # prometheus: up, end of batch.
    r"@objc closure #1 in PrometheusPlugin\.makeStep\(_:\)",
    r"@objc closure #2 in PrometheusPlugin\.makeStep\(_:\)",
    # loadbalance: down, up.
    r"@objc closure #1 in LoadBalancePlugin\.makeStep\(_:\)",
    r"@objc closure #2 in LoadBalancePlugin\.makeStep\(_:\)",
    # log and errors: up, for a query that is not to be written about.
    r"@objc closure #1 in LogPlugin\.makeStep\(_:\)",
    r"@objc closure #1 in ErrorsPlugin\.makeStep\(_:\)",
    # hosts: down.
    r"@objc closure #1 in HostsPlugin\.makeStep\(_:\)",
    r"(specialized )?static HostsPlugin\.answer\(_:_:\)",
    # file: down, for a query that is not for one of its zones.
    r"@objc closure #1 in FilePlugin\.makeStep\(_:\)",
    # Plugins that see every query of a block, the simple ones: bufsize, cancel, header, nsid, any, chaos, local, minimal, acl.
    r"@objc closure #1 in BufferSizePlugin\.makeStep\(_:\)",
    r"@objc closure #1 in CancelPlugin\.makeStep\(_:\)",
    r"@objc closure #[12] in HeaderPlugin\.makeStep\(_:\)",
    r"@objc closure #[23] in NSIDPlugin\.makeStep\(_:\)",
    r"@objc closure #1 in AnyPlugin\.makeStep\(_:\)",
    r"@objc closure #1 in ChaosPlugin\.makeStep\(_:\)",
    r"@objc closure #1 in LocalPlugin\.makeStep\(_:\)",
    r"@objc closure #1 in MinimalPlugin\.makeStep\(_:\)",
    r"@objc closure #[12] in AccessControlPlugin\.makeStep\(_:\)",
    # template: down, as far as a query that no rule is for goes.
    r"@objc closure #1 in TemplatePlugin\.makeStep\(_:\)",
    # rewrite: down, as far as a query that no rule is for goes, and up.
    r"@objc closure #1 in RewritePlugin\.makeStep\(_:\)",
    r"@objc closure #2 in RewritePlugin\.makeStep\(_:\)",
    # forward: down, on a worker's thread, where it sends the query to the event loop.
    r"@objc closure #2 in ForwardPlugin\.makeStep\(_:\)",
    # cache: down, up (an answer of kubernetes, which the cache leaves alone), begin of batch.
    r"@objc closure #1 in CacheChain\.makeStep\(_:\)",
    r"@objc closure #2 in CacheChain\.makeStep\(_:\)",
    r"@objc closure #3 in CacheChain\.makeStep\(_:\)",
    # loop: down, for any question but HINFO; up.
    r"@objc closure #2 in LoopPlugin\.makeStep\(_:\)",
    r"@objc closure #3 in LoopPlugin\.makeStep\(_:\)",
    # dns64: up, for any question but AAAA.
    r"@objc closure #1 in DNS64Plugin\.makeStep\(_:\)",
    # autopath: up.
    r"@objc closure #1 in AutoPathPlugin\.makeStep\(_:\)",
    # k8s_external: down, for a name that lies in none of its zones.
    r"@objc closure #1 in ExternalZonePlugin\.makeStep\(_:\)",
    # The cluster's answers, and the index under them.
    r"ClusterReader\.answer\(_:into:externalTarget:\)",
    r"ClusterReader\.answerAddresses\(_:_:chain:into:\)",
    r"ClusterReader\.answerServices\(_:_:into:\)",
    r"ClusterReader\.answerPointer\(_:_:into:\)",
    r"ClusterReader\.answerPod\(_:namespace:_:owner:into:\)",
    r"ClusterReader\.answerText\(_:_:into:\)",
    r"ClusterReader\.answerAlias\(_:_:into:\)",
    r"ClusterReader\.answerNameServers\(_:into:\)",
    r"ClusterReader\.writeSOA\(_:asAnswer:into:\)",
    r"ServiceBlock\.findLabel\(_:\)",
    r"ServiceBlock\.findZone\(_:_:\)",
    r"IndexView\.service\(_:_:\)",
    r"IndexView\.reverse\(_:\)",
]

# Where the walk ends: reached from the answer path, but not for an ordinary answer. Each with its reason.
COLD = [
    # file: an answer of a zone is put together anew each time.
    r"(specialized )?static FilePlugin\.respond\(_:_:_:\)",
    # Answers that the kernel would not send: a line is written the first time, and whenever their number has doubled.
    r"DatagramWorker\.reportSendErrors\(\)",
    # A query that cannot be answered at once: it is copied for the event loop, and those of a batch are handed over.
    r"Router\.parkQuery\(_:_:_:_:_:\)",
    r"Router\.finishParking\(\)",
    # forward: what is done about a query on the event loop's thread, where it waits.
    r"ForwardEngine\.take\(_:stage:\)",
    # errors: something went wrong with the query, and a line is written.
    r"ErrorsPlugin\.report\(_:\)",
    # log: the line is put together and written. Who logs every query pays for it.
    r"LogPlugin\.write\(_:rule:\)",
    r"Log\.info\(_:\)",
    # chaos: a question of class CH. local: a name below localhost, which is counted and may be logged.
    r"ChaosPlugin\.answer\(_:\)",
    r"LocalPlugin\.report\(_:\)",
    # view: what takes part in choosing a block, where there is one.
    r"(specialized )?static BlockRoutesView\.routeByView\(_:_:\)",
    # template: a rule is for the query, and its records are made and written.
    r"(specialized )?static TemplatePlugin\.answer\(_:_:_:\)",
    # rewrite: a rule is for the query, and the question is replaced; the response is made one to the old question.
    r"(specialized )?static RewritePlugin\.rewrite\(from:_:_:_:\)",
    r"(specialized )?static RewritePlugin\.restore\(_:\)",
    # What rewrite has kept of a query that nobody has answered is given up.
    r"Exchange\.forgetReplaced\(\)",
    # loop: an HINFO question while it looks for loops; the answer to a question of its own. So with dns64 and autopath.
    r"LoopPlugin\.see\(_:\)",
    r"static OwnAnswer\.take\(_:asker:\)",
    # dns64: an AAAA question.
    r"DNS64Chain\.look\(_:\)",
    # autopath: a name that is looked for in other domains.
    r"AutoPathChain\.search\(_:base:\)",
    # k8s_external: an answer is put together anew each time.
    r"ExternalZoneReader\.answer\(_:labelsLeft:fallsThrough:\)",
    # loadbalance: `weighted` and `prefer`, and answers of other plugins that are more than aliases and addresses.
    r"LoadBalancePlugin\.arrange\(_:\)",
    # cache: an answer of another plugin is looked at and kept; a question of its own; an expired answer that is to be verified.
    r"(specialized )?static CacheStep\.keep\(_:_:\)",
    r"CacheChain\.refresh\(_:_:isStale:\)",
    r"(specialized )?static CacheStep\.verify\(_:_:_:_:_:\)",
]

# What may be called outside the program: the system calls of a batch, C's copying, comparing and arithmetic, and PCRE2's
# matching with memory of the worker's own (rules of template and rewrite).
ALLOWED = re.compile(
    r"(recvmmsg|recvmsg|sendmmsg|sendmsg|clock_gettime|__errno_location|memcpy|memmove|memcmp|memset|bcmp|floor"
    r"|__stack_chk_fail|pcre2_match_8"
    # A shard of the cache whose holder the system has put aside; without that, a wait is shorter than a call.
    r"|sched_yield)"
)

FUNCTION = re.compile(r"([0-9a-f]+) <(.+)>:$")
# A call or a jump to another function: `callq 0x1234 <name>`, `jmp 0x1234 <name>`, `bl 0x1234 <name>`, `cbz x0, 0x...`.
TARGET = re.compile(r"\s*([0-9a-f]+):\s+((?:call|j)\w*|bl?|b\.\w+|cbn?z|tbn?z)\s+.*?0x([0-9a-f]+) <([^>+]+)(\+[^>]*)?>$")
ADDRESS = re.compile(r"\s*([0-9a-f]+):")
FRAME = re.compile(r"FDE .*pc=([0-9a-f]+)\.\.\.")


def tool(name):
    """The toolchain's own tool: beside the compiler, wherever that was installed."""
    said = json.loads(subprocess.run(["swiftc", "-print-target-info"], check=True, capture_output=True, text=True).stdout)
    path = os.path.normpath(os.path.join(said["paths"]["runtimeResourcePath"], "..", "..", "bin", name))
    return path if os.path.exists(path) else name


def demangled(names):
    names = sorted(names)
    out = subprocess.run(
        [tool("swift-demangle"), "--simplified"], input="\n".join(names) + "\n", check=True, capture_output=True, text=True
    ).stdout.splitlines()
    if len(out) != len(names):
        sys.exit(f"hot path: swift-demangle gave {len(out)} lines for {len(names)} names")
    return dict(zip(names, out))


def frames(binary):
    """Where functions start, by the unwind tables: the linker leaves out the symbols of some."""
    out = subprocess.run(
        [tool("llvm-objdump"), "--dwarf=frames", binary], check=True, capture_output=True, text=True
    ).stdout
    return {int(start, 16) for start in FRAME.findall(out)}


def disassemble(binary):
    """The functions by name, each with its calls and jumps elsewhere as (line, name of the target)."""
    starts = frames(binary)
    if not starts:
        sys.exit(f"hot path: {binary} has no unwind tables")
    names = {}
    found = []
    current = None
    command = [tool("llvm-objdump"), "-d", "--no-show-raw-insn", binary]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            line = line.rstrip()
            begins = FUNCTION.match(line)
            if begins:
                current = begins.group(2)
                names[int(begins.group(1), 16)] = current
                continue
            at = ADDRESS.match(line)
            if not at:
                continue
            address = int(at.group(1), 16)
            if address in starts and address not in names:
                current = f"unnamed function at 0x{address:x}"
                names[address] = current
            target = TARGET.match(line)
            if target:
                found.append((current, line.strip(), int(target.group(3), 16), target.group(4)))
    if process.returncode != 0:
        sys.exit(f"hot path: llvm-objdump failed with status {process.returncode}")
    calls = {name: [] for name in names.values()}
    for function, line, address, symbol in found:
        # A place inside a function is a jump within it, unless an unnamed function begins there.
        callee = names.get(address)
        if callee is None and symbol.endswith("@plt"):
            callee = symbol
        if callee is not None and callee != function:
            calls[function].append((line, callee))
    return calls


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: hot-path.py BINARY")
    calls = disassemble(sys.argv[1])
    readable = demangled(calls)

    def matching(pattern):
        return [name for name in calls if not name.endswith("@plt") and re.fullmatch(pattern, readable[name])]

    failures = []
    cold = set()
    for pattern in COLD:
        found = matching(pattern)
        cold.update(found)
        if not found:
            failures.append(f"COLD: no function matches {pattern}")
    queue = deque()
    reached = {}
    for pattern in ROOTS:
        found = matching(pattern)
        if not found:
            failures.append(f"ROOTS: no function matches {pattern}; where it is inlined now, name its caller instead")
        for name in found:
            if name not in reached:
                reached[name] = None
                queue.append(name)

    while queue:
        name = queue.popleft()
        function = readable[name]
        for line, target in calls[name]:
            if not target.endswith("@plt"):
                if target not in reached and target not in cold:
                    reached[target] = name
                    queue.append(target)
                continue
            callee = target.removesuffix("@plt")
            if ALLOWED.fullmatch(callee):
                continue
            way = [function]
            step = reached[name]
            while step is not None:
                way.append(readable[step])
                step = reached[step]
            failures.append(f"{callee} is called by {', called by '.join(way)}\n    {line}")

    for failure in failures:
        print(f"hot path: {failure}", file=sys.stderr)
    if failures:
        sys.exit(1)
    print(f"hot path: {len(reached)} functions, which allocate nothing, lock nothing and count no references")


if __name__ == "__main__":
    main()
