# Made from server.json by test/servers/generate.mjs: change those, then run it.
set -e
until openssl x509 -noout -checkend 0 -in /fivewire/certificates/vsftpd.pem > /dev/null 2>&1; do sleep 0.1; done
: "${EXPLICIT_PASSIVE:=26200-26239}"
: "${IMPLICIT_PASSIVE:=26250-26289}"
mkdir -p /fivewire/data
install -D -m 644 /fivewire/templates/vsftpd.conf /fivewire/conf/vsftpd.conf
install -D -m 644 /fivewire/templates/pam /etc/pam.d/fivewire-vsftpd-26021
install -D -m 644 /fivewire/templates/prepare.sh /fivewire/prepare.sh
sed -i -e "s#{{certificate}}#/fivewire/certificates/vsftpd.pem#g" \
  -e "s#{{conf}}#/fivewire/conf#g" \
  -e "s#{{data}}#/fivewire/data#g" \
  -e "s#{{explicit}}#26021#g" \
  -e "s#{{key}}#/fivewire/certificates/vsftpd.key#g" \
  -e "s#{{listen}}#0.0.0.0#g" \
  /fivewire/conf/vsftpd.conf /etc/pam.d/fivewire-vsftpd-26021 /fivewire/prepare.sh
sh /fivewire/prepare.sh
trap exit TERM
vsftpd /fivewire/conf/vsftpd.conf -olisten_port=26021 -opasv_min_port=${EXPLICIT_PASSIVE%-*} -opasv_max_port=${EXPLICIT_PASSIVE#*-} &
vsftpd /fivewire/conf/vsftpd.conf -olisten_port=26990 -oimplicit_ssl=YES -opasv_min_port=${IMPLICIT_PASSIVE%-*} -opasv_max_port=${IMPLICIT_PASSIVE#*-} &
wait -n
