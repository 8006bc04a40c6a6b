#!/usr/bin/env bash
# A Ceph object store for tests, all of it on the loopback and under one directory: a monitor, a manager, one
# storage daemon that keeps everything in memory, and the gateway that speaks S3.
#
#   ceph-s3.sh start DIR MONITOR_PORT GATEWAY_PORT     answers on 127.0.0.1:GATEWAY_PORT when it returns
#   ceph-s3.sh stop DIR                                returns when every daemon has ended
#
# The user of the gateway is "app" with the secret "secretsecret". DIR must be short, since the daemons put
# sockets into it (a socket's path has at most 107 letters).
# Needs: apt-get install ceph-mon ceph-mgr ceph-osd radosgw ceph-common
set -euo pipefail

action=${1:?start or stop}
home=$(realpath -m "${2:?directory of the cluster}")
config=$home/ceph.conf

write_config() {
  cat > "$config" <<CONF
[global]
fsid = $1
mon host = [v2:127.0.0.1:$2]
mon initial members = one
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = $home/keyring
mon data = $home/mon
mgr data = $home/mgr
osd data = $home/osd
rgw data = $home/rgw
run dir = $home/run
pid file = $home/run/\$name.pid
admin socket = $home/run/\$name.sock
log file = $home/log/\$name.log
# One daemon holds the only copy, and everything is small.
osd objectstore = memstore
memstore device bytes = 4294967296
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
mon max pg per osd = 1000
# A nearly full disk of the machine is no reason to refuse: the data is in memory.
mon data avail crit = 1
[client.gateway]
rgw frontends = beast endpoint=127.0.0.1:$3 tcp_nodelay=1
CONF
}

add_key() { # name, then pairs of daemon and right
  local name=$1 rights=()
  shift
  while (($#)); do
    rights+=(--cap "$1" "$2")
    shift 2
  done
  ceph-authtool "$home/keyring" --gen-key -n "$name" "${rights[@]}" > /dev/null
}

start() {
  local cluster storage
  mkdir -p "$home"/{mon,mgr,osd,rgw,run,log}
  cluster=$(< /proc/sys/kernel/random/uuid)
  storage=$(< /proc/sys/kernel/random/uuid)
  write_config "$cluster" "${1:?port of the monitor}" "${2:?port of the gateway}"

  ceph-authtool --create-keyring "$home/keyring" > /dev/null
  add_key mon. mon 'allow *'
  add_key client.admin mon 'allow *' mgr 'allow *' osd 'allow *'
  add_key mgr.one mon 'allow profile mgr' osd 'allow *'
  add_key osd.0 mon 'allow profile osd' mgr 'allow profile osd' osd 'allow *'
  add_key client.gateway mon 'allow *' osd 'allow *'

  monmaptool --create --fsid "$cluster" --addv one "[v2:127.0.0.1:$1]" "$home/monmap" > /dev/null
  ceph-mon -c "$config" -i one --mkfs --monmap "$home/monmap" --keyring "$home/keyring"
  ceph-mon -c "$config" -i one
  ceph-mgr -c "$config" -i one
  ceph -c "$config" --connect-timeout 30 osd new "$storage" > /dev/null
  ceph-osd -c "$config" -i 0 --osd-uuid "$storage" --mkfs 2> /dev/null
  ceph-osd -c "$config" -i 0 2> /dev/null
  radosgw -c "$config" -n client.gateway
  radosgw-admin -c "$config" -n client.gateway user create --uid=app --display-name=app \
    --access-key=app --secret=secretsecret > /dev/null
}

stop() {
  local file process processes=()
  # The gateway first and the monitor last, so that nobody waits for what is gone already.
  for file in "$home"/run/{client.gateway,osd.0,mgr.one,mon.one}.pid; do
    if [[ -s $file ]]; then processes+=("$(< "$file")"); fi
  done
  ((${#processes[@]})) || return 0
  kill "${processes[@]}" 2> /dev/null || true
  for ((tenth = 0; tenth < 150; tenth++)); do
    kill -0 "${processes[@]}" 2> /dev/null || return 0
    sleep 0.1
  done
  kill -9 "${processes[@]}" 2> /dev/null || true
}

case $action in
  start) start "${3:-}" "${4:-}" ;;
  stop) stop ;;
  *) echo "ceph-s3.sh: start or stop, not $action" >&2 && exit 2 ;;
esac
