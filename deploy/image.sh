#!/bin/sh
# Builds the service for an empty root, and lays out that root in a new folder: all that is in the image.
# The Dockerfile runs this, and so does `cargo xtask image-root`, which tries the result.
set -eu

root=$1
cd "$(dirname "$0")/.."

# Named, for else the flags would hold for what runs while building, too.
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --package chats --target "$target"

umask 022
mkdir -p "$root/usr/bin" "$root/usr/share/licenses/chats" "$root/etc/ssl/certs" "$root/chats"
cp "${CARGO_TARGET_DIR:-target}/$target/release/chats" "$root/usr/bin/chats"
cp LICENSE-APACHE LICENSE-MIT "$root/usr/share/licenses/chats/"
# The roots of the system: what is verified where no certificate authority is named.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
echo 'chats:x:65532:65532:chats:/chats:/sbin/nologin' > "$root/etc/passwd"
echo 'chats:x:65532:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
# The only place that the service writes to. In containers it is a volume.
mkdir -m 700 "$root/chats/data"
