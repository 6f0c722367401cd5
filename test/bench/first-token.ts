/**
 * How much later the first token of a model comes: over an attested session, and with the
 * attestation before it, against plain `fetch`. Machine, relay and page are one process on the
 * loopback interface and the model answers at once, so that nothing hides the difference: a real
 * model takes a hundred times as long for its first token.
 */
import { attestedProvider } from '../../src/ai/index.ts'
import { type AttestedFetch, attestedFetch } from '../../src/client/index.ts'
import { skipReferenceValues, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { unhex } from '../attester/bytes.ts'
import { createProvider, providerOrigin, soundProfile } from '../attester/provider.ts'
import { type FetchHandler, serveLoopback } from '../gateway/loopback.ts'
import { median, type Paired, paired, spread, table } from './statistics.ts'

export interface FirstToken {
  readonly what: string
  /** Milliseconds until the first token: plain `fetch`, and over the session. */
  readonly times: Paired
}

const path = '/v1/chat/completions'
const event = 'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
const tokens = [...Array<string>(20).fill(event), 'data: [DONE]\n\n']
const body = JSON.stringify({
  model: 'm',
  stream: true,
  messages: [{ role: 'user', content: 'A prompt of a usual length. '.repeat(20) }],
})

export async function measureFirstToken(rounds: number): Promise<readonly FirstToken[]> {
  const provider = await createProvider(new Date())
  provider.answer = () => ({ headers: { 'content-type': 'text/event-stream' }, pieces: tokens })
  const endorsements = await provider.attester.endorsements()
  const { accept, verifyGpus } = await provider.options()
  const handler: FetchHandler = async (request) => {
    const url = new URL(request.url)
    if (url.pathname === path) {
      await request.text()
      return new Response(streamOf(tokens), { headers: { 'content-type': 'text/event-stream' } })
    }
    if (request.method === 'POST') {
      const sealed = await request.arrayBuffer()
      return provider.respond(new Request(`${providerOrigin}/ohttp`, { method: 'POST', body: sealed }))
    }
    const asked = unhex(url.searchParams.get('nonce') ?? '')
    return new Response(
      await provider.report(asked, { report: (report) => ({ ...report, not_after: 253_402_300_799 }) }),
    )
  }
  const server = await serveLoopback(() => handler)
  const connect = (): AttestedFetch =>
    attestedFetch(server.origin, {
      ...attestedProvider(soundProfile, {
        origin: server.origin,
        parameters: { model: 'm' },
        headers: { authorization: 'Bearer caller' },
        unproven: ['gpu-machine'],
        accept: accept ?? {},
        verify: (evidence, { reportData }) =>
          verifyTdx(evidence, {
            endorsements,
            referenceValues: skipReferenceValues,
            reportData: reportData as Uint8Array,
            trustAnchors: [provider.attester.root],
          }),
        ...(verifyGpus && { verifyGpus }),
      }),
      allowLoopbackHttp: true,
      attestSeconds: 600,
    })
  const plain = (): Promise<number> => untilFirstToken((init) => fetch(server.origin + path, init))
  const open = connect()
  const attested = (): Promise<number> => untilFirstToken((init) => open(path, init))
  const first = async (): Promise<number> => {
    const send = connect()
    try {
      return await untilFirstToken((init) => send(path, init))
    } finally {
      send.close()
    }
  }
  /** Each says itself how long it took until the token that counts. */
  const told = async (work: () => Promise<unknown>): Promise<number> => (await work()) as number
  try {
    await open.attest()
    // Once without counting: connections are opened, and code is compiled.
    for (let i = 0; i < Math.min(rounds, 20); i++) for (const run of [plain, attested, first]) await run()
    return [
      { what: 'over an open session', times: await paired(rounds, plain, attested, told) },
      { what: 'with its attestation', times: await paired(Math.ceil(rounds / 4), plain, first, told) },
    ]
  } finally {
    open.close()
    await server.close()
  }
}

/** A table in Markdown. */
export function firstTokenTable(rows: readonly FirstToken[]): string {
  return table(
    ['first token', 'ratio', 'plain `fetch`, ms', 'attested, ms', 'later by, ms'],
    rows.map(({ what, times: { ratios, a, b } }) => [
      what,
      spread(ratios),
      spread(a, 1),
      spread(b, 1),
      (median(b) - median(a)).toFixed(1),
    ]),
  )
}

/** Milliseconds until the first token is read; the rest is read as well, and does not count. */
async function untilFirstToken(ask: (init: RequestInit) => Promise<Response>): Promise<number> {
  const startedAt = performance.now()
  const headers = { 'content-type': 'application/json', authorization: 'Bearer caller' }
  const response = await ask({ method: 'POST', headers, body })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let took = NaN
  for (;;) {
    const { done = true, value = '' } = (await reader?.read()) ?? {}
    text += value
    if (Number.isNaN(took) && text.includes('\n\n')) took = performance.now() - startedAt
    if (done) break
  }
  if (text !== tokens.join('')) throw new Error(`another answer: ${text.slice(0, 80)}`)
  return took
}

function streamOf(pieces: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const left = [...pieces]
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(encoder.encode(piece))
    },
  })
}
