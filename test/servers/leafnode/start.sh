# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/leafnode.pem > /dev/null 2>&1; do sleep 0.1; done
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/config /etc/news/leafnode/config
install -D -m 644 /fivewire/templates/serve.sh /fivewire/conf/serve.sh
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{inn2.host}}#inn2#g" \
  -e "s#{{inn2.nntp}}#26120#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  -e "s#{{nntp}}#26122#g" \
  /etc/news/leafnode/config /fivewire/conf/serve.sh /fivewire/prepare.sh
sh /fivewire/prepare.sh
until (: < /dev/tcp/inn2/26120) 2> /dev/null; do sleep 0.1; done
until (: < /dev/tcp/inn2/26563) 2> /dev/null; do sleep 0.1; done
trap exit TERM
sh /fivewire/conf/serve.sh &
socat OPENSSL-LISTEN:26565,bind=0.0.0.0,fork,reuseaddr,cert=/fivewire/certificates/leafnode.pem,key=/fivewire/certificates/leafnode.key,verify=0 TCP:127.0.0.1:26122 &
wait -n
