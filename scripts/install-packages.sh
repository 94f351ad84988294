#!/usr/bin/env bash
# Installs what is missing of the Debian packages in the named lists of docker/packages/.
# usage: install-packages.sh build test …
#
# With everything in place it asks dpkg only, so anyone may run it; to install, it must be root.
set -euo pipefail
lists=$(dirname "$0")/../docker/packages

# A node from elsewhere (NodeSource, nvm) is as good, and Debian's npm would conflict with it.
has_node() {
  local major
  major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p')
  [ "${major:-0}" -ge 18 ] && command -v npm >/dev/null
}

wanted=$(cd "$lists" && sed -e 's/[[:space:]]*#.*//' "${@/%/.txt}" | sort -u)
! has_node || wanted=$(grep -vx -e nodejs -e npm <<<"$wanted")
# dpkg-query fails when it does not know one of them, and still names the others.
installed=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null || true; } |
  sed -n 's/^installed //p')
mapfile -t missing < <(grep -vxF -e "$installed" -e "" <<<"$wanted")
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "Missing Debian packages: ${missing[*]}" >&2
  echo "As root: apt-get install ${missing[*]}" >&2
  exit 1
fi

# Without this, installing redis-server would start one, on the port that we want.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
fi

echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends "${missing[@]}" </dev/null; }
# A fresh image has no package index and an old one may be out of date: then once more.
install || { apt-get update && install; }
