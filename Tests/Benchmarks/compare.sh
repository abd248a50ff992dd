#!/usr/bin/env bash
# What an answer costs, beside a loop that only echoes, NSD and Knot: see compare.py, which takes the flags.
#
#     bash Tests/Benchmarks/compare.sh [--rounds N] [--seconds N] [--only ROW]
#
# Builds apodns for release, and installs the packages nsd, knot and dnsperf where they are missing (Debian and Ubuntu; as root
# or through sudo).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

bash deploy/install-missing.sh compare
swift build -c release --product apodns
exec python3 Tests/Benchmarks/compare.py --program "$(swift build -c release --show-bin-path)/apodns" "$@"
