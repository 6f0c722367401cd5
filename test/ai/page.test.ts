/**
 * A page that talks to a provider through a relay that it does not trust, in three browsers: with
 * OpenAI's own client, streams, and under a policy that lets it reach nothing but the relay. A
 * refusal surfaces as itself, once; a stream that breaks off never looks finished; after an attack
 * not one sealed byte has left.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { concat, hex } from '../attester/bytes.ts'
import { composeOf } from '../attester/dstack.ts'
import {
  createProvider,
  ed25519,
  type FakeProvider,
  providerOrigin,
  type ReportPlan,
  signWith,
  soundProfile,
} from '../attester/provider.ts'
import { serveLoopback } from '../gateway/loopback.ts'
import { browsers, type Visit } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { within } from '../portable/programs.ts'
import { awaitReport, bundleScript } from '../support/page-report.ts'
import type { Report, Row, Settings } from './page/model.ts'
import { openAiSpeech, prompt, words } from './wire.ts'

/** What the relay makes of a report, and of a sealed answer. */
interface Relay {
  readonly plan?: (asked: string) => ReportPlan | Promise<ReportPlan>
  readonly answer?: (response: Response) => Response | Promise<Response>
  /** What the page must be told. */
  readonly code: string
  readonly words: readonly string[]
  /** How many sealed requests must have arrived. */
  readonly sealed: 0 | 1
}

const zeros = new Uint8Array(32)
let provider: FakeProvider
let script: string

const relays: Readonly<Record<string, Relay>> = {
  honest: { code: 'none', words, sealed: 1 },
  'stale-report': {
    plan: (asked) => ({
      nonce: zeros,
      report: (report) => ({ ...report, gateway: { ...report.gateway, nonce: asked } }),
    }),
    code: 'policy-report-data',
    words: [],
    sealed: 0,
  },
  'relayed-quote': {
    plan: async () => {
      const own = await ed25519()
      const signature = hex(await signWith(own, provider.config))
      return {
        report: (report) => ({
          ...report,
          gateway: { ...report.gateway, signing_key: hex(own.bytes) },
          signature,
        }),
      }
    },
    code: 'policy-report-data',
    words: [],
    sealed: 0,
  },
  'swapped-config': {
    plan: () => ({ report: (report) => ({ ...report, config: hex(concat([9], provider.config.subarray(1))) }) }),
    code: 'report-key',
    words: [],
    sealed: 0,
  },
  'other-compose': {
    plan: () => ({ dstack: { appCompose: composeOf('other/app:1') } }),
    code: 'policy-compose',
    words: [],
    sealed: 0,
  },
  'other-gpus': { plan: () => ({ gpuNonce: zeros }), code: 'policy-gpu', words: [], sealed: 0 },
  'in-the-clear': {
    answer: () => new Response(openAiSpeech.event('Trust me.'), { headers: { 'content-type': 'text/event-stream' } }),
    code: 'client-response',
    words: [],
    sealed: 1,
  },
  'cut-off': {
    // All words are through, and the end is not.
    answer: async (response) =>
      new Response(new Uint8Array(await response.arrayBuffer()).subarray(0, -1), { headers: response.headers }),
    code: 'ohttp-incomplete',
    words,
    sealed: 1,
  },
}

interface Arrived {
  readonly kind: 'report' | 'sealed'
  readonly attack: string
  readonly bytes: Buffer
}

interface Seen extends Report {
  readonly arrived: readonly Arrived[]
  readonly opened: number
}

beforeAll(async () => {
  provider = await createProvider(new Date())
  script = await bundleScript(new URL('page/script.ts', import.meta.url))
})

/** Serves the page from one origin and the relay from another, and waits for the report. */
async function look(visit: Visit, wait: <T>(report: Promise<T>) => Promise<T>): Promise<Seen> {
  const arrived: Arrived[] = []
  let release = (): void => undefined
  let isHeld = true
  provider.opened.length = 0
  provider.answer = () => {
    async function* pieces(): AsyncGenerator<string> {
      for (const [i, word] of words.entries()) {
        const released = new Promise<void>((resolve) => (release = resolve))
        yield openAiSpeech.event(word)
        if (isHeld && i < words.length - 1) await released
      }
      yield* openAiSpeech.after
    }
    return { headers: { 'content-type': 'text/event-stream' }, pieces: pieces() }
  }

  const { report, deliver, fail } = awaitReport<Report>()
  const relay = await serveLoopback(() => async (request) => {
    if (request.method === 'OPTIONS') return open(new Response(null))
    const url = new URL(request.url)
    const attack = url.pathname.split('/').at(-1) ?? ''
    const { plan, answer } = relays[attack] as Relay
    const kind = request.method === 'GET' ? 'report' : 'sealed'
    const bytes = Buffer.from(await request.arrayBuffer())
    arrived.push({ kind, attack, bytes })
    if (kind === 'report') {
      const asked = url.searchParams.get('nonce') ?? ''
      const own = await plan?.(asked)
      const far = (whole: Record<string, Record<string, unknown>>): unknown =>
        own?.report?.({ ...whole, not_after: 253_402_300_799 as never }) ?? { ...whole, not_after: 253_402_300_799 }
      return open(new Response(await provider.report(Buffer.from(asked, 'hex'), { ...own, report: far })))
    }
    // A relay that reads an answer to its end before it cuts it gives no word meanwhile.
    isHeld = answer === undefined
    const response = await provider.respond(
      new Request(`${providerOrigin}/ohttp`, { method: 'POST', body: new Uint8Array(bytes) }),
    )
    return open((await answer?.(response)) ?? response)
  })
  const settings: Settings = {
    relay: relay.origin,
    profile: soundProfile,
    root: Buffer.from(provider.attester.root).toString('base64'),
    endorsements: await provider.attester.endorsements(),
    accept: (await provider.guest()).accept,
    attacks: Object.keys(relays),
    prompt,
  }
  const policy = `default-src 'none'; script-src 'self'; connect-src 'self' ${relay.origin}; base-uri 'none'; form-action 'none'`
  const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/': ['text/html', '<!doctype html><title>veritee</title><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', script],
    '/settings.json': ['application/json', JSON.stringify(settings)],
  }
  const site = await serveLoopback(() => async (request) => {
    const { pathname } = new URL(request.url)
    if (request.method === 'POST') {
      if (pathname === '/report') deliver((await request.json()) as Report)
      else if (pathname === '/next') release()
      else fail(new Error(`the page failed: ${String(await request.json())}`))
      return new Response('')
    }
    const file = files[pathname]
    if (file === undefined) return new Response(null, { status: 404 })
    const [type, text] = file
    return new Response(text, {
      headers: { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': policy },
    })
  })
  try {
    await visit(`${site.origin}/`)
    return { ...(await wait(report)), arrived, opened: provider.opened.length }
  } finally {
    await Promise.all([site.close(), relay.close()])
  }
}

/** To any page: it has nothing that a page may not see. */
function open(response: Response): Response {
  const headers = new Headers(response.headers)
  headers.set('access-control-allow-origin', '*')
  headers.set('access-control-allow-headers', 'authorization, content-type')
  return new Response(response.body, { status: response.status, headers })
}

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
const missing = here.filter(({ program }) => program === undefined)
if (missing.length > 0)
  console.log(`page of a model: not on this machine: ${missing.map(({ name }) => name).join(', ')}`)

describe.each(here)('$name', ({ name, program, use, patienceMs }) => {
  const isSkipped = program === undefined && !isMissingAnError
  let seen: Seen
  const rowOf = (attack: string): Row | undefined => seen.rows.find((row) => row.attack === attack)
  const arrivedOf = (attack: string, kind: Arrived['kind']): readonly Arrived[] =>
    seen.arrived.filter((one) => one.attack === attack && one.kind === kind)

  beforeAll(async () => {
    if (isSkipped) return
    if (program === undefined) throw new Error(`${name} is not on this machine`)
    const folder = await makeFolder()
    try {
      seen = await use(program, folder, (visit) => look(visit, (report) => within(patienceMs, 'the page', report)))
    } finally {
      await removeFolder(folder)
    }
  })

  test.skipIf(isSkipped)('tokens as they come: each before the next is made', () => {
    expect(rowOf('honest')).toMatchObject({ words, finished: true, error: 'none' })
  })

  const attacks = Object.entries(relays).filter(([attack]) => attack !== 'honest')
  test.skipIf(isSkipped).each(attacks)('%s', (attack, relay) => {
    const row = rowOf(attack)
    expect(row).toMatchObject({ error: relay.code, words: relay.words, finished: false, isInside: true })
    // What is refused before anything was sent is thrown as it is.
    if (relay.sealed === 0) expect(row?.isItself).toBe(true)
    expect(arrivedOf(attack, 'report')).toHaveLength(1)
    expect(arrivedOf(attack, 'sealed')).toHaveLength(relay.sealed)
  })

  test.skipIf(isSkipped)(
    'the relay saw no prompt, no key and no answer, and the machine opened what was meant for it',
    () => {
      for (const { bytes } of seen.arrived)
        for (const secret of [prompt, 'sk-caller', 'completions', words[0] as string])
          expect(bytes.includes(secret)).toBe(false)
      expect(seen.opened).toBe(3)
    },
  )

  test.skipIf(isSkipped)('the policy of the page is in force, and is not violated', () => {
    expect(seen.violations).toEqual([])
    expect(seen.provoked).toBe('connect-src')
  })
})
