# A record as the lines of the table `facts`: what a record does not have is not there.
def said: to_entries | map(select(.value != null and .value != []) |
  "\(.key)=\(.value | if type == "array" then join(",") else tostring end)") | join(" ");
def at: (.ipv4 + .ipv6 | join("+")) as $where | "\(.preference):\(.name)" + (if $where == "" then "" else "=" + $where end);

"\(.domain) mx \(.mx | {outcome, kind, authenticated, hosts: (.hosts | map(at)), flags: (.hosts | map(.flags[]))} | said)",
"\(.domain) smtp \(.smtp | {outcome, host, ip, banner: .banner_code, software, advertised: .starttls.advertised,
  starttls: .starttls.code} | said)",
"\(.domain) tls \(.tls | {outcome, alert, version, cipher, key_exchange, group} +
  (.certificate // {} | {matches, trusted, errors: .verify_errors, key: (if .key_type then "\(.key_type)/\(.key_bits)" else null end),
  chain: .chain_length}) | said)"
