#!/usr/bin/env bash
# All tests: formatting, a build with warnings as errors, the test suites, a release build, and the gates over sources and
# program. Installs the packages that are missing first (Debian and Ubuntu; as root or through sudo).
#
#     bash Tests/run.sh [FLAG...]
#
# Flags go to `swift test`: `--filter CorefileTests` runs these tests only.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

step() { printf '\n== %s\n' "$*"; }

# Every import has to be one that Package.swift allows, and every warning ends the build.
strict=(--explicit-target-dependency-import-check error -Xswiftc -warnings-as-errors -Xcc -Werror)

step "packages"
bash deploy/install-missing.sh test
swift --version

step "formatting"
swift format lint --strict --parallel --recursive Package.swift Sources Tests

step "gates over the sources"
bash Tests/Gates/sources.sh

step "release build"
swift build -c release --product apodns "${strict[@]}"
swift build -c release --product apodns-bench "${strict[@]}"
program=$(swift build -c release --show-bin-path)/apodns

step "gates over the program"
bash Tests/Gates/libraries.sh "$program"
python3 Tests/Gates/hot-path.py "$program"
"$(dirname "$program")/apodns-bench" gate

step "manifests"
python3 Tests/Deploy/manifests.py

step "release build for an image"
# In a folder of its own: the gates read the calls into Swift's library, which is in this one.
static=(--scratch-path .build/static -c release --product apodns --static-swift-stdlib)
swift build "${static[@]}" "${strict[@]}"

step "image"
python3 Tests/Deploy/image.py "$(swift build "${static[@]}" --show-bin-path)/apodns"

step "debug build"
swift build --build-tests "${strict[@]}"

step "tests"
swift test --skip-build "${strict[@]}" "$@"
