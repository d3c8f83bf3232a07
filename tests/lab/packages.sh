# Sourced: what the lab needs of Debian. The servers that would start as services or exclude each other are not installed
# but unpacked beside the system: `unpacked NAME` prints the folder.
packages_of_the_lab="knot unbound openssl iproute2 util-linux jq libdb5.3 libicu72 libnsl2 libsasl2-2"
unpacked_for_the_lab="postfix"

unpacked() { # NAME
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/postroad/packages root deb
  root=$cache/$1
  if [ ! -e "$root/.complete" ]; then
    mkdir -p "$cache" && rm -rf "$root" "$cache/$1"_*.deb || return 2
    (cd "$cache" && timeout 300 apt-get -o APT::Sandbox::User=root download -qq "$1" >/dev/null) ||
      { echo "cannot download the package $1: apt-get update" >&2; return 2; }
    deb=$(echo "$cache/$1"_*.deb)
    dpkg -x "$deb" "$root" && rm -f "$deb" && touch "$root/.complete" || return 2
  fi
  echo "$root"
}
