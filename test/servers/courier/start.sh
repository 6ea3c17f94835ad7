# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/courier.pem > /dev/null 2>&1; do sleep 0.1; done
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/door.sh /fivewire/conf/door.sh
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/courier.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{key}}#/fivewire/certificates/courier.key#g" \
  /fivewire/conf/door.sh /fivewire/prepare.sh
sh /fivewire/prepare.sh
trap exit TERM
/usr/lib/courier/courier-authlib/authdaemond &
sh /fivewire/conf/door.sh imapd 26148 &
sh /fivewire/conf/door.sh imapd-ssl 26998 &
sh /fivewire/conf/door.sh pop3d 26113 &
sh /fivewire/conf/door.sh pop3d-ssl 26999 &
wait -n
