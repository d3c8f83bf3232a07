# A record of the pipeline as the lines of the table `facts`: what a record does not have is not there.
def said: to_entries | map(select(.value != null and .value != []) |
  "\(.key)=\(.value | if type == "array" then join(",") else tostring end)") | join(" ");

(.domain | rtrimstr(".mta.example")) as $name |
"\($name) smtp \(.smtp | {outcome, banner: .banner_code, software, advertised: .starttls.advertised, code: .starttls.code} | said)",
"\($name) tls \(.tls | {outcome, alert, version, cipher, key_exchange, group} +
  (.certificate // {} | {matches, trusted, errors: .verify_errors, key: (if .key_type then "\(.key_type)/\(.key_bits)" else null end),
  chain: .chain_length}) | said)",
"\($name) strip \(.strip | {outcome, verdict, style, confidence, reply, ehlo, banner, echo, control} | said)"
