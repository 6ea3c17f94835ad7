# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/exim.pem > /dev/null 2>&1; do sleep 0.1; done
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/exim4.conf /fivewire/conf/exim4.conf
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/exim.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{dovecot.host}}#dovecot#g" \
  -e "s#{{dovecot.lmtp}}#26024#g" \
  -e "s#{{key}}#/fivewire/certificates/exim.key#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  -e "s#{{root}}##g" \
  -e "s#{{submissions}}#26467#g" \
  -e "s#{{submission}}#26589#g" \
  /fivewire/conf/exim4.conf /fivewire/prepare.sh
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
env LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=/fivewire/conf/passwd NSS_WRAPPER_GROUP=/fivewire/conf/group /usr/sbin/exim4 -C /fivewire/conf/exim4.conf -bdf -q1m &
wait -n
