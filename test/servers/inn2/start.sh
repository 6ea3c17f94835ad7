# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/inn2.pem > /dev/null 2>&1; do sleep 0.1; done
export INNCONF=/fivewire/conf/inn.conf
export SASL_CONF_PATH=/fivewire/conf
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/inn.conf /fivewire/conf/inn.conf
install -D -m 644 /fivewire/templates/readers.conf /fivewire/conf/readers.conf
install -D -m 644 /fivewire/templates/storage.conf /fivewire/conf/storage.conf
install -D -m 644 /fivewire/templates/incoming.conf /fivewire/conf/incoming.conf
install -D -m 644 /fivewire/templates/newsfeeds /fivewire/conf/newsfeeds
install -D -m 644 /fivewire/templates/sasl.conf /fivewire/conf/INN.conf
install -D -m 644 /fivewire/templates/active /fivewire/data/db/active
install -D -m 644 /fivewire/templates/newsgroups /fivewire/data/db/newsgroups
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{ca}}#/fivewire/certificates/ca.pem#g" \
  -e "s#{{certificate}}#/fivewire/certificates/inn2.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{innd}}#26119#g" \
  -e "s#{{key}}#/fivewire/certificates/inn2.key#g" \
  /fivewire/conf/inn.conf /fivewire/conf/readers.conf /fivewire/conf/storage.conf /fivewire/conf/incoming.conf /fivewire/conf/newsfeeds /fivewire/conf/INN.conf /fivewire/data/db/active /fivewire/data/db/newsgroups /fivewire/prepare.sh
sh /fivewire/prepare.sh
trap exit TERM
setpriv --reuid news --regid news --init-groups /usr/lib/news/bin/innd -d -u &
setpriv --reuid news --regid news --init-groups /usr/lib/news/bin/nnrpd -D -f -b 0.0.0.0 -p 26120 -P /fivewire/data/run/nntp.pid &
setpriv --reuid news --regid news --init-groups /usr/lib/news/bin/nnrpd -D -f -S -b 0.0.0.0 -p 26563 -P /fivewire/data/run/nntps.pid &
wait -n
