#!/usr/bin/env bash
# Makes the root folder of the image: the program, the shared libraries that it asks for, the certificates that TLS trusts, and
# no more: no shell, no package manager. deploy/Dockerfile calls it, and the tests run the program in what it makes.
#
#     bash deploy/root-folder.sh PROGRAM FOLDER
#
# PROGRAM is a release build with Swift's standard library in it (--static-swift-stdlib); FOLDER must not exist or be empty.
# Needs root, for the program's file capability, and Debian's packages ca-certificates, libcap2-bin and binutils.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

if (($# != 2)); then
    echo "usage: root-folder.sh PROGRAM FOLDER" >&2
    exit 2
fi
program=$1
root=$2
certificates=/etc/ssl/certs/ca-certificates.crt

fail() {
    echo "root folder: $*" >&2
    exit 1
}

[[ -x $program ]] || fail "$program is not a program"
[[ -s $certificates ]] || fail "$certificates is not there: it is in Debian's and Ubuntu's package ca-certificates"
mkdir -p "$root"
[[ -z $(ls -A "$root") ]] || fail "$root is not empty"

libraries=$(ldd "$program")
if found=$(grep -F 'not found' <<<"$libraries"); then
    fail "libraries are missing:"$'\n'"$found"
fi
if found=$(grep -F 'libswift' <<<"$libraries"); then
    fail "$program is not built with --static-swift-stdlib:"$'\n'"$found"
fi

# copy FILE: where it is, under the root folder, behind its links, for everybody to read.
copy() {
    mkdir -p "$root$(dirname "$1")"
    cp --dereference --no-preserve=ownership "$1" "$root$1"
    chmod u=rwX,go=rX "$root$1"
}

# `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)`, and the dynamic linker alone: `/lib64/ld-linux-x86-64.so.2 (0x...)`.
# The kernel's own (linux-vdso.so.1) is no file.
while IFS= read -r library; do
    copy "$library"
done < <(sed -nE 's|^\s*(.* => )?(/[^ ]+) \(0x[0-9a-f]+\)$|\2|p' <<<"$libraries" | sort -u)

copy "$certificates"
# OpenSSL's own place for them, in Debian and Ubuntu; libcurl goes by their path.
mkdir -p "$root/usr/lib/ssl"
ln -s "$certificates" "$root/usr/lib/ssl/cert.pem"
# What OpenSSL reads at its start, where it looks for it; without the file its own defaults are in force.
for file in /etc/ssl/openssl.cnf /usr/lib/ssl/openssl.cnf; do
    if [[ -e $file ]]; then copy "$file"; fi
done

# Who runs it, the names of this machine, and how names are looked up (by libcurl, for an API server with a name).
mkdir -p "$root/etc"
echo 'root:x:0:0:root:/:/none
nonroot:x:65532:65532:nonroot:/:/none' >"$root/etc/passwd"
echo 'root:x:0:
nonroot:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
install -d -m 1777 "$root/tmp"

install -m 755 "$program" "$root/apodns"
# Nobody looks at its symbols where no backtrace is made.
strip --strip-all "$root/apodns"
# A container that calls CoreDNS's program by its name gets this one: `command: ["/coredns"]`, or `coredns` in PATH.
mkdir -p "$root/usr/bin"
ln -s /apodns "$root/coredns"
ln -s /apodns "$root/usr/bin/apodns"
ln -s /apodns "$root/usr/bin/coredns"
# Port 53 without being root, in a container that has NET_BIND_SERVICE. Permitted (p), not effective (e): with both, the
# program could not be started where the capability is dropped. It makes it effective by itself.
setcap cap_net_bind_service=+p "$root/apodns"

echo "root folder: $root, $(du -sm "$root" | cut -f1) MiB"
