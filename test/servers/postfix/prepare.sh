# The queue's root belongs to root, Postfix makes the rest of it; the data directory belongs to postfix.
set -e
mkdir -p {{data}}/queue {{data}}/lib
chown root:root {{conf}} {{data}}/queue
chown postfix:postfix {{data}}/lib
