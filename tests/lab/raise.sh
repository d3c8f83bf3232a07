# Sourced inside the lab's namespaces: `raise DIR ROOT` brings addresses, DNS and mail up. DIR takes papers and logs,
# ROOT is the unpacked Postfix. Every server dies with the namespace; `lower` ends them in order.
lab_resolver=45.90.0.1
lab_knot=45.90.0.53
lab_nsd=45.90.0.54
lab_servers="45.90.1.25 45.90.2.25 45.90.3.25 45.90.4.25 45.90.5.25 45.90.6.25 45.90.7.25 45.90.8.25 45.90.9.25 45.90.10.25 2a10:90:1::25"
burst_names=2000
children=()

addresses() { # space that looks public, so that the tools' exclusion of special-purpose space stays on
  local address
  echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/lo/disable_ipv6
  ip link set lo up
  for address in $lab_resolver $lab_knot $lab_nsd $lab_servers; do
    ip address add "$address" dev lo || return
  done
  ip route add local 45.90.0.0/16 dev lo # the rest of it refuses connections
}

fill_in() { sed -e "s#@DIR@#$dir#g" -e "s#@ROOT@#$root#g" "$1" >"$2"; } # TEMPLATE FILE

burst_zone() {
  printf '$ORIGIN burst.example.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A %s\n' $lab_knot
  printf 'n%s MX 10 mx1.lab.example.\n' $(seq $burst_names)
}

until_true() { # SECONDS COMMAND...
  local tries=$(($1 * 20))
  shift
  while ! "$@" 2>/dev/null; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.05
  done
}

start_dns() {
  mkdir -p "$dir/knot" "$dir/nsd" "$dir/zones"
  cp "$lab"/zones/*.zone "$dir/zones/" && burst_zone >"$dir/zones/burst.example.zone" && mta_zone >"$dir/zones/mta.example.zone"
  fill_in "$lab/knot.conf" "$dir/knot.conf" && fill_in "$lab/unbound.conf" "$dir/unbound.conf" &&
    fill_in "$lab/nsd.conf" "$dir/nsd.conf" || return
  keymgr -c "$dir/knot.conf" signed.example generate algorithm=ecdsap256sha256 ksk=yes zsk=yes >"$dir/keymgr.log" &&
    keymgr -c "$dir/knot.conf" signed.example ds >"$dir/anchors" || return
  sed 's/^signed\./broken./;q' "$dir/anchors" >"$dir/anchor" && cat "$dir/anchor" >>"$dir/anchors"
  knotd -c "$dir/knot.conf" >"$dir/knot.out" 2>&1 &
  children+=($!)
  until_true 10 grep -q 'server started' "$dir/knot.log" || return
  nsd -d -c "$dir/nsd.conf" >"$dir/nsd.out" 2>&1 &
  children+=($!)
  until_true 10 grep -q 'nsd started' "$dir/nsd.log" || return
  unbound -c "$dir/unbound.conf" >"$dir/unbound.out" 2>&1 &
  children+=($!)
  until_true 10 grep -q 'start of service' "$dir/unbound.log" || return
  until_true 10 grep -q 'signed.example.*loaded' "$dir/knot.log" || return
  echo "nameserver $lab_resolver" >"$dir/resolv.conf" && mount --bind "$dir/resolv.conf" /etc/resolv.conf
}

users() { # the servers want names in the user tables: the lab sees tables that have them, the machine's stay as they are
  local table name number=64901
  for table in passwd group; do
    cp /etc/$table "$dir/$table" || return
  done
  for name in postfix postdrop Debian-exim opensmtpd opensmtpq smmta smmsp; do
    grep -q "^$name:" "$dir/passwd" || echo "$name:x:$number:$number::/nonexistent:/usr/sbin/nologin" >>"$dir/passwd"
    grep -q "^$name:" "$dir/group" || echo "$name:x:$number:" >>"$dir/group"
    number=$((number + 1))
  done
  mount --bind "$dir/passwd" /etc/passwd && mount --bind "$dir/group" /etc/group
}

postfix_folders() { # what `postfix check` would make after an installation
  local folder
  mkdir -p "$dir/postfix" "$dir/data" "$dir/spool/pid"
  for folder in active bounce corrupt defer deferred flush hold incoming private saved trace; do
    install -d -o postfix -m 700 "$dir/spool/$folder" || return
  done
  install -d -o postfix -g postdrop -m 730 "$dir/spool/maildrop" && install -d -o postfix -g postdrop -m 710 "$dir/spool/public" &&
    chown postfix "$dir/data" && chmod 700 "$dir/data"
}

answers() { exec 9<>"/dev/tcp/$1/25" && exec 9>&-; } # ADDRESS

start_mail() {
  local address
  users && postfix_folders || return
  fill_in "$lab/postfix/main.cf" "$dir/postfix/main.cf" && fill_in "$lab/postfix/master.cf" "$dir/postfix/master.cf"
  LD_LIBRARY_PATH=$root/usr/lib/postfix MAIL_CONFIG=$dir/postfix "$root/usr/lib/postfix/sbin/master" -c "$dir/postfix" -d \
    >"$dir/postfix.out" 2>&1 &
  children+=($!)
  for address in $lab_servers; do
    until_true 10 answers "$address" || { echo "no Postfix at $address" >&2; return 1; }
  done
  until_true 5 quiet_log
}

quiet_log() { # the visits of `answers` are written down
  [ "$(grep -c ': disconnect from' "$dir/mail.log")" -ge "$(wc -w <<<"$lab_servers")" ]
}

raise() { # DIR ROOT
  dir=$1 root=$2
  chmod 755 "$dir"
  hostname probe.lab.example
  addresses && make_certificates "$dir/tls" >"$dir/openssl.log" 2>&1 && start_dns && start_mail
}

lower() {
  [ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null
  wait "${children[@]}" 2>/dev/null
}
