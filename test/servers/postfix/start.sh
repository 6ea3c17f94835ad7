# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/postfix.pem > /dev/null 2>&1; do sleep 0.1; done
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/main.cf /fivewire/conf/main.cf
install -D -m 644 /fivewire/templates/master.cf /fivewire/conf/master.cf
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/postfix.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{dovecot.host}}#dovecot#g" \
  -e "s#{{dovecot.lmtp}}#26024#g" \
  -e "s#{{dovecot.sasl}}#26012#g" \
  -e "s#{{key}}#/fivewire/certificates/postfix.key#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  -e "s#{{smtp}}#26025#g" \
  -e "s#{{submissions}}#26465#g" \
  -e "s#{{submission}}#26587#g" \
  /fivewire/conf/main.cf /fivewire/conf/master.cf /fivewire/prepare.sh
sh /fivewire/prepare.sh
until (: < /dev/tcp/dovecot/26143) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/dovecot/26993) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/dovecot/26110) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/dovecot/26995) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/dovecot/26024) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/dovecot/26124) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/dovecot/26588) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/dovecot/26466) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/dovecot/26190) 2> /dev/null; do sleep 0.1; done
trap exit TERM
/usr/lib/postfix/sbin/master -s -c /fivewire/conf &
wait -n
