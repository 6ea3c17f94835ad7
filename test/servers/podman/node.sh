#!/bin/sh
# A base for the image of our own test servers where no registry gives node:22-alpine: this machine's Node.js, the libraries
# that it needs and busybox, nothing else. Then: FIVEWIRE_NODE_IMAGE=localhost/fivewire-node npm run test:containers
# Needs, once: apt-get install --no-install-recommends podman runc netavark aardvark-dns busybox-static
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/etc" "$root/usr/local/bin"
mkdir -m 1777 "$root/tmp"
node=$(readlink -f "$(command -v node)")
cp "$node" "$root/usr/local/bin/node"
for library in $(ldd "$node" | grep -o '/[^ ]*'); do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
cp /bin/busybox "$root/bin/busybox"
for each in sh id du mkdir chown; do ln -s busybox "$root/bin/$each"; done
printf 'root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n' > "$root/etc/passwd"
printf 'root:x:0:\nnode:x:1000:\n' > "$root/etc/group"
chmod 755 "$root"
tar -C "$root" -c . | podman import --change ENV=PATH=/usr/local/bin:/bin - fivewire-node
