# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/proftpd.pem > /dev/null 2>&1; do sleep 0.1; done
: "${EXPLICIT_PASSIVE:=26300-26339}"
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/proftpd.conf /fivewire/conf/proftpd.conf
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/proftpd.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{explicitPassive.last}}#${EXPLICIT_PASSIVE#*-}#g" \
  -e "s#{{explicitPassive}}#${EXPLICIT_PASSIVE%-*}#g" \
  -e "s#{{explicit}}#26022#g" \
  -e "s#{{key}}#/fivewire/certificates/proftpd.key#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  -e "s#{{root}}##g" \
  /fivewire/conf/proftpd.conf /fivewire/prepare.sh
sh /fivewire/prepare.sh
trap exit TERM
/usr/sbin/proftpd --nodaemon --config /fivewire/conf/proftpd.conf &
wait -n
