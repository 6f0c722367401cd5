/**
 * An enclave behind its gateway on the loopback interface, for the examples: the app counts
 * characters, evidence comes from a made Nitro attester by the messages of the Nitro Security
 * Module. Serves a page beside it, on one origin.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decode, encode } from 'cbor-x'
import { nsmSource } from '../../src/attesters/index.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { createNitroAttester, type NitroAttester, productionPcrs } from '../attester/nitro.ts'
import { serveLoopback } from '../gateway/loopback.ts'

export interface GatewayEnclave {
  readonly origin: string
  /** Source text for policies of examples: the root that vouches for it. */
  readonly trustAnchors: string
  /** What its build published. */
  readonly measurements: Readonly<Record<string, string>>
  /** What the app was sent, opened. */
  readonly messages: readonly string[]
  /** Evidence that was asked for so far. */
  readonly asked: () => number
  close(): Promise<void>
}

/** As strict as a page can have it: no inline script, no code from text, no sink of the DOM. */
export const strictPolicy: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' }

/** @param folder what is served beside it, if anything */
export async function startGateway(folder?: string): Promise<GatewayEnclave> {
  const attester = await createNitroAttester({ now: new Date() })
  const messages: string[] = []
  let asked = 0
  const device = deviceOf(attester, () => asked++)
  const server = await serveLoopback((origins) => {
    const gateway = createGateway({
      origins,
      attest: nsmSource({ device }),
      async handler(request) {
        const text = await request.text()
        messages.push(text)
        return Response.json({ characters: text.length })
      },
    })
    return async (request) => {
      const { pathname } = new URL(request.url)
      if (folder === undefined || pathname.startsWith('/.well-known/')) return gateway(request)
      const path = pathname === '/' ? '/index.html' : pathname
      const body = await readFile(join(folder, path)).catch(() => undefined)
      const headers = {
        'content-type': types[path.replace(/.*\./, '')] ?? 'application/octet-stream',
        'content-security-policy': strictPolicy,
        'cache-control': 'no-store',
      }
      return new Response(body, { status: body === undefined ? 404 : 200, headers })
    }
  })
  return {
    origin: server.origin,
    ...(await publishedBy(attester)),
    messages,
    asked: () => asked,
    close: () => server.close(),
  }
}

/** What clients of an attester have to know. */
export async function publishedBy({
  root,
}: NitroAttester): Promise<Pick<GatewayEnclave, 'trustAnchors' | 'measurements'>> {
  const pcrs = await productionPcrs()
  const hex = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString('hex')
  return {
    trustAnchors: `[Uint8Array.from('${hex(root)}'.match(/../g) ?? [], (pair) => parseInt(pair, 16))]`,
    measurements: { PCR0: hex(pcrs[0]), PCR1: hex(pcrs[1]), PCR2: hex(pcrs[2]) },
  }
}

/** The module: one message in, one out. */
export function deviceOf(
  attester: NitroAttester,
  onQuestion: () => void = () => undefined,
): (message: Uint8Array) => Promise<Uint8Array> {
  return async (message) => {
    onQuestion()
    const { Attestation } = decode(message) as { Attestation: Record<'nonce' | 'public_key', Uint8Array> }
    const { nonce, public_key: publicKey } = Attestation
    const made = await attester.document({ nonce: new Uint8Array(nonce), publicKey: new Uint8Array(publicKey) })
    return encode({ Attestation: { document: Buffer.from(made) } })
  }
}
