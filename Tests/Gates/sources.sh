#!/usr/bin/env bash
# Rules about the sources that no compiler checks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

failed=0
fail() {
    echo "sources: $*" >&2
    failed=1
}

# What ships does without Foundation: it costs memory and start-up, and brings ICU.
if found=$(grep -rnE --include='*.swift' '^[^/]*\bimport\b.*\bFoundation' Sources); then
    fail "Foundation is imported:"$'\n'"$found"
fi

# -Ounchecked would take the checks away that keep a bad packet from being more than a bad packet.
if found=$(grep -rnE 'Ounchecked' Package.swift Sources deploy .ci); then
    fail "-Ounchecked:"$'\n'"$found"
fi

# No Swift packages, no unsafe flags.
if found=$(grep -nE '\.package\(|unsafeFlags' Package.swift); then
    fail "Package.swift has dependencies or unsafe flags:"$'\n'"$found"
fi

# What git tracks; without git, what is there.
entries=$(git ls-files 2>/dev/null | cut -d/ -f1 | sort -u | grep -v '^\.' || true)
[[ -n $entries ]] || entries=$(ls)
while IFS= read -r entry; do
    case $entry in
        Package.swift | Sources | Tests | Corefile.example | deploy | README.md | LICENSE) ;;
        *) fail "'$entry' at the top level: only Package.swift, Sources, Tests, Corefile.example, deploy, README.md and" \
            "LICENSE belong there" ;;
    esac
done <<<"$entries"

soft=400
hard=600
while IFS= read -r -d '' file; do
    lines=$(wc -l <"$file")
    if ((lines > hard)); then
        fail "$file has $lines lines, more than $hard"
    elif ((lines > soft)); then
        echo "sources: $file has $lines lines, more than the $soft that a file should have"
    fi
done < <(find Sources -type f -print0)

((failed == 0)) || exit 1
echo "sources: all rules are kept"
