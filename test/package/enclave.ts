/**
 * An enclave on the loopback interface for whoever wants to talk to one:
 * `GET /attestation?nonce=HEX` vouches for an RSA key, and what is encrypted to that (RSA-OAEP,
 * SHA-256) it takes at `POST /message`. It also serves files beside it, to have a page and its
 * enclave on one origin, and takes what pages report.
 */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { createNitroAttester, type NitroAttester, productionPcrs } from '../attester/nitro.ts'

/** As strict as a page can have it and still run this library. */
export const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"

export interface Enclave {
  readonly address: string
  /** What its build published. */
  readonly measurements: Readonly<Record<'PCR0' | 'PCR1' | 'PCR2', string>>
  /** DER, hexadecimal. */
  readonly root: string
  /** What it was sent so far, decrypted; what it cannot decrypt is here as `undefined`. */
  readonly messages: readonly (string | undefined)[]
  /** The next report that a page posts to `/report`. */
  report(): Promise<unknown>
  close(): Promise<void>
}

const encryption = {
  name: 'RSA-OAEP',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  css: 'text/css',
  json: 'application/json',
}

/**
 * @param folder what else is served, if anything
 * @param policies by path, for pages that need another one than {@link policy}
 */
export async function startEnclave(folder?: string, policies?: ReadonlyMap<string, string>): Promise<Enclave> {
  const attester = await createNitroAttester({ now: new Date() })
  const { privateKey, publicKey } = await crypto.subtle.generateKey(encryption, true, ['encrypt', 'decrypt'])
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const messages: (string | undefined)[] = []
  const reports: unknown[] = []
  const waiting: ((report: unknown) => void)[] = []

  async function answer(request: IncomingMessage): Promise<[status: number, type: string, body: Uint8Array | string]> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://enclave.invalid')
    if (pathname === '/attestation')
      return [200, 'application/octet-stream', await attest(attester, searchParams.get('nonce') ?? '', spki)]
    if (pathname === '/message') {
      const content = await crypto.subtle
        .decrypt(encryption, privateKey, await bytesOf(request))
        .then((bytes) => new TextDecoder().decode(bytes))
        .catch(() => undefined)
      messages.push(content)
      if (content === undefined) return [400, 'text/plain', 'not encrypted to this enclave']
      return [200, 'application/json', JSON.stringify({ characters: content.length })]
    }
    if (pathname === '/report') {
      const report = await jsonOf(request)
      const deliver = waiting.shift()
      if (deliver === undefined) reports.push(report)
      else deliver(report)
      return [200, 'text/plain', '']
    }
    const path = pathname === '/' ? '/index.html' : pathname
    const body = folder === undefined ? undefined : await readFile(join(folder, path)).catch(() => undefined)
    if (body === undefined) return [404, 'text/plain', 'not found']
    return [200, types[path.replace(/.*\./, '')] ?? 'application/octet-stream', body]
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ([status, type, body]) => {
        response.writeHead(status, {
          'content-type': type,
          'content-security-policy': policies?.get(request.url ?? '') ?? policy,
          'cache-control': 'no-store',
        })
        response.end(body)
      },
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const pcrs = await productionPcrs()
  const hex = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString('hex')
  return {
    address: `http://127.0.0.1:${port}`,
    measurements: { PCR0: hex(pcrs[0]), PCR1: hex(pcrs[1]), PCR2: hex(pcrs[2]) },
    root: hex(attester.root),
    messages,
    report: () =>
      reports.length > 0 ? Promise.resolve(reports.shift()) : new Promise((resolve) => void waiting.push(resolve)),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

function attest(attester: NitroAttester, nonce: string, publicKey: Uint8Array): Promise<Uint8Array> {
  return attester.document({ nonce: new Uint8Array(Buffer.from(nonce, 'hex')), publicKey })
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  return JSON.parse((await bytesOf(request)).toString())
}

async function bytesOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
