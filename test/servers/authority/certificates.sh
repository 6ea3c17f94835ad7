#!/bin/sh
# certificates.sh DIRECTORY DAYS NAME=DNSNAME,DNSNAME …: a throwaway authority and one certificate a server, by the openssl program.
# Makes ca.pem, ca.key, and NAME.pem (chain) and NAME.key; what is there and holds for another day stays as it is.
# FIVEWIRE_NAMES adds names to each certificate: FIVEWIRE_NAMES=localhost,mail.test
set -eu
directory=$1 days=$2
shift 2
mkdir -p "$directory"
cd "$directory"
holds() { [ -s "$1.pem" ] && [ -s "$1.key" ] && openssl x509 -in "$1.pem" -noout -checkend 86400 > /dev/null; }
new_key='-newkey rsa:2048 -nodes -sha256'
umask 077
work=$(mktemp -d ./making.XXXXXX)
trap 'rm -rf "$work"' EXIT
if ! holds ca; then
  openssl req -x509 $new_key -days "$days" -subj '/CN=Fivewire test servers' \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out "$work/ca.pem" 2> /dev/null
  chmod 644 "$work/ca.pem"
  rm -f ./*.pem
  mv "$work/ca.pem" ca.pem
fi
for each in "$@"; do
  name=${each%%=*}
  holds "$name" && continue
  names=${each#*=}${FIVEWIRE_NAMES:+,$FIVEWIRE_NAMES}
  printf 'subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' \
    "$(printf %s "$names" | sed 's/,/,DNS:/g')" > "$work/leaf.ext"
  # No common name: the alternative names alone say who the server is.
  openssl req -new $new_key -subj "/O=$name" -keyout "$work/leaf.key" -out "$work/leaf.csr" 2> /dev/null
  openssl x509 -req -in "$work/leaf.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -CAserial "$work/serial" -sha256 \
    -days "$days" -extfile "$work/leaf.ext" -out "$work/leaf.pem" 2> /dev/null
  cat ca.pem >> "$work/leaf.pem"
  # Each daemon reads its key as a user of its own. The certificate comes last: who waits for it finds both.
  chmod 644 "$work/leaf.key" "$work/leaf.pem"
  mv "$work/leaf.key" "$name.key"
  mv "$work/leaf.pem" "$name.pem"
done
