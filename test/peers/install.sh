#!/usr/bin/env bash
# Installs the real programs that the tests talk to, from Debian's packages. The one place that does.
set -euo pipefail
packages=(chromium coturn curl openssl python3-aioice python3-websockets python3-gi gir1.2-nice-0.1
  kamailio kamailio-outbound-modules kamailio-tls-modules kamailio-presence-modules
  kamailio-ims-modules sip-tester nginx libnginx-mod-stream iproute2 redis-server)

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "peers: all installed (${packages[*]})"
  exit 0
fi

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "peers: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update --quiet --quiet
"${as_root[@]}" apt-get install --yes --quiet --quiet --no-install-recommends "${missing[@]}" >/dev/null

# Debian starts their services, on ports that the quick start or an edge uses; the tests only need the programs.
for service in coturn kamailio nginx; do
  if [[ " ${missing[*]} " == *" $service "* ]] && [ -d /run/systemd/system ]; then
    "${as_root[@]}" systemctl disable --quiet --now "$service"
  fi
done
