# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/opensmtpd.pem > /dev/null 2>&1; do sleep 0.1; done
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/smtpd.conf /fivewire/conf/smtpd.conf
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{dovecot.host}}#dovecot#g" \
  -e "s#{{dovecot.lmtp}}#26024#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  -e "s#{{smtp}}#26590#g" \
  /fivewire/conf/smtpd.conf /fivewire/prepare.sh
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
smtpd -F -f /fivewire/conf/smtpd.conf &
socat OPENSSL-LISTEN:26468,bind=0.0.0.0,fork,reuseaddr,cert=/fivewire/certificates/opensmtpd.pem,key=/fivewire/certificates/opensmtpd.key,verify=0 TCP:127.0.0.1:26590 &
wait -n
