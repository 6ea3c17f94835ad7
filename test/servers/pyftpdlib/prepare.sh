# One file for certificate and key, as pyftpdlib takes it.
set -e
cat {{key}} {{certificate}} > {{conf}}/both.pem
mkdir -p {{data}}/home/alice {{data}}/home/bob
