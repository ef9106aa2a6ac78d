"""Runs Autobahn's fuzzing client and counts what it found (Python 2.7).

suite.py SITE URL REPORT CASES: SITE is the folder the suite is installed in, CASES are patterns parted by spaces.
"""

from __future__ import print_function

import collections
import json
import os
import re
import subprocess
import sys

FINE = ("OK", "INFORMATIONAL")
SHOWN = ("OK", "INFORMATIONAL", "NON-STRICT", "FAILED", "UNIMPLEMENTED")
# Installed by --target, the suite's namespace packages are found only through their .pth files, which addsitedir reads.
CLIENT = "import site, sys; site.addsitedir(sys.argv.pop(1)); from autobahntestsuite.wstest import run; run()"


def main(folder, url, report, patterns):
    spec = os.path.join(report, "spec.json")
    server = {"agent": "server", "url": url}
    settings = {"outdir": report, "servers": [server], "cases": patterns.split(), "exclude-cases": [],
                "exclude-agent-cases": {}}
    with open(spec, "w") as out:
        json.dump(settings, out)
    expected = fuzz(folder, spec, os.path.join(report, "log"))
    index = os.path.join(report, "index.json")
    if not os.path.exists(index):
        sys.exit("autobahn: no report, see " + os.path.join(report, "log"))
    with open(index) as found:
        results = json.load(found).get("server", {})
    sys.exit(summarise(results, expected, report))


def fuzz(folder, spec, log):
    """Runs the client, which says how many cases there are and then each case's name: how many there are."""
    command = [sys.executable, "-u", "-s", "-c", CLIENT, folder, "-m", "fuzzingclient", "-s", spec]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=os.path.dirname(spec))
    begun = expected = 0
    with open(log, "w") as kept:
        for line in iter(child.stdout.readline, b""):
            kept.write(line)
            total = re.match(r"Ok, will run (\d+) test cases", line)
            expected = int(total.group(1)) if total else expected
            case = re.match(r"Running test case ID ([0-9.]+)", line)
            if case:
                begun += 1
                show(begun, expected, case.group(1))
    child.wait()
    sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "")
    return expected


def show(begun, expected, case):
    if sys.stderr.isatty():
        filled = 40 * begun // max(expected, 1)
        sys.stderr.write("\r\033[K%s%s %d/%d case %s" % ("#" * filled, "-" * (40 - filled), begun, expected, case))
    elif begun % 50 == 0:
        sys.stderr.write("autobahn: %d/%d\n" % (begun, expected))


def summarise(results, expected, report):
    """Prints the counts and every case that is not fine; the exit code."""
    counts = collections.Counter(worst(result) for result in results.values())
    wrong = collections.defaultdict(list)
    for case in sorted(results, key=lambda case: [int(part) for part in case.split(".")]):
        if worst(results[case]) not in FINE:
            wrong[results[case]["behavior"], results[case]["behaviorClose"]].append(case)
    for (behaviour, close), cases in sorted(wrong.items()):
        print("%s, close %s: %s" % (behaviour, close, " ".join(cases)))
    print("autobahn: " + ", ".join("%d %s" % (counts.get(name, 0), name) for name in SHOWN))
    print("autobahn: report in " + os.path.join(report, "index.html"))
    if len(results) != expected:
        print("autobahn: only %d of %d cases were run" % (len(results), expected))
    return int(len(results) != expected or any(name not in FINE for name in counts))


def worst(result):
    """A case's behaviour; one that was fine but for how it closed has failed."""
    if result["behavior"] in FINE and result["behaviorClose"] not in FINE:
        return "FAILED"
    return result["behavior"]


main(*sys.argv[1:])
