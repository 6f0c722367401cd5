#!/bin/sh
# Passes on what comes over vsock to the server on the loopback interface, which an enclave has to bring up itself. On the parent instance:
#   socat TCP-LISTEN:8000,fork,reuseaddr VSOCK-CONNECT:<CID of the enclave>:8000
# TLS, if any, ends outside; what matters is sealed inside it, to a key that never leaves this enclave.
set -eu
ip link set dev lo up
socat VSOCK-LISTEN:8000,fork,reuseaddr TCP:127.0.0.1:8000 &
exec deno run --no-remote --allow-ffi --allow-read --allow-env=ORIGIN,PORT --allow-net=127.0.0.1:8000 /app/main.ts
