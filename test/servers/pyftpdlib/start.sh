# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/pyftpdlib.pem > /dev/null 2>&1; do sleep 0.1; done
: "${EXPLICIT_PASSIVE:=26400-26439}"
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/server.py /fivewire/conf/server.py
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/pyftpdlib.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{explicitPassive.last}}#${EXPLICIT_PASSIVE#*-}#g" \
  -e "s#{{explicitPassive}}#${EXPLICIT_PASSIVE%-*}#g" \
  -e "s#{{explicit}}#26027#g" \
  -e "s#{{key}}#/fivewire/certificates/pyftpdlib.key#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  /fivewire/conf/server.py /fivewire/prepare.sh
sh /fivewire/prepare.sh
trap exit TERM
/usr/bin/python3 /fivewire/conf/server.py &
wait -n
