# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/cyrus.pem > /dev/null 2>&1; do sleep 0.1; done
export LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/imapd.conf /fivewire/conf/imapd.conf
install -D -m 644 /fivewire/templates/cyrus.conf /fivewire/conf/cyrus.conf
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/cyrus.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{imaps}}#26996#g" \
  -e "s#{{imap}}#26145#g" \
  -e "s#{{key}}#/fivewire/certificates/cyrus.key#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  -e "s#{{nntps}}#26564#g" \
  -e "s#{{nntp}}#26121#g" \
  -e "s#{{pop3s}}#26997#g" \
  -e "s#{{pop3}}#26112#g" \
  -e "s#{{root}}##g" \
  /fivewire/conf/imapd.conf /fivewire/conf/cyrus.conf /fivewire/prepare.sh
sh /fivewire/prepare.sh
trap exit TERM
/usr/sbin/cyrmaster -C /fivewire/conf/imapd.conf -M /fivewire/conf/cyrus.conf -p /fivewire/data/master.pid -D &
wait -n
