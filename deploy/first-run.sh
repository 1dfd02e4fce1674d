#!/bin/sh
# Tries both commands on a bare Debian 12 (python3 and nothing else), from a clean clone, as an ordinary user and as root.
# Needs root and mmdebstrap. Writes a transcript with times to standard output; docs/operating/first-run.md keeps one.
#
#   deploy/first-run.sh [--no-tests | --only-tests person|root] [FOLDER]
#
# FOLDER (default /var/tmp/renkei-first-run) is made and taken away again. Exits 1 when a command of it failed.
set -eu

starts=yes
tests="person root" # root last: what root installs, the ordinary user would find
case "${1:-}" in
--no-tests) tests=; shift ;;
--only-tests) starts=no; tests=$2; shift 2 ;;
esac
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
    started=$!
    until grep -q 'is ready' "$folder/said" || ! kill -0 $started 2>/dev/null; do sleep 0.05; done
    took "$began"
    page="import urllib.request as u; print(u.urlopen('http://127.0.0.1:18080/healthz').read().decode())"
    grep -q 'is ready' "$folder/said" && inside "$1" "$2" "python3 -c \"$page\""
    supervisor=$(pgrep -f -n 'renkei.cli run --port 18080' || true)
    [ -z "$supervisor" ] || kill -INT "$supervisor"
    code=0
    wait "$started" || code=$?
    sed 's/^/    /' "$folder/said"
    echo "exit code $code"
    [ "$code" = 0 ] || failed=1
    echo "processes left: $(still_running)"
}

run_tests() { # user, folder
    began=$(now)
    code=0
    inside "$1" "$2" './renkei test -v --durations=40' >"$folder/said" 2>&1 || code=$?
    grep -vE '^\[gw|^tests/|^$' "$folder/said" | tail -n 200
    echo "exit code $code"
    took "$began"
    echo "processes left: $(still_running)"
    [ "$code" = 0 ] || failed=1
}

failed=0
if [ "$starts" = yes ]; then
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
else
    # The one thing an ordinary user is told to have installed.
    chroot "$root" sh -c 'apt-get update -qq && apt-get install -qq --yes --no-install-recommends python3-venv' >/dev/null 2>&1
fi
for user in $tests; do
    case $user in person) place=/home/person/renkei ;; root) place=/srv/renkei ;; esac
    say "The tests, as $user"
    run_tests "$user" "$place"
done
exit $failed
