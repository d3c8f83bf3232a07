# Sourced: `make_certificates DIR` makes the test CA (DIR/roots.pem) and a key with its chain for each service.

issue() { # NAME SUBJECT ISSUER EXTENSIONS [START END]: NAME.key exists, NAME.crt comes
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr" &&
    printf '%s\n' "$4" >"$1.ext" &&
    openssl ca -batch -notext -config ca.cnf -cert "$3.crt" -keyfile "$3.key" -in "$1.csr" -out "$1.crt" \
      -extfile "$1.ext" -startdate "${5:-$start}" -enddate "${6:-$end}"
}
self_issue() { # NAME SUBJECT EXTENSION
  openssl req -x509 -new -key "$1.key" -subj "$2" -days 30 -config ca.cnf -addext "$3" -out "$1.crt"
}
ec_key() { openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key"; }
rsa_key() { openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1.key"; }
chain() { cat "$1.key" "$1.crt" "${@:2}" >"$1.pem"; }

make_certificates() ( # DIR
  set -e
  mkdir -p "$1" && cd "$1"
  start=$(date -u -d '-1 day' +%Y%m%d%H%M%SZ) end=$(date -u -d '+30 days' +%Y%m%d%H%M%SZ)
  : >index
  cat >ca.cnf <<'CONF'
[ca]
default_ca = lab
[lab]
database = index
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
organizationName = optional
commonName = optional
[req]
distinguished_name = dn
[dn]
CONF
  local ca='basicConstraints=critical,CA:TRUE'
  for name in root intermediate unknown; do ec_key $name P-256; done
  for name in mx1 leaf stranger; do rsa_key $name 2048; done
  ec_key self P-384
  rsa_key old 1024
  self_issue root '/O=Lab/CN=Lab Root' "$ca"
  self_issue unknown '/O=Nobody/CN=Unknown Root' "$ca"
  issue intermediate '/O=Lab/CN=Lab Intermediate' root "$ca"
  issue mx1 /CN=mx1.lab.example intermediate \
    'subjectAltName=DNS:mx1.lab.example,DNS:mx6.lab.example,DNS:mx.signed.example,DNS:alias-mx.lab.example,DNS:covered.lab.example,DNS:new-mx.lab.example'
  issue leaf /CN=leaf-mx.lab.example intermediate subjectAltName=DNS:*.lab.example
  issue old /CN=old-mx.lab.example intermediate 'basicConstraints=CA:FALSE' 20150501000000Z 20160501000000Z
  issue stranger /CN=www.elsewhere.example unknown subjectAltName=DNS:www.elsewhere.example
  self_issue self '/CN=self-mx.lab.example' subjectAltName=DNS:self-mx.lab.example
  chain mx1 intermediate.crt
  chain leaf
  chain self
  chain old intermediate.crt
  chain stranger unknown.crt
  chmod 600 ./*.key ./*.pem
  cp root.crt ../roots.pem
)
