# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/pureftpd.pem > /dev/null 2>&1; do sleep 0.1; done
: "${EXPLICIT_PASSIVE:=26350-26389}"
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/pureftpd.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{key}}#/fivewire/certificates/pureftpd.key#g" \
  -e "s#{{root}}##g" \
  /fivewire/prepare.sh
sh /fivewire/prepare.sh
trap exit TERM
/usr/sbin/pure-ftpd --bind=0.0.0.0,26023 --login=puredb:/fivewire/conf/users.pdb --certfile=/fivewire/conf/both.pem --tls=2 --passiveportrange=${EXPLICIT_PASSIVE%-*}:${EXPLICIT_PASSIVE#*-} --noanonymous --chrooteveryone --minuid=1 --dontresolve --maxclientsperip=40 &
wait -n
