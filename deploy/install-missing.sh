#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that building and running apodns needs (with `test` to test it, with `image` to make an
# image of it, with `compare` to measure it beside other servers), and of those only what is not there: with all of them there
# it touches no network and needs no rights.
#
#     bash deploy/install-missing.sh [test|image|compare]
set -euo pipefail

missing=()

# need_package NAME: a library with its headers.
need_package() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true) == installed ]] || missing+=("$1")
}

# need_command COMMAND PACKAGE: a program, wherever it came from.
need_command() {
    command -v "$1" >/dev/null || missing+=("$2")
}

if ! command -v swift >/dev/null; then
    echo "swift is not in PATH: install Swift 6.3 first, see https://www.swift.org/install/linux/" >&2
    exit 1
fi
if ! command -v dpkg-query >/dev/null; then
    echo "this is not Debian or Ubuntu: see that libyaml, libcurl, OpenSSL 3, pcre2 (8 bit) and pkg-config are there, with headers" >&2
    exit 0
fi

need_package libyaml-dev
need_package libpcre2-dev
need_package libcurl4-openssl-dev
need_package libssl-dev
need_command pkg-config pkg-config
if [[ ${1:-} != image ]]; then
    # dig, to ask the server something.
    need_command dig bind9-dnsutils
fi
if [[ ${1:-} == test || ${1:-} == image ]]; then
    # What deploy/root-folder.sh puts into the image, and what it uses for that.
    need_package ca-certificates
    need_command strip binutils
    [[ -x $(command -v setcap || echo /usr/sbin/setcap) ]] || missing+=(libcap2-bin)
fi
if [[ ${1:-} == test ]]; then
    need_command python3 python3
    # The manifests of deploy/ are read with it.
    python3 -c 'import yaml' 2>/dev/null || missing+=(python3-yaml)
    # Certificates are made by the tests.
    need_command openssl openssl
    # Nodes that find each other by the names of their pods.
    need_command erl erlang-base
    # nghttpx speaks HTTP/2 in front of it, as real API servers do.
    need_package nghttp2-proxy
    # Networks of the tests' own.
    need_command ip iproute2
fi
if [[ ${1:-} == compare ]]; then
    need_command python3 python3
    need_command dnsperf dnsperf
    # Where these put their programs is not in everybody's PATH.
    need_package nsd
    need_package knot
fi

if ((${#missing[@]} == 0)); then
    exit 0
fi
echo "Installing what is missing: ${missing[*]}"
as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "that takes root, and there is no sudo; as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
# One source that cannot be reached need not be the one that has the packages.
"${as_root[@]}" apt-get update || echo "apt-get update failed; trying with the lists that are there" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
