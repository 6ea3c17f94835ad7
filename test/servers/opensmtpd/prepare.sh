# Users are virtual: their addresses are all that it knows.
set -e
: > {{conf}}/recipients
for each in ${FIVEWIRE_USERS:-alice:secret bob:secret}; do
  echo "${each%%:*}@example.test" >> {{conf}}/recipients
done
