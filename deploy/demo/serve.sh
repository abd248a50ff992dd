#!/usr/bin/env bash
# Builds apodns for release and serves Corefile.example with the cluster beside this file, until Ctrl-C. Installs the packages
# that are missing first (Debian and Ubuntu; as root or through sudo).
#
#     bash deploy/demo/serve.sh [FLAG...]
#
# Flags go to apodns: `-conf FILE` serves another Corefile, `-quiet` leaves out the banner.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

bash "$root/deploy/install-missing.sh"

echo "Building apodns for release (some minutes the first time) ..."
swift build --package-path "$root" -c release --product apodns
program=$(swift build --package-path "$root" -c release --show-bin-path)/apodns

if (($# == 0)); then
    echo "Serving $root/Corefile.example; Ctrl-C ends it. In another terminal, for example:"
    echo "    dig @127.0.0.1 -p 1053 web.default.svc.cluster.local"
fi
exec "$program" -conf "$root/Corefile.example" "$@"
