# One file for certificate and key, as pyftpdlib takes it.
set -e
cat {{key}} {{certificate}} > {{conf}}/both.pem
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  mkdir -p "{{data}}/home/${each%%:*}"
done
