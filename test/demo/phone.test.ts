/**
 * demo/examples/phone, run as it is: a Node server and a Worker with its Durable Object challenge
 * fake phones, keep their keys, and take their messages. Only which applications are accepted, and
 * whose roots vouch for them, is written for the test.
 */
import { cp, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPhone, packageName, signer } from '../attester/android.ts'
import { appId, createDevice } from '../attester/app-attest.ts'
import { concat, hex } from '../attester/bytes.ts'
import { type Signer, sign } from '../attester/certificate.ts'
import { ecdsaSignature } from '../attester/der.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn, freePort, start, untilReady } from '../portable/programs.ts'
import { findWorkerd, withWorker } from '../portable/run-workerd.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const now = new Date()
const keys = new Map<string, Signer>()
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

let folder: string
let google: Server
const asked: string[] = []
beforeAll(async () => {
  folder = await makeFolder()
  google = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end('{"entries":{"cafe1234":{"status":"REVOKED"}}}')
  })
  await new Promise<void>((resolve) => google.listen(0, '127.0.0.1', resolve))
  await cp(join(repository, 'demo/examples/phone'), folder, { recursive: true })
  const { root: androidRoot } = await createPhone({ now, keys })
  const { root: appleRoot } = await device()
  const policy = {
    android: { packageName, signers: [hex(signer)] },
    apple: { appId },
    androidRoot: base64(androidRoot),
    appleRoot: base64(appleRoot),
  }
  await writeFile(join(folder, 'policy.js'), `export const policy = ${JSON.stringify(policy)}\n`)
  for (const name of ['worker', 'server'])
    await build({
      entryPoints: [join(folder, `${name}.js`)],
      outfile: join(folder, `${name}.bundle.js`),
      bundle: true,
      format: 'esm',
      platform: name === 'server' ? 'node' : 'neutral',
      target: 'es2022',
      alias: {
        'veritee/android-key': join(repository, 'src/formats/android/key/index.ts'),
        'veritee/app-attest': join(repository, 'src/formats/apple/app-attest/index.ts'),
        'veritee/endorsements': join(repository, 'src/endorsements/index.ts'),
      },
    })
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
})
afterAll(async () => {
  google.close()
  await removeFolder(folder)
})

const appleKeys = new Map<string, Signer>()
const device = (): ReturnType<typeof createDevice> => createDevice({ now, keys: appleKeys })
const statusUrl = (): string => `http://127.0.0.1:${(google.address() as AddressInfo).port}`

type Answer = Readonly<Record<string, string>>

async function post(address: string, path: string, body: object = {}): Promise<Answer> {
  const response = await fetch(new URL(path, address), { method: 'POST', body: JSON.stringify(body) })
  return (await response.json()) as Answer
}

/** Everything that a server of phones is for. */
async function talk(address: string): Promise<void> {
  const challenge = async (): Promise<string> => (await post(address, '/challenge')).challenge as string
  const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
  const message = 'for the server alone'
  const signed = (text: string): Uint8Array => concat(bytesOf(text), new TextEncoder().encode(message))

  // Android: a key is made for the challenge, and verified once.
  const first = await challenge()
  const { certificates, leaf } = await createPhone({ now, keys, description: { challenge: bytesOf(first) } })
  const chain = base64(concat(...certificates))
  const { phone } = await post(address, '/android/key', { challenge: first, chain })
  expect(phone).toMatch(/^[A-Za-z0-9+/]{43}=$/)
  expect(await post(address, '/android/key', { challenge: first, chain })).toEqual({ refused: 'challenge' })
  expect(await post(address, '/android/key', { challenge: await challenge(), chain })).toEqual({
    refused: 'policy-nonce',
  })
  const software = await challenge()
  const soft = await createPhone({
    now,
    keys,
    description: { challenge: bytesOf(software), attestationLevel: 0, keyMintLevel: 0 },
  })
  expect(
    await post(address, '/android/key', { challenge: software, chain: base64(concat(...soft.certificates)) }),
  ).toEqual({ refused: 'policy-security-level' })

  // Its messages are taken, each once.
  const second = await challenge()
  const signature = base64(ecdsaSignature(await sign({ ...leaf, hash: 'SHA-256' }, signed(second))))
  const sent = { phone, challenge: second, message, signature }
  expect(await post(address, '/android/message', sent)).toEqual({ taken: message })
  expect(await post(address, '/android/message', sent)).toEqual({ refused: 'challenge' })
  const other = { ...sent, challenge: await challenge() }
  expect(await post(address, '/android/message', other)).toEqual({ refused: 'signature' })
  expect(await post(address, '/android/message', { ...other, phone: 'other' })).toEqual({ refused: 'phone' })

  // Apple: the same, with a counter.
  const iphone = await device()
  const third = await challenge()
  const attestation = base64(await iphone.attest({ clientData: bytesOf(third) }))
  const given = { challenge: third, attestation, keyId: base64(iphone.keyId) }
  const { phone: own } = await post(address, '/apple/key', given)
  expect(own).toMatch(/^[A-Za-z0-9+/]{43}=$/)
  expect(await post(address, '/apple/key', { ...given, challenge: await challenge() })).toEqual({
    refused: 'app-attest-nonce',
  })
  for (const [counter, taken] of [
    [1, { taken: message }],
    [5, { taken: message }],
    [5, { refused: 'app-attest-counter' }],
  ] as const) {
    const next = await challenge()
    const assertion = base64(await iphone.assert({ clientData: signed(next), counter }))
    expect(await post(address, '/apple/message', { phone: own, challenge: next, message, assertion })).toEqual(taken)
  }
}

describe('a server of phones', () => {
  test('on Node', async () => {
    const port = await freePort()
    const env = { ...(await environmentIn(folder)), PORT: `${port}`, STATUS: statusUrl() }
    const running = start(process.execPath, [join(folder, 'server.bundle.js')], { cwd: folder, env })
    try {
      const address = `http://127.0.0.1:${port}/`
      await untilReady(running, 'the server', () => post(address, '/challenge'))
      await talk(address)
    } finally {
      await running.stop()
    }
  })

  test('as a Worker with a Durable Object', async () => {
    const worker = {
      folder,
      modules: folder,
      files: ['worker.bundle.js'],
      variables: { STATUS: statusUrl() },
      objects: { PHONES: 'Phones' },
    }
    await withWorker(findWorkerd() ?? '', worker, talk)
  })

  test('asks Google for its list as often as that allows', () => {
    // Once each: the list may be kept for a day.
    expect(asked).toEqual(['/status', '/status'])
  })
})
