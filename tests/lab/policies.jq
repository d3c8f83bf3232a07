# A record of spfexpand and dmarcq as the lines of the table `policies`: what a record does not have is not there.
def said: to_entries | map(select(.value != null and .value != []) |
  "\(.key)=\(.value | if type == "array" then join(",") else tostring end)") | join(" ");

"\(.domain) spf \(.spf | {outcome, status, policy: (if .status == "valid" then .policy_recursive else null end), lookups,
  void: (if .void then "\(.void.ip4)/\(.void.ip6)/\(.void.both)" else null end), ip4: .ip4.count, ip6: .ip6.count,
  cidrs: (if .ip4 then "\(.ip4.cidrs)/\(.ip6.cidrs)" else null end), errors: (.errors | map(.code)), result: .result_class} | said)",
"\(.domain) dmarc \(.dmarc | {outcome, found, org: .org_domain, policy_domain, source, policy, effective,
  applies: (if .applies == false then .applies else null end), errors} | said)"
