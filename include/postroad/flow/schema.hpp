/// The members that the tools write, with type and meaning: what --schema prints and postroad-records(5)
/// explains.
#pragma once

#include <postroad/cli/options.hpp>

#include <vector>

namespace postroad::flow {

[[nodiscard]] inline std::vector<cli::member_doc> mx_schema() {
  return {
      {"mx.outcome", "outcome", "what the MX question came to"},
      {"mx.time", "time", "when it was answered"},
      {"mx.kind", "mx|implicit|null|none", "what receives mail; missing: unknown"},
      {"mx.authenticated", "boolean", "AD: the resolver claims to have validated the MX answer"},
      {"mx.provider", "string",
       "who runs the most preferred host: a known provider or its registrable domain"},
      {"mx.server", "string", "the resolver that answered, or was asked last"},
      {"mx.tries", "integer", "packets and connections spent on the MX question"},
      {"mx.replies", "integer", "replies that belonged to the MX question"},
      {"mx.elapsed_ms", "number", "from the first packet to the last answer"},
      {"mx.cname", "string", "the domain itself is an alias of this name"},
      {"mx.case_mismatch", "boolean", "a reply repeated the question in other letters and was not taken"},
      {"mx.truncated", "boolean", "the records come from a reply that was cut"},
      {"mx.detail", "string", "more, in plain words"},
      {"mx.hosts[].preference", "integer", "MX preference; 0 for an implicit MX"},
      {"mx.hosts[].name", "string", "name of the host, lower case"},
      {"mx.hosts[].authenticated", "boolean", "AD of the address answers"},
      {"mx.hosts[].ipv4[]", "address", "its IPv4 addresses, ascending"},
      {"mx.hosts[].ipv4_outcome", "outcome", "what the A question came to; missing: not asked"},
      {"mx.hosts[].ipv6[]", "address", "its IPv6 addresses, ascending"},
      {"mx.hosts[].ipv6_outcome", "outcome", "what the AAAA question came to; missing: not asked"},
      {"mx.hosts[].cname", "string", "where a CNAME led, which RFC 5321 5.1 forbids"},
      {"mx.hosts[].flags[]", "string", "address_literal cname reserved unresolvable duplicate"},
      {"host", "string", "--each: name of the server"},
      {"preference", "integer", "--each: its MX preference"},
      {"ip", "address", "--each: its address"},
  };
}

[[nodiscard]] inline std::vector<cli::member_doc> smtp_schema() {
  return {
      {"smtp.outcome", "outcome", "how the dialog ended"},
      {"smtp.stage", "stage", "the step in which it ended"},
      {"smtp.time", "time", "when the server was called"},
      {"smtp.ip", "address", "the server's address"},
      {"smtp.port", "integer", "the server's port"},
      {"smtp.host", "string", "the server's name, when it has one"},
      {"smtp.banner", "string", "the greeting, lines as received"},
      {"smtp.banner_b64", "base64", "the greeting's bytes, where they are no UTF-8"},
      {"smtp.banner_code", "integer", "the greeting's code"},
      {"smtp.ehlo", "string", "the reply to EHLO, lines as received"},
      {"smtp.ehlo_b64", "base64", "its bytes, where they are no UTF-8"},
      {"smtp.helo", "string", "the reply to HELO, where EHLO was refused"},
      {"smtp.helo_b64", "base64", "its bytes, where they are no UTF-8"},
      {"smtp.capabilities[]", "string", "keyword lines of EHLO, greeting left out"},
      {"smtp.software", "string",
       "exim postfix qmail sendmail exchange gmail godaddy yandex qq other unknown"},
      {"smtp.version", "string", "the version that the software claims"},
      {"smtp.version_b64", "base64", "its bytes, where they are no UTF-8"},
      {"smtp.rule", "string", "the rule that named the software"},
      {"smtp.starttls.advertised", "boolean", "STARTTLS was among the capabilities"},
      {"smtp.starttls.sent", "string", "the verb as it was sent"},
      {"smtp.starttls.code", "integer", "the code of the reply to it; 220 is support"},
      {"smtp.starttls.reply", "string", "the reply to it, lines as received"},
      {"smtp.starttls.reply_b64", "base64", "its bytes, where they are no UTF-8"},
      {"smtp.starttls.extra", "string", "plain text that came behind the 220"},
      {"smtp.starttls.extra_b64", "base64", "its bytes, where they are no UTF-8"},
      {"smtp.detail", "string", "more, in plain words"},
      {"smtp.detail_b64", "base64", "its bytes, where they are no UTF-8"},
      {"smtp.elapsed_ms", "number", "from the call to the last reply"},
  };
}

[[nodiscard]] inline std::vector<cli::member_doc> tls_schema() {
  return {
      {"tls.outcome", "outcome", "ok: the server's flight was read to its end with a certificate"},
      {"tls.stage", "stage", "the step in which it ended"},
      {"tls.time", "time", "when the server was called"},
      {"tls.ip", "address", "the server's address"},
      {"tls.port", "integer", "the server's port"},
      {"tls.host", "string", "the server's name, when it has one"},
      {"tls.profile", "string", "the ClientHello that was sent"},
      {"tls.sni", "string", "the name in it"},
      {"tls.version", "string", "the version negotiated: TLSv1.2"},
      {"tls.cipher", "string", "the suite, by its IANA name"},
      {"tls.key_exchange", "string", "RSA DHE ECDHE ..."},
      {"tls.bulk", "string", "AES-128-GCM RC4-128 ..."},
      {"tls.mac", "string", "SHA-256 SHA-1 MD5 ..."},
      {"tls.group", "string", "the curve, or the size of the DH group"},
      {"tls.forward_secret", "boolean", "the key exchange is ephemeral"},
      {"tls.alert", "string", "the alert that ended it, by its IANA name"},
      {"tls.detail", "string", "more, in plain words"},
      {"tls.detail_b64", "base64", "its bytes, where they are no UTF-8"},
      {"tls.elapsed_ms", "number", "from the call to the end"},
      {"tls.certificate.trusted", "boolean", "no verify error"},
      {"tls.certificate.verify_errors[]", "string", "all that is wrong with the chain"},
      {"tls.certificate.matches", "domain|server|neither", "whom a name of it fits, the mail domain first"},
      {"tls.certificate.matched_name", "string", "the name that fitted"},
      {"tls.certificate.matched_name_b64", "base64", "its bytes, where they are no UTF-8"},
      {"tls.certificate.subject", "string", "subject of the leaf"},
      {"tls.certificate.subject_b64", "base64", "its bytes, where they are no UTF-8"},
      {"tls.certificate.issuer", "string", "issuer of the leaf"},
      {"tls.certificate.issuer_b64", "base64", "its bytes, where they are no UTF-8"},
      {"tls.certificate.names[]", "string", "the names and addresses it is for"},
      {"tls.certificate.names_b64[]", "base64", "all of their bytes, where one is no UTF-8"},
      {"tls.certificate.not_before", "time", "valid from"},
      {"tls.certificate.not_after", "time", "valid until"},
      {"tls.certificate.key_type", "string", "rsa ec ..."},
      {"tls.certificate.key_bits", "integer", "size of the key"},
      {"tls.certificate.signature", "string", "signature algorithm"},
      {"tls.certificate.self_signed", "boolean", "subject and issuer are one"},
      {"tls.certificate.sha256", "string", "fingerprint of the leaf, hexadecimal"},
      {"tls.certificate.chain_length", "integer", "certificates sent"},
      {"tls.certificate.scts", "integer", "signed certificate timestamps in the leaf"},
      {"tls.roots.file", "string", "the roots it was judged by"},
      {"tls.roots.file_b64", "base64", "its name's bytes, where they are no UTF-8"},
      {"tls.roots.sha256", "string", "their file's hash"},
  };
}

} // namespace postroad::flow
