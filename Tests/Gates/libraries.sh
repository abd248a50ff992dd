#!/usr/bin/env bash
# Whether a program does without the libraries that must not ship: libraries.sh PROGRAM
set -euo pipefail

program=$1
libraries=$(ldd "$program")
if found=$(grep -E 'not found' <<<"$libraries"); then
    echo "libraries: $program lacks libraries:"$'\n'"$found" >&2
    exit 1
fi
if found=$(grep -iE 'libFoundation|_FoundationICU|libicu' <<<"$libraries"); then
    echo "libraries: $program is linked to Foundation or ICU:"$'\n'"$found" >&2
    exit 1
fi
# So that a listing of nothing does not pass.
grep -q 'libc\.so' <<<"$libraries" || { echo "libraries: ldd lists no libc for $program" >&2; exit 1; }
echo "libraries: neither Foundation nor ICU"
