# Sourced inside the lab with its mail servers raised: `measure_mtas` runs the tools over the servers and the boxes before them, and
# compares them with the table `facts`, with OpenSSL's client, and engine with engine.
mta_names() { # every server, plain and behind each box
  local name style
  for name in "${mtas[@]}"; do
    echo "$name"
    for style in "${box_styles[@]}"; do echo "$name.$style"; done
  done
}
mta_facts() { sed -E '/^#|^$/d' "$lab/mtas/facts"; }
mta_seen() { jq -r -f "$lab/mtas/facts.jq" "$1"; } # RECORDS
mta_pipeline() {
  (set -o pipefail
    mta_names | sed 's/$/.mta.example/' | timeout 60 mxcheck "${tools[@]}" | timeout 60 smtpgrab "${tools[@]}" |
      timeout 60 tlsprobe "${tools[@]}" --roots "$LAB_ROOTS" | stripdetect -q >"$dir/mtas.records")
}
server_as_stated() { # NAME: plain, and behind every box
  diff <(mta_facts | grep -E "^$1(\.[a-z-]+)? ") <(mta_seen "$dir/mtas.records" | grep -E "^$1(\.[a-z-]+)? " | sort -V | sort -s -t' ' -k1,1V) |
    head -20 | grep . && return 1
  return 0
}
mta_same_facts() { diff <(mta_facts | sort) <(mta_seen "$1" | sort); } # RECORDS
mta_notices() { # FILTER falsifies one fact of one record
  jq -c "if .domain == \"sendmail.cisco.mta.example\" then $1 else . end" "$dir/mtas.records" >"$dir/mtas.falsified"
  ! mta_same_facts "$dir/mtas.falsified" >/dev/null
}

# Engine against engine: version, suite, group and the hash of each certificate that was sent.
certificates_in() { sed -n 's/^# \([0-9a-f]\{64\}\)$/\1/p' "$1" | sort; } # FILE of --certs
engine_says() { # NAME OPTIONS...
  local said
  rm -f "$dir/mtas.pem"
  said=$(timeout 20 tlsprobe "${tools[@]}" --roots "$LAB_ROOTS" --certs "$dir/mtas.pem" "${@:2}" "$1.mta.example")
  jq -r '.tls | "\(.outcome) \(.alert // "") \(.version) \(.cipher) \(.group // "")"' <<<"$said"
  certificates_in "$dir/mtas.pem"
}
s_client_says() { # NAME
  local said suite group
  said=$(timeout 10 openssl s_client -starttls smtp -connect "$(mta_address "$1"):25" -servername "$1.mta.example" -showcerts \
    -cipher 'ALL:!aNULL:@SECLEVEL=0' </dev/null 2>/dev/null)
  suite=$(sed -n 's/^New, .*, Cipher is //p' <<<"$said")
  group=$(sed -n 's/^Server Temp Key: //p' <<<"$said" | sed -e 's/.*prime256v1.*/secp256r1/;s/^X25519.*/x25519/;s/^DH, \([0-9]*\) bits/DH-\1/')
  echo "ok  $(sed -n 's/^New, \(.*\), Cipher is.*/\1/p' <<<"$said") $suite $group"
  awk -v to="$dir/mtas.cert." '/BEGIN CERT/ { n++; inside = 1 } inside { print > (to n) } /END CERT/ { inside = 0; close(to n) }' <<<"$said"
  for cert in "$dir"/mtas.cert.*; do openssl x509 -in "$cert" -outform DER | sha256sum | cut -d' ' -f1; done | sort
  rm -f "$dir"/mtas.cert.*
}
mta_address() { # NAME
  local number
  for ((number = 0; number < ${#mtas[@]}; number++)); do
    [ "${mtas[number]}" != "$1" ] || echo 45.90.20.$((number + 1))
  done
}
engines_agree() { # NAME: default engine, whole handshake, s_client
  diff <(engine_says "$1") <(engine_says "$1" --full) && diff <(engine_says "$1") <(s_client_says "$1")
}
both_see_the_alert() { # OpenSMTPD breaks off behind its certificate: only the default engine has it before that
  [ "$(engine_says opensmtpd | head -n 1)" = "tls_error internal_error TLSv1.3 TLS_AES_256_GCM_SHA384 x25519" ] &&
    [[ "$(engine_says opensmtpd --full | head -n 1)" == "tls_error internal_error"* ]]
}
what_openssl_cannot() { # RC4 and 3DES: OpenSSL 3.0 has neither
  diff <(printf '%s\n' 'ok TLSv1.2 TLS_RSA_WITH_RC4_128_SHA true' 'handshake_failure handshake_failure') \
    <(tlsprobe "${tools[@]}" --roots "$LAB_ROOTS" --profile 2015 exim-legacy.mta.example |
        jq -r '.tls | "\(.outcome) \(.version) \(.cipher) \(.certificate.trusted)"'
      echo "$(tlsprobe "${tools[@]}" exim-legacy.mta.example | jq -r .tls.alert) $(tlsprobe "${tools[@]}" --full exim-legacy.mta.example | jq -r .tls.alert)")
}
surveys() { # what each takes beside its first choice
  diff <(printf '%s\n' 'exim-legacy TLSv1,TLSv1.1,TLSv1.2 3des,rc4 false' 'node TLSv1.2,TLSv1.3  true' 'postfix TLSv1.2,TLSv1.3 anon false') \
    <(for name in exim-legacy node postfix; do
        tlsprobe "${tools[@]}" --pause 0 --profile 2015 --versions --legacy --pq $name.mta.example
      done | jq -r '"\(.domain | rtrimstr(".mta.example")) " + (.tls | "\(.versions | map_values(select(.)) | keys | join(",")) " +
        "\(.legacy | del(.dhe, .dh_bits) | map_values(select(.)) | keys | join(",")) \(.pq.X25519MLKEM768)")')
}
as_seen_from_elsewhere() { # STYLE: grabs through the box beside grabs without it, as if a network lay between two places
  local number=0
  while [ "${box_styles[number]}" != "$1" ]; do number=$((number + 1)); done
  jq -c 'select(.domain | split(".") | length == 3)' "$dir/mtas.records" >"$dir/mtas.there"
  jq -c --arg box ".$1.mta.example" --arg from "45.90.$((100 + number))." \
    'select(.domain | endswith($box)) | .smtp.ip |= "45.90.20." + ltrimstr($from)' "$dir/mtas.records" |
    stripdetect -q --compare "$dir/mtas.there" | jq -r '"\(.domain | split(".")[0]) \(.strip.verdict)"' | sort
}
compare() { # a line that is deleted, and a connection that is reset, leave no trace but this
  diff <(printf '%s\n' 'aiosmtpd not_stripped' 'exim stripped' 'exim-legacy stripped' 'node stripped' 'opensmtpd stripped' \
    'postfix stripped' 'postfix-none no_evidence' 'sendmail stripped') <(as_seen_from_elsewhere delete) &&
    diff <(printf '%s\n' 'aiosmtpd suspect' 'exim stripped' 'exim-legacy stripped' 'node stripped' 'opensmtpd stripped' \
      'postfix stripped' 'postfix-none no_evidence' 'sendmail stripped') <(as_seen_from_elsewhere delete-both) &&
    diff <(printf '%s\n' 'aiosmtpd no_evidence' 'exim suspect' 'exim-legacy suspect' 'node suspect' 'opensmtpd suspect' \
      'postfix suspect' 'postfix-none no_evidence' 'sendmail suspect') <(as_seen_from_elsewhere reset)
}

measure_mtas() {
  local name
  check "mtas: the pipeline ends well" mta_pipeline
  for name in "${mtas[@]}"; do
    check "mtas: $name is as stated, plain and behind every box" server_as_stated "$name"
  done
  check "mtas: nothing beside the table" mta_same_facts "$dir/mtas.records"
  check "mtas: a false verdict would be noticed" mta_notices '.strip.verdict = "suspect"'
  check "mtas: a false echo would be noticed" mta_notices '.strip.echo = "STARTTLS"'
  for name in postfix exim sendmail node; do
    check "mtas: both engines and openssl s_client agree on $name" engines_agree "$name"
  done
  check "mtas: both engines see that OpenSMTPD breaks off" both_see_the_alert
  check "mtas: what OpenSSL cannot, our hello can: RC4" what_openssl_cannot
  check "mtas: versions, old suites and ML-KEM" surveys
  check "mtas: two vantage points" compare
}
