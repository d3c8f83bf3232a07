# Sourced inside the lab: `measure` runs the tools and compares them with the configuration (facts), with OpenSSL's client
# and with what the servers wrote down.
tools=(-q --resolver "$lab_resolver")

stated() { sed -E '/^#|^$/d; s/ +/ /g' "$lab/facts"; } # the table, one blank between words
domains_stated() { stated | awk '$2 == "mx" { print $1 }'; }
seen() { jq -r -f "$lab/facts.jq" "$1"; } # RECORDS
facts_of() { awk -v domain="$1" '$1 == domain' "${@:2}"; } # DOMAIN [FILE]

facts_agree() { diff <(stated | facts_of "$1") <(seen "$2" | facts_of "$1"); } # DOMAIN RECORDS
same_facts() { diff <(stated | sort) <(seen "$1" | sort); } # RECORDS
notices() { # what is compared here can differ: FILTER falsifies one fact of one record
  jq -c "if .domain == \"leaf.lab.example\" then $1 else . end" "$dir/all" >"$dir/falsified"
  ! same_facts "$dir/falsified" >/dev/null
}

# What Postfix wrote since `mark`, once every visit is over. A visit is "connect" up to "disconnect".
mark() { marked=$(wc -l <"$dir/mail.log"); }
since_mark() { tail -n +$((marked + 1)) "$dir/mail.log"; }
visits_over() {
  local begun ended
  begun=$(since_mark | grep -c ': connect from') ended=$(since_mark | grep -c ': disconnect from')
  [ "$begun" = "$ended" ] && [ "$begun" -ge "$1" ]
}
keep_log() { # FILE VISITS
  until_true 10 visits_over "$2"
  sleep 0.2 # one visit too many would be written by now
  since_mark >"$1"
}
visits() { sed -n 's#.* lab/\([a-z0-9]*\)/smtpd\[.*: connect from.*#\1#p' "$1" | sort | uniq -c | awk '{ print $2, $1 }'; } # LOG

# "SERVICE VISITS" as the table has it, an address at a time: of smtpgrab, which visits an address once, and of tlsprobe, which
# visits it once for every name that it asks for.
servers_stated() { stated | sed -n 's/.* smtp outcome=ok host=\([^ ]*\) ip=\([^ ]*\) banner.*starttls=\([0-9]*\)$/\1 \2 \3/p; s/.* smtp outcome=refused host=\([^ ]*\) ip=\([^ ]*\) banner.*/\1 \2 -/p'; }
service_at() { # ADDRESSES AND MORE: each address becomes the service's name in master.cf
  awk 'NR == FNR { if (match($0, /syslog_name=lab\/[a-z0-9]+/)) { at = $1; sub(/:25$/, "", at); gsub(/[][]/, "", at)
         name[at] = substr($0, RSTART + 16, RLENGTH - 16) } next } { print name[$1], $2 }' "$lab/postfix/master.cf" - | sort
}
grabs_stated() { servers_stated | awk '!been[$2]++ { print $2, 1 }' | service_at; }
probes_stated() { servers_stated | awk '$3 == 220 && !been[$1, $2]++ { n[$2]++ } END { for (at in n) print at, n[at] }' | service_at; }

visits_as_stated() { diff <("$1") <(visits "$2"); } # STATED LOG
ended_with() { # LOG SERVICE ENDING: its one visit, and no complaint
  local said
  said=$(grep "lab/$2/smtpd" "$1" | grep -v ': connect from\|: NOQUEUE: ')
  [ "${said#*: disconnect from unknown\[*\] }" = "$3" ] || { echo "$said"; return 1; }
}
introduced_as() { # NAME LOG: every visitor that was let in, and nobody said anything else
  local all
  all=$(sed -n 's/.*info: EHLO .* helo=<\(.*\)>$/\1/p' "$2")
  [ "$(sort -u <<<"$all")" = "$1" ] && [ "$(wc -l <<<"$all")" = "$(grep -v 'lab/shut/' "$2" | grep -c ': connect from')" ] ||
    { sort <<<"$all" | uniq -c; return 1; }
}
never_mail() { # LOG: nor more than one verb that it does not know
  ! grep -E 'disconnect.*((mail|rcpt|data|vrfy|auth)=|unknown=0/([2-9]|1[0-9]))' "$1"
}

# OpenSSL's client against the same server; its names for groups and suites become IANA's.
openssl_says() { # HOST IP OPTIONS...
  local at=$2:25 said suite version
  [[ $2 == *:* ]] && at="[$2]:25"
  said=$(timeout 10 openssl s_client -starttls smtp -connect "$at" -servername "$1" -CAfile "$LAB_ROOTS" "${@:3}" </dev/null 2>/dev/null)
  suite=$(sed -n 's/^New, .*, Cipher is //p' <<<"$said")
  version=$(sed -n 's/^ *Protocol *: //p' <<<"$said") # TLS 1.3 prints it only with a ticket
  echo "version ${version:-$(sed -n 's/^New, \(.*\), Cipher is.*/\1/p' <<<"$said")}"
  echo "suite $(openssl ciphers -stdname 'ALL:@SECLEVEL=0' | awk -v name="$suite" '$3 == name { print $1 }')"
  echo "group $(sed -n 's/^Server Temp Key: //p' <<<"$said" | sed -e 's/.*prime256v1.*/secp256r1/;s/^X25519.*/x25519/;s/^DH, \([0-9]*\) bits/DH-\1/')"
  echo "trusted $(grep -q '^ *Verify return code: 0 (ok)' <<<"$said" && echo true || echo false)"
  echo "sha256 $(openssl x509 -outform DER <<<"$said" 2>/dev/null | sha256sum | cut -d' ' -f1)"
}
we_say() { # DOMAIN
  jq -r --arg domain "$1" 'select(.domain == $domain).tls | "version \(.version)", "suite \(.cipher)", "group \(.group // "")",
    "trusted \(.certificate.trusted)", "sha256 \(.certificate.sha256)"' "$dir/all"
}
as_openssl() { # DOMAIN [OPTIONS...]
  local host ip
  read -r host ip < <(jq -r --arg domain "$1" 'select(.domain == $domain).tls | "\(.host) \(.ip)"' "$dir/all")
  diff <(openssl_says "$host" "$ip" "${@:2}") <(we_say "$1")
}
fingerprint() { openssl x509 -in "$dir/tls/$1.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f; } # NAME
certificate_is() { # DOMAIN NAME
  [ "$(we_say "$1" | sed -n 's/^sha256 //p')" = "$(fingerprint "$2")" ] || { we_say "$1"; fingerprint "$2"; return 1; }
}

pipeline() { # a study's main job; every tool must end well
  (set -o pipefail
    timeout 60 mxcheck "${tools[@]}" <"$dir/domains" | timeout 60 smtpgrab "${tools[@]}" |
      timeout 60 tlsprobe "${tools[@]}" --roots "$LAB_ROOTS" >"$dir/all")
}
alone() { # TOOL MEMBER [OPTIONS]: a tool that finds the servers by itself says what it says in the pipeline
  local tool=$1 member=$2
  shift 2
  diff <(seen "$dir/all" | grep -E "^[^ ]+ $member outcome=ok" | sort) \
    <(jq -r "select(.$member.outcome == \"ok\").domain" "$dir/all" | timeout 60 "$tool" "${tools[@]}" "$@" |
      jq -c '{mx: {hosts: []}, smtp: {}, tls: {}} + .' | jq -r -f "$lab/facts.jq" | grep " $member " | sort)
}
profile_2015() { # leaf lets the client choose, and that hello prefers AES-128-GCM; it knows no X25519, and six knows nothing else
  diff <(printf '%s\n' 'ok TLSv1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' 'tls_error handshake_failure' 'ok TLSv1 TLS_RSA_WITH_AES_128_CBC_SHA') \
    <(tlsprobe -k --profile 2015 "${tools[@]}" {leaf,six,old}.lab.example |
      jq -r '.tls | "\(.outcome) " + (.alert // "\(.version) \(.cipher)")')
}
each_server() {
  diff <(printf 'dead-mx.lab.example 5 45.90.99.25 refused\nmx1.lab.example 20 45.90.1.25 ok\n') \
    <(mxcheck --each "${tools[@]}" two.lab.example | smtpgrab "${tools[@]}" | jq -r '"\(.host) \(.preference) \(.ip) \(.smtp.outcome)"' | sort)
}
from_resolv_conf() { [ "$(mxcheck tls.lab.example | jq -r .mx.server)" = "$lab_resolver:53" ]; }
excluded() { [ "$(smtpgrab "${tools[@]}" 127.0.0.1 | jq -r .smtp.outcome)" = blocked ]; }

burst() { # RESOLVER NAME: every name once, right, and the answers came at once
  seq -f 'n%.0f.burst.example' $burst_names >"$dir/$2.names"
  timeout 60 mxcheck --mx-only --resolver "$1" --metadata "$dir/$2.metadata" <"$dir/$2.names" >"$dir/$2" || return
  diff <(sort "$dir/$2.names") <(jq -r 'select(.mx.outcome == "ok" and (.mx.hosts | map(.name)) == ["mx1.lab.example"]).domain' "$dir/$2" | sort) | head
}
few_retransmissions() { # NAME SHARE: per hundred questions
  jq -e --argjson share "$2" '.dns | .questions == '$burst_names' and .retransmissions * 100 <= .questions * $share' "$dir/$1.metadata" >/dev/null ||
    { jq -c .dns "$dir/$1.metadata"; return 1; }
}

losing() { # PERCENT COMMAND...: with so many of the answers of port 53 dropped on their way
  local status=0
  nft "add table inet lossy; add chain inet lossy way { type filter hook input priority 0; };
    add rule inet lossy way udp sport 53 numgen random mod 100 < $1 drop" || return
  "${@:2}" || status=$?
  nft delete table inet lossy
  return $status
}
some_retransmissions() { # NAME SHARE: the path did lose what it should
  jq -e --argjson share "$2" '.dns | .retransmissions * 100 >= .questions * $share / 2' "$dir/$1.metadata" >/dev/null ||
    { jq -c .dns "$dir/$1.metadata"; return 1; }
}
pages() { # what a person sees of each kind of domain
  local said
  said=$(script -qec "mxcheck --resolver $lab_resolver -k signed.example null.lab.example implicit.lab.example alias.lab.example broken.example" /dev/null </dev/null |
    sed 's/\x1b\[[0-9]*m//g')
  grep -q 'signed.example: receives mail' <<<"$said" && grep -q 'the resolver claims to have validated' <<<"$said" &&
    grep -q 'null.lab.example: refuses mail' <<<"$said" && grep -q 'implicit.lab.example: receives mail at its own address' <<<"$said" &&
    grep -q 'alias of' <<<"$said" && grep -q 'broken.example: servfail' <<<"$said" || { echo "$said"; return 1; }
}
policies_stated() { # the table, and of what is not in it that there is no SPF record and the policy of lab.example
  local domain
  sed -E '/^#|^$/d; s/ +/ /g' "$lab/policies"
  for domain in $(<"$dir/domains"); do
    grep -q "^$domain  *spf " "$lab/policies" || echo "$domain spf outcome=nodata status=none result=ok"
    grep -q "^$domain  *dmarc " "$lab/policies" ||
      echo "$domain dmarc outcome=nxdomain found=true org=lab.example policy_domain=lab.example source=org policy=quarantine effective=quarantine"
  done
}
same_policies() { # RECORDS
  diff <(policies_stated | sort) <(jq -r -f "$lab/policies.jq" "$1" | sort)
}
policy_noticed() {
  jq -c 'if .domain == "twin.lab.example" then .spf.ip4.count = "17" else . end' "$dir/policies" >"$dir/falsified"
  ! same_policies "$dir/falsified" >/dev/null
}
policy_pages() { # what a person sees
  local said
  said=$(script -qec "spfexpand --resolver $lab_resolver -k tls.lab.example; dmarcq --resolver $lab_resolver -k tls.lab.example missing.lab.example" /dev/null </dev/null |
    sed 's/\x1b\[[0-9]*m//g')
  grep -q 'tls.lab.example: publishes SPF: all others fail' <<<"$said" && grep -q 'include:_spf.%{o}  *16 IPv4' <<<"$said" &&
    grep -q 'tls.lab.example: asks to reject' <<<"$said" && grep -q 'published at  lab.example (org)' <<<"$said" || { echo "$said"; return 1; }
}
without_validation() { # CD: the resolver hands out what it cannot validate
  [ "$(mxcheck --checking-disabled "${tools[@]}" broken.example | jq -r .mx.outcome)" = ok ]
}

measure() {
  local domain service probed share
  domains_stated >"$dir/domains"
  mxcheck -k "${tools[@]}" <"$dir/domains" >"$dir/mx"
  mark
  smtpgrab -k "${tools[@]}" <"$dir/mx" >"$dir/smtp"
  keep_log "$dir/grab.log" "$(grabs_stated | wc -l)"
  mark
  tlsprobe -k "${tools[@]}" --roots "$LAB_ROOTS" <"$dir/smtp" >"$dir/staged"
  keep_log "$dir/probe.log" "$(probes_stated | awk '{ n += $2 } END { print n }')"
  check "lab: the pipeline ends well" pipeline

  for domain in $(<"$dir/domains"); do
    check "lab: $domain is as configured" facts_agree "$domain" "$dir/all"
  done
  check "lab: nothing beside the table" same_facts "$dir/all"
  check "lab: tool by tool as in one pipeline" same_facts "$dir/staged"
  check "lab: a false preference would be noticed" notices '.mx.hosts[0].preference = 11'
  check "lab: a false code would be noticed" notices '.smtp.starttls.code = 454'
  check "lab: a false verdict would be noticed" notices '.tls.certificate.trusted = true'

  spfexpand "${tools[@]}" <"$dir/domains" | dmarcq "${tools[@]}" >"$dir/policies"
  check "lab: who may send is as configured" same_policies "$dir/policies"
  check "lab: a false count of addresses would be noticed" policy_noticed
  check "lab: pages of spfexpand and dmarcq" policy_pages

  for service in tls:mx1 six:mx1 self:self leaf:leaf old:old stranger:stranger; do
    check "lab: the certificate of ${service%:*} is the file's" certificate_is "${service%:*}.lab.example" "${service#*:}"
  done
  for domain in tls six self leaf stranger new; do
    check "lab: openssl s_client says the same of $domain" as_openssl $domain.lab.example
  done
  check "lab: openssl s_client says the same of old" as_openssl old.lab.example -tls1 -cipher 'ALL:@SECLEVEL=0'

  check "lab: smtpgrab visits each server once" visits_as_stated grabs_stated "$dir/grab.log"
  check "lab: tlsprobe visits each server once for each name" visits_as_stated probes_stated "$dir/probe.log"
  check "lab: Postfix saw EHLO, STARTTLS, one control and QUIT where it has no TLS" ended_with "$dir/grab.log" plain 'ehlo=1 starttls=0/1 quit=1 unknown=0/1 commands=2/4'
  check "lab: Postfix saw QUIT after its 454" ended_with "$dir/grab.log" broken 'ehlo=1 starttls=0/1 quit=1 commands=2/3'
  check "lab: Postfix saw QUIT after its 554 greeting" ended_with "$dir/grab.log" shut 'quit=1 commands=1'
  check "lab: smtpgrab introduces itself as the host" introduced_as probe.lab.example "$dir/grab.log"
  check "lab: tlsprobe introduces itself as the host" introduced_as probe.lab.example "$dir/probe.log"
  check "lab: no command but EHLO, STARTTLS, one control and QUIT" never_mail "$dir/mail.log"

  check "lab: smtpgrab finds the servers by itself" alone smtpgrab smtp
  check "lab: tlsprobe finds the servers by itself" alone tlsprobe tls --roots "$LAB_ROOTS"
  check "lab: another profile, another choice" profile_2015
  check "lab: one record for each server" each_server
  check "lab: the resolver of resolv.conf" from_resolv_conf
  check "lab: special-purpose space is left alone" excluded

  check "lab: knot answers a burst of $burst_names names" burst "$lab_knot" knot.burst
  check "lab: few retransmissions to knot" few_retransmissions knot.burst 1
  check "lab: unbound answers a burst of $burst_names names" burst "$lab_resolver" unbound.burst
  # A resolver that has to ask first is slow now and then: a second question after a late answer is no fault.
  check "lab: few retransmissions to unbound" few_retransmissions unbound.burst 5
  check "lab: nsd answers a burst of $burst_names names" burst "$lab_nsd" nsd.burst
  check "lab: few retransmissions to nsd" few_retransmissions nsd.burst 1
  for share in 2 10; do
    check "lab: $share % of the answers lost, none of knot's is missing" losing $share burst "$lab_knot" knot.$share
    check "lab: $share % of the answers lost, and so many were asked for again" some_retransmissions knot.$share $share
    check "lab: $share % of the answers lost, none of nsd's is missing" losing $share burst "$lab_nsd" nsd.$share
  done
  check "lab: mxcheck without validation" without_validation
  check "lab: pages for people" pages
  report
}
