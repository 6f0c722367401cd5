#!/bin/sh
# From an image to a verdict: measure, sign, run, verify; then change the image and see it refused.
# Needs openssl and curl. Works in a temporary folder; run it from the repository after `npm ci`.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
veritee() { node "${VERITEE:-$here/dist/cli/main.js}" "$@"; }
say() { printf '\n== %s\n' "$*"; }

say 'a CA of your own: its key stays where it is, everybody may have ca.pem'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -sha384 -days 3650 -subj '/CN=Example CA' \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -sha384 -days 90 -subj '/CN=Example build' \
  -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature \
  -CA ca.pem -CAkey ca.key -keyout build.key -out build.pem 2>/dev/null
ls ca.pem build.pem

say 'build: here a small image, with nitro-cli build-enclave your own'
node "$here/demo/enclave/make-image.mjs" app.eif 'the application'

say 'measure'
veritee measure app.eif --json | tee measurements.json

say 'sign'
veritee sign measurements.json --name 'build 2026-11-23' --product example.com/app --version 1 --key build.key --cert build.pem \
  --valid 90d -o app.corim

say 'run: a loopback enclave that attests what the image measures to'
node "$here/demo/enclave/boot.mjs" app.eif > address &
enclave=$!
trap 'kill $enclave; rm -rf "$folder"' EXIT
until [ -s address ]; do sleep 0.1; done

say 'verify: the client has ca.pem, and a nonce that it has just made'
nonce=$(openssl rand -hex 32)
curl -fsS "$(cat address)?nonce=$nonce" -o evidence.bin
veritee verify evidence.bin --reference app.corim --ca ca.pem --product example.com/app --nonce "$nonce" \
  --root "$here/fixtures/nitro/root.pem"

say 'one byte of the image changed: no longer an image'
cp app.eif changed.eif
printf '\377' | dd of=changed.eif bs=1 seek=1000 conv=notrunc 2>/dev/null
veritee measure changed.eif && exit 1

say 'one byte of the application changed, and built again: an image, but not the one that was signed'
node "$here/demo/enclave/make-image.mjs" other.eif 'the Application'
kill $enclave
: > address
node "$here/demo/enclave/boot.mjs" other.eif > address &
enclave=$!
until [ -s address ]; do sleep 0.1; done
nonce=$(openssl rand -hex 32)
curl -fsS "$(cat address)?nonce=$nonce" -o evidence.bin
status=0
veritee verify evidence.bin --reference app.corim --ca ca.pem --product example.com/app --nonce "$nonce" \
  --root "$here/fixtures/nitro/root.pem" || status=$?
[ $status = 3 ] || exit 1
say 'refused, as it must be'
