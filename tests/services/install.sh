#!/usr/bin/env bash
# Installs the real components that the tests use: by apt where this is root, otherwise it names the command.
set -euo pipefail
packages=()
# Files made by others, against which signing and path validation are tested (pinned, with hashes).
corpora=var/corpora
if [ ! -e "$corpora/.done" ] || [ requirements/corpora.txt -nt "$corpora/.done" ]; then
  mkdir -p "$corpora"
  .venv/bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --require-hashes \
    --dest "$corpora" --requirement requirements/corpora.txt
  touch "$corpora/.done"
fi
need() { command -v "$1" >/dev/null 2>&1 || [ -x "$1" ] || packages+=("${@:2}"); }
need /usr/lib/postgresql/15/bin/initdb postgresql-15
need ceph-mon ceph-mon
need ceph-mgr ceph-mgr
need ceph-osd ceph-osd
need radosgw radosgw
need ceph-authtool ceph-common
need /usr/bin/chromium chromium
need pdfsig poppler-utils
need qpdf qpdf
need certutil libnss3-tools
need openssl openssl
need softhsm2-util softhsm2
[ ${#packages[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "The tests need: ${packages[*]}. Run: sudo apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
echo "Installing what the tests need: ${packages[*]} ..."
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# No service may start by itself: the tests start their own, on ports and folders of their own.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
