#!/bin/sh
# Tries both commands on a bare Debian 12 (python3 and nothing else), from a clean clone, as an ordinary user and as root.
# Needs root and mmdebstrap. Writes a transcript with times to standard output; docs/operating/first-run.md keeps one.
#
#   deploy/first-run.sh [--no-tests] [FOLDER]       FOLDER (default /var/tmp/renkei-first-run) is made and taken away again
set -eu

tests=yes
[ "${1:-}" = "--no-tests" ] && { tests=no; shift; }
folder=${1:-/var/tmp/renkei-first-run}
source=$(cd "$(dirname "$0")/.." && pwd)
root=$folder/debian

leave() {
    for place in dev/shm dev proc; do umount -l "$root/$place" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap leave EXIT INT TERM

[ -e "$folder" ] && { echo "$folder is there already: take it away first." >&2; trap - EXIT; exit 1; }
mkdir -p "$folder"
mmdebstrap --quiet --variant=minbase --include=python3 --aptopt='Acquire::Check-Valid-Until "false"' bookworm "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
cp /etc/resolv.conf "$root/etc/resolv.conf"
echo "127.0.0.1 localhost $(hostname)" >"$root/etc/hosts"
# A machine behind its own certificate authority brings that along; elsewhere this changes nothing.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/authorities.crt"

chroot "$root" useradd --create-home person
for place in home/person/renkei srv/renkei; do git clone --quiet "$source" "$root/$place"; done
chroot "$root" chown -R person: /home/person/renkei

certificates=/etc/authorities.crt
inside() { # user, folder, command
    chroot "$root" setpriv --reuid "$1" --regid "$1" --init-groups env -i HOME="$(home "$1")" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        LANG=C.UTF-8 SSL_CERT_FILE=$certificates PIP_CERT=$certificates NODE_EXTRA_CA_CERTS=$certificates \
        sh -c "cd $2 && $3"
}
home() { [ "$1" = root ] && echo /root || echo "/home/$1"; }
now() { date +%s.%N; }
say() { printf '\n## %s\n\n' "$*"; }
took() { awk "BEGIN { printf \"(%.1f s)\n\", $(now) - $1 }"; }

still_running() { # whatever lives in the bare machine
    count=0
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/root" 2>/dev/null)" = "$root" ] && count=$((count + 1))
    done
    echo $count
}

# Starts it, waits for the line that says it is ready, asks for a page, ends it as Ctrl-C would, counts what is left.
start_and_stop() { # user, folder, options
    began=$(now)
    : >"$folder/said"
    inside "$1" "$2" "exec ./renkei run --port 18080 $3" >"$folder/said" 2>&1 &
    until grep -q 'is ready' "$folder/said" || ! kill -0 $! 2>/dev/null; do sleep 0.05; done
    took "$began"
    page="import urllib.request as u; print(u.urlopen('http://127.0.0.1:18080/healthz').read().decode())"
    grep -q 'is ready' "$folder/said" && inside "$1" "$2" "python3 -c \"$page\""
    supervisor=$(pgrep -f -n 'renkei.cli run --port 18080' || true)
    [ -z "$supervisor" ] || kill -INT "$supervisor"
    wait || true
    sed 's/^/    /' "$folder/said"
    echo "processes left: $(still_running)"
}

say "As an ordinary user, on a machine without Python's venv module"
inside person /home/person/renkei './renkei run; echo "exit code $?"' 2>&1

say "As root: the first start of the demonstration"
start_and_stop root /srv/renkei ""
say "As root: the second start"
start_and_stop root /srv/renkei ""
say "As root: a real, empty installation"
start_and_stop root /srv/renkei "--empty"
say "As an ordinary user, venv being there now: the first start"
start_and_stop person /home/person/renkei ""
say "As an ordinary user: the second start"
start_and_stop person /home/person/renkei ""

run_tests() { # user, folder
    began=$(now)
    inside "$1" "$2" './renkei test -q; echo "exit code $?"' 2>&1 | tail -n 60
    took "$began"
}
if [ "$tests" = yes ]; then # root's come last: what root installs, the ordinary user would find
    say "As an ordinary user: the tests"
    run_tests person /home/person/renkei
    say "As root: the tests"
    run_tests root /srv/renkei
fi
