/**
 * Evidence of applications on dstack: the guest agent answers on a socket (dstack's
 * `sdk/curl/api.md`), `GetQuote` with a quote of TDX and the event log behind its registers, `Info`
 * with what the log measures.
 */
import { request as httpRequest } from 'node:http'
import { knownOptions, requireOption } from '../core/options.ts'
import { type Bytes, concatBytes, fromHex, toHex } from '../encoding/bytes.ts'
import { decodeJson, isJsonObject, type JsonObject } from '../encoding/json.ts'
import type { DstackServed } from '../dstack/appraise.ts'
import type { Attestation, AttestRequest } from '../gateway/options.ts'

/** What the agent said. */
export interface DstackParts {
  /** The quote. */
  readonly evidence: Uint8Array
  /** What `appraiseDstack` is given as `served`: event log, app-compose and certificates, as they are. */
  readonly served: DstackServed
  /** How the machine was set up, as JSON text; for verifiers that compute its image's registers. */
  readonly vmConfig?: string
}

/** Options of {@link dstackSource}. Unknown ones are a `TypeError`. */
export interface DstackSourceOptions {
  /** The agent's socket. Default `/var/run/dstack.sock`. */
  readonly socket?: string
  /**
   * What clients get beside the quote. Default: `served` alone. Add the quote's collateral from a
   * cache of yours: `({ evidence, served }) => ({ ...served, collateral: cached(evidence) })`.
   */
  readonly endorsements?: (parts: DstackParts) => unknown
}

/** Logs and compose files are some 100 KB. */
const maximumSize = 4_194_304
/** Without a byte for so long, the agent is taken for dead. */
const silenceMs = 30_000

/**
 * Evidence from dstack's guest agent, for `createGateway`. Report data answers the client's nonce
 * and vouches for the gateway's key: clients pass `binding: keyHashInReportData`, verify with
 * `verifyTdx`, and give the claims and what was served to `appraiseDstack`.
 * @example
 * ```ts
 * const gateway = createGateway({ origins, attest: dstackSource(), handler })
 * ```
 * @throws TypeError when an option is wrong. The source rejects with an `Error` when the agent
 *   cannot be reached or answers something else.
 */
export function dstackSource(options: DstackSourceOptions = {}): (request: AttestRequest) => Promise<Attestation> {
  const given = knownOptions<DstackSourceOptions>(options, ['socket', 'endorsements'])
  const { socket = '/var/run/dstack.sock', endorsements = ({ served }: DstackParts) => served } = given
  requireOption('socket', 'a path', typeof socket === 'string' && socket.startsWith('/'))
  requireOption('endorsements', 'a function', typeof endorsements === 'function')
  return async ({ reportData }) => {
    const quoted = await ask(socket, 'GetQuote', { report_data: toHex(reportData) })
    const info = await ask(socket, 'Info', {})
    const parts = partsOf(quoted, info)
    return { mediaType: 'application/octet-stream', evidence: parts.evidence, endorsements: await endorsements(parts) }
  }
}

function partsOf(quoted: JsonObject, info: JsonObject): DstackParts {
  const quote = textOf(quoted, 'GetQuote', 'quote')
  if (!/^(?:[0-9a-f]{2})+$/i.test(quote)) throw new Error('GetQuote: quote: expected hexadecimal digits')
  // An object, or the same as text: both are in use.
  const told = info['tcb_info']
  const tcb = typeof told === 'string' ? objectOf(told, 'tcb_info') : told
  if (!isJsonObject(tcb)) throw new Error('Info: tcb_info: expected an object')
  const certificate = info['app_cert']
  const config = quoted['vm_config'] ?? info['vm_config']
  return {
    evidence: fromHex(quote),
    served: {
      eventLog: textOf(quoted, 'GetQuote', 'event_log'),
      appCompose: textOf(tcb, 'Info: tcb_info', 'app_compose'),
      ...(typeof certificate === 'string' && certificate !== '' && { appCertificate: certificate }),
    },
    ...(typeof config === 'string' && config !== '' && { vmConfig: config }),
  }
}

function textOf(object: JsonObject, where: string, name: string): string {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  if (typeof value !== 'string' || value === '') throw new Error(`${where}: ${name}: expected text`)
  return value
}

function objectOf(text: string, name: string): JsonObject {
  const value = decodeJson(text, { name, code: 'report-json' })
  if (!isJsonObject(value)) throw new Error(`${name}: expected an object`)
  return value
}

/** One question over the socket. The answer is read whole, up to a limit. */
async function ask(socketPath: string, method: string, question: object): Promise<JsonObject> {
  const { status, body } = await post(socketPath, `/${method}`, JSON.stringify(question))
  if (status !== 200) throw new Error(`${method} at ${socketPath}: answered ${status}`)
  return objectOf(new TextDecoder('utf-8', { fatal: true }).decode(body), method)
}

function post(
  socketPath: string,
  path: string,
  text: string,
): Promise<{ readonly status: number; readonly body: Bytes }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(new Error(`${path.slice(1)} at ${socketPath} failed: is this a guest of dstack?`, { cause }))
    }
    const headers = { host: 'dstack', 'content-type': 'application/json', 'content-length': `${text.length}` }
    // A connection per question: one that was kept may be to an agent that has gone.
    const asking = httpRequest(
      { socketPath, path, method: 'POST', headers, agent: false, timeout: silenceMs },
      (response) => {
        const pieces: Uint8Array[] = []
        let length = 0
        response.on('data', (piece: Uint8Array) => {
          length += piece.length
          if (length > maximumSize) asking.destroy(new Error(`more than ${maximumSize} bytes`))
          else pieces.push(piece)
        })
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, body: concatBytes(...pieces) })
        })
        response.once('error', fail)
        response.once('aborted', () => {
          fail(new Error('the answer broke off'))
        })
      },
    )
    asking.once('timeout', () => asking.destroy(new Error(`no byte for ${silenceMs / 1000} seconds`)))
    asking.once('error', fail)
    asking.end(text)
  })
}
