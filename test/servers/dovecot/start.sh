# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/dovecot.pem > /dev/null 2>&1; do sleep 0.1; done
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/dovecot.conf /fivewire/conf/dovecot.conf
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/dovecot.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{imaps}}#26993#g" \
  -e "s#{{imap}}#26143#g" \
  -e "s#{{key}}#/fivewire/certificates/dovecot.key#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  -e "s#{{lmtps}}#26124#g" \
  -e "s#{{lmtp}}#26024#g" \
  -e "s#{{pop3s}}#26995#g" \
  -e "s#{{pop3}}#26110#g" \
  -e "s#{{postfix.host}}#postfix#g" \
  -e "s#{{postfix.smtp}}#26025#g" \
  -e "s#{{sasl}}#26012#g" \
  -e "s#{{sieve}}#26190#g" \
  -e "s#{{submissions}}#26466#g" \
  -e "s#{{submission}}#26588#g" \
  /fivewire/conf/dovecot.conf /fivewire/prepare.sh
sh /fivewire/prepare.sh
trap exit TERM
dovecot -F -c /fivewire/conf/dovecot.conf &
wait -n
