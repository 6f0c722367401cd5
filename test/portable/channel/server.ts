/**
 * An enclave's server on the loopback interface, with an app, and beside it what a test has to know
 * and to do: what came in, and new keys. A browser gets its page from here too, under a policy that
 * lets it do next to nothing.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGateway } from '../../../src/gateway/index.ts'
import { createFakeClock } from '../../gateway/fake-clock.ts'
import { type FetchHandler, type Loopback, serveLoopback } from '../../gateway/loopback.ts'
import { awaitReport } from '../../support/page-report.ts'
import type { Bundle } from '../bundle.ts'
import type { PageReport } from '../entries/page.ts'
import { pattern, utf8 } from './bytes.ts'
import { createDevice, type Device } from './device.ts'
import type { Enclave, NetworkInput } from './model.ts'
import { paths, secret } from './world.ts'

/** Nothing from elsewhere, nothing inline, no `eval`, and no text that becomes a script. */
export const strictPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

export interface EnclaveServer extends Loopback {
  /** Of what a page posted. */
  readonly report: Promise<PageReport>
  /** What the suite is given. */
  readonly input: NetworkInput
  /** Whether the secret of a body was seen on any connection, as it is. */
  readonly leaked: () => boolean
}

export async function serveEnclave(enclave: Enclave, bundle: Bundle): Promise<EnclaveServer> {
  const device = await createDevice(enclave, () => Date.now())
  const root = enclave.certificates[0] as string
  const { report, deliver, fail } = awaitReport<PageReport>()
  let seen: Buffer[] = []
  let isLeaked = false

  function handlerFor(origin: string): FetchHandler {
    const { gateway, rotate, arrived } = createEnclaveHandler(device, origin)
    const scripts = new Set([bundle.page, ...bundle.chunks].map((file) => `/${file}`))
    const input: NetworkInput = { origin, root }
    return async (request) => {
      const { pathname } = new URL(request.url)
      switch (`${request.method} ${pathname}`) {
        case 'POST /control/rotate':
          rotate()
          return new Response('')
        case 'POST /control/arrived':
          // Not later: what a page reports is in the clear, and so are the bodies that it tells of.
          isLeaked ||= Buffer.concat(seen).includes(secret)
          seen = []
          return Response.json(arrived.splice(0))
        case 'POST /report':
          deliver((await request.json()) as PageReport)
          return new Response('')
        case 'POST /error':
          fail(new Error(`the page failed: ${String(await request.json())}`))
          return new Response('')
        case 'GET /':
          return file(
            'text/html',
            `<!doctype html><title>veritee</title><script type="module" src="/${bundle.page}"></script>`,
          )
        case 'GET /corpus.json':
          return file('application/json', JSON.stringify(input))
      }
      if (scripts.has(pathname)) return file('text/javascript', await readFile(join(bundle.folder, pathname), 'utf8'))
      if (pathname === '/favicon.ico') return new Response(null, { status: 404 })
      return gateway(request)
    }
  }

  const server = await serveLoopback(handlerFor, {
    onConnection: (socket) => void socket.prependListener('data', (data: Buffer) => seen.push(data)),
  })
  return {
    ...server,
    report,
    input: { origin: server.origin, root },
    leaked: () => isLeaked,
  }
}

interface EnclaveHandler {
  readonly gateway: FetchHandler
  /** Lets every key grow too old to be used. */
  readonly rotate: () => void
  /** Method and path of what came in, and whether it was sealed. */
  readonly arrived: string[]
}

/** A gateway with an app, and two addresses that lead elsewhere. */
export function createEnclaveHandler(device: Device, origin: string): EnclaveHandler {
  const clock = createFakeClock()
  const arrived: string[] = []
  // Keys grow old when a test says so. The time of day is the real one: clients date their
  // requests.
  const both = { ...clock, wall: () => Date.now() }
  const gateway = createGateway({ origins: origin, attest: device.attest, handler: createApp(), clock: both })
  return {
    arrived,
    rotate: () => {
      clock.advance(24 * 3600 * 1000)
    },
    gateway: (request) => {
      const { pathname } = new URL(request.url)
      arrived.push(`${request.method} ${pathname} ${request.headers.get('content-type') ?? ''}`.trim())
      if (!pathname.startsWith('/moved/')) return gateway(request)
      const location = pathname.endsWith('/evidence') ? paths.evidence : paths.data
      return new Response(null, { status: pathname.includes('302') ? 302 : 307, headers: { location } })
    },
  }
}

/** What is in the enclave. */
function createApp(): (request: Request) => Promise<Response> {
  let release = (): void => undefined
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (const text of ['one ', 'two ', 'three']) {
      const released = new Promise<void>((resolve) => (release = resolve))
      yield utf8(text)
      await released
    }
  }
  return async (request) => {
    const { pathname } = new URL(request.url)
    switch (pathname) {
      case '/sum': {
        const body = new Uint8Array(await request.arrayBuffer())
        return new Response(`${body.length} ${createHash('sha256').update(body).digest('hex')}`)
      }
      case '/mebibyte':
        return new Response(pattern(1_048_576))
      case '/pieces': {
        const made = pieces()
        return new Response(
          new ReadableStream<Uint8Array>(
            {
              async pull(controller) {
                const next = await made.next()
                if (next.done === true) controller.close()
                else controller.enqueue(next.value)
              },
            },
            { highWaterMark: 0 },
          ),
        )
      }
      case '/next':
        release()
        return new Response('')
      case '/moved-here':
      case '/moved-away': {
        const location = pathname === '/moved-here' ? '/pay' : 'https://elsewhere.example/'
        return new Response('', { status: 307, headers: { location } })
      }
      case '/pretend':
        return Response.json(
          { code: 'client-transport' },
          { status: 503, headers: { 'veritee-gate': 'client-transport' } },
        )
      case '/missing':
        return new Response('no such card', { status: 404, headers: { 'x-app': 'yes' } })
      default:
        return new Response(`${request.method} ${await request.text()}`)
    }
  }
}

function file(type: string, text: string): Response {
  return new Response(text, {
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': strictPolicy,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  })
}
