#!/usr/bin/env bash
# Installs Debian's Request Tracker 5 with SQLite, for the tests against it. Needs root and a package index; changes nothing else.
set -euo pipefail
dpkg -s request-tracker5 rt5-db-sqlite rt5-standalone >/dev/null 2>&1 && exit 0
command -v apt-get >/dev/null || { echo "Request Tracker 5 is installed through apt, which is not here" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "run as root: apt installs Request Tracker 5" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=300 update -q
debconf-set-selections <<'ANSWERS'
request-tracker5 request-tracker5/dbconfig-install boolean false
request-tracker5 request-tracker5/install-cronjobs boolean false
ANSWERS
apt-get -o DPkg::Lock::Timeout=300 install -yq --no-install-recommends request-tracker5 rt5-db-sqlite rt5-standalone
