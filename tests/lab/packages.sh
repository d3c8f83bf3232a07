# Sourced: what the lab needs of Debian. The servers that would start as services or exclude each other are not installed
# but unpacked beside the system: `unpacked NAME` prints the folder.
packages_of_the_lab="knot nsd unbound nftables openssl iproute2 util-linux jq libdb5.3 libicu72 libnsl2 libsasl2-2"
# What the other mail servers need on top (mtas/raise.sh).
packages_of_the_mtas="python3 m4 libgnutls-dane0 libidn12 libidn2-0 libpcre2-8-0 libcrypt1 libevent-2.1-7 libpam0g libldap-2.5-0 liblockfile1 libwrap0 zlib1g"

download() { timeout 300 apt-get -o APT::Sandbox::User=root download -qq "$1" >/dev/null 2>&1; } # NAME

in_cache() { # the folder of what was fetched, which one process at a time changes
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/postroad/packages
  mkdir -p "$cache" && cd "$cache" && exec 9>.lock && flock 9
}

unpacked() ( # NAME
  in_cache || exit 2
  if [ ! -e "$1/.complete" ]; then
    rm -rf "$1" "$1"_*.deb
    download "$1" || { apt-get update -qq >/dev/null && download "$1"; } || { echo "cannot download the package $1" >&2; exit 2; }
    dpkg -x "$1"_*.deb "$1" && rm -f "$1"_*.deb && touch "$1/.complete" || exit 2
  fi
  echo "$cache/$1"
)

# The same of the npm registry, without npm's scripts and its choice of versions: node_modules in the folder that is printed.
npm_archive() { # NAME VERSION FILE
  timeout 300 npm pack --silent --ignore-scripts "$1@$2" >/dev/null 2>&1 && mv "$1-$2.tgz" "$3"
}

npm_unpacked() ( # NAME@VERSION...
  in_cache || exit 2
  for package; do
    name=${package%@*} version=${package##*@} folder=node_modules/${package%@*}
    [ "$(cat "$folder/.complete" 2>/dev/null)" = "$version" ] && continue
    rm -rf "$folder" && mkdir -p "$folder"
    npm_archive "$name" "$version" archive.tgz || { echo "cannot download the npm package $package" >&2; exit 2; }
    tar -xzf archive.tgz --strip-components 1 --no-same-owner --exclude '*/include' -C "$folder" && rm -f archive.tgz &&
      echo "$version" >"$folder/.complete" || exit 2
  done
  echo "$cache/node_modules"
)
