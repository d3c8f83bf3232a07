# Sourced: what the lab needs of Debian. The servers that would start as services or exclude each other are not installed
# but unpacked beside the system: `unpacked NAME` prints the folder.
packages_of_the_lab="knot nsd unbound nftables openssl iproute2 util-linux jq libdb5.3 libicu72 libnsl2 libsasl2-2"

download() { timeout 300 apt-get -o APT::Sandbox::User=root download -qq "$1" >/dev/null 2>&1; } # NAME

unpacked() ( # NAME
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/postroad/packages
  mkdir -p "$cache" && cd "$cache" && exec 9>.lock && flock 9 || exit 2
  if [ ! -e "$1/.complete" ]; then
    rm -rf "$1" "$1"_*.deb
    download "$1" || { apt-get update -qq >/dev/null && download "$1"; } || { echo "cannot download the package $1" >&2; exit 2; }
    dpkg -x "$1"_*.deb "$1" && rm -f "$1"_*.deb && touch "$1/.complete" || exit 2
  fi
  echo "$cache/$1"
)
