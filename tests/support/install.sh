# Sourced: `install_packages NAME...` installs what is missing of Debian's packages, or says what to install.
install_packages() {
  local missing=() name
  for name; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return
  if [ "$(id -u)" != 0 ]; then
    echo "missing packages; as root: apt-get install ${missing[*]}" >&2
    return 2
  fi
  echo "installing ${missing[*]}" >&2
  # A service that a package brings must not start: the tests start what they need, where they need it.
  local policy=/usr/sbin/policy-rc.d made=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/tmp/postroad-apt.log 2>&1
  local status=$?
  [ -z "$made" ] || rm -f $policy
  [ $status = 0 ] || { tail -5 /tmp/postroad-apt.log >&2; return 2; }
}
packages_to_build="g++ cmake ninja-build ccache pkg-config libasio-dev libssl-dev libfmt-dev libsimdjson-dev libidn2-dev libmaxminddb-dev libpsl-dev publicsuffix make"
packages_of_the_world="iproute2 nftables util-linux python3 openssl procps"
