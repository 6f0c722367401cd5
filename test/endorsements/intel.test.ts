/**
 * Fetching Intel's endorsements, from a service on loopback: what is asked for, what comes out, and
 * every answer that must be refused.
 */
import { refusalText } from '../support/refusal.ts'
import { afterEach, describe, expect, test } from 'vitest'
import {
  fetchIntelEndorsements,
  type IntelEndorsementsRequest,
  intelPcsUrl,
  intelRootCaCrlUrl,
} from '../../src/endorsements/intel.ts'
import { hex } from '../attester/bytes.ts'
import { findVectors } from '../support/vectors.ts'
import { makeChain, makeCrl } from '../x509/made.ts'
import { type Answer, type Reply, type Service, startService } from './intel-service.ts'

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(base64(der).match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`

const crl = await makeCrl()
const rootCrl = await makeCrl({ entries: [] })
const [root, , , leaf] = (await makeChain()).map(({ der }) => pem('CERTIFICATE', der))
const chain = `${leaf ?? ''}${root ?? ''}`
const encoded = encodeURIComponent(chain)

const tcbInfo = '{"tcbInfo":{"id":"TDX","version":3,"fmspc":"00806F050000"},"signature":"00"}'
const qeIdentity = '{"enclaveIdentity":{"id":"TD_QE"},"signature":"00"}'

const paths = {
  tcbInfo: '/tdx/certification/v4/tcb?fmspc=00806f050000',
  qeIdentity: '/tdx/certification/v4/qe/identity',
  pckCrl: '/sgx/certification/v4/pckcrl?ca=platform&encoding=der',
  rootCaCrl: '/sgx/certification/v4/rootcacrl',
} as const
type Item = keyof typeof paths

const sound: Readonly<Record<Item, Answer>> = {
  tcbInfo: { headers: { 'TCB-Info-Issuer-Chain': encoded }, body: tcbInfo },
  qeIdentity: { headers: { 'SGX-Enclave-Identity-Issuer-Chain': encoded }, body: qeIdentity },
  pckCrl: { body: crl },
  rootCaCrl: { body: hex(rootCrl) },
}
const expected = {
  tcbInfo,
  tcbInfoIssuerChain: chain,
  qeIdentity,
  qeIdentityIssuerChain: chain,
  pckCrl: base64(crl),
  rootCaCrl: base64(rootCrl),
}

const running: Service[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.close()))
})

/** A service that answers soundly, save for what `change` says. */
async function start(change: Partial<Record<Item, Reply>> = {}): Promise<Service> {
  const replies = Object.entries({ ...sound, ...change }).map(([item, reply]) => [paths[item as Item], reply] as const)
  const service = await startService(Object.fromEntries(replies))
  running.push(service)
  return service
}

const request = (baseUrl: string, change: Partial<IntelEndorsementsRequest> = {}): IntelEndorsementsRequest => ({
  fmspc: '00806f050000',
  ca: 'platform',
  tee: 'tdx',
  baseUrl,
  fetch: globalThis.fetch,
  ...change,
})

/** A fetch that answers without a network, and keeps what it was asked. */
function fakeFetch(asked: string[], answer: () => Response = () => new Response(null, { status: 404 })): typeof fetch {
  return (url) => {
    asked.push(url as string)
    return Promise.resolve(answer())
  }
}

describe('what comes out', () => {
  test('plain text that JSON gives back unchanged, every byte of documents as served', async () => {
    const { url, asked } = await start()
    const endorsements = await fetchIntelEndorsements(request(url))
    expect(endorsements).toEqual(expected)
    expect(JSON.parse(JSON.stringify(endorsements))).toEqual(endorsements)
    expect(Object.isFrozen(endorsements)).toBe(true)
    expect([...asked].sort()).toEqual(Object.values(paths).sort())
  })

  test('a byte order mark and white space are not taken away: a signature might cover them', async () => {
    const body = `\ufeff ${tcbInfo}\r\n`
    const { url } = await start({ tcbInfo: { ...sound.tcbInfo, body } })
    expect((await fetchIntelEndorsements(request(url))).tcbInfo).toBe(body)
  })

  test("the header of version 3 of the interface, under its own name, when the later one isn't there", async () => {
    const { url } = await start({ tcbInfo: { ...sound.tcbInfo, headers: { 'SGX-TCB-Info-Issuer-Chain': encoded } } })
    expect((await fetchIntelEndorsements(request(url))).tcbInfoIssuerChain).toBe(chain)
  })

  test.each<readonly [form: string, body: string | Uint8Array]>([
    ['DER', crl],
    ['PEM', pem('X509 CRL', crl)],
    ['hexadecimal', hex(crl)],
    ['hexadecimal in upper case with a line end', `${hex(crl).toUpperCase()}\r\n`],
  ])('a CRL as %s', async (_, body) => {
    const { url } = await start({ pckCrl: { body }, rootCaCrl: { body } })
    expect(await fetchIntelEndorsements(request(url))).toEqual({
      ...expected,
      pckCrl: base64(crl),
      rootCaCrl: base64(crl),
    })
  })

  test('documents as long as is allowed', async () => {
    const body = tcbInfo.padEnd(1 << 18)
    const { url } = await start({ tcbInfo: { ...sound.tcbInfo, body } })
    expect((await fetchIntelEndorsements(request(url))).tcbInfo).toBe(body)
  })
})

describe('what is asked for', () => {
  const asked = async (baseUrl: string, change: Partial<IntelEndorsementsRequest> = {}): Promise<string[]> => {
    const urls: string[] = []
    await fetchIntelEndorsements(request(baseUrl, { fetch: fakeFetch(urls), ...change })).catch(() => 0)
    return urls
  }
  const v4 = 'https://pccs.example/sgx/certification/v4'

  test("Intel's service, and the root's CRL where Intel publishes it", async () => {
    expect(await asked(intelPcsUrl, { tee: 'sgx', ca: 'processor', fmspc: '00906ED50000' })).toEqual([
      `${intelPcsUrl}/sgx/certification/v4/tcb?fmspc=00906ED50000`,
      `${intelPcsUrl}/sgx/certification/v4/qe/identity`,
      `${intelPcsUrl}/sgx/certification/v4/pckcrl?ca=processor&encoding=der`,
      intelRootCaCrlUrl,
    ])
  })

  test.each(['https://pccs.example', 'https://pccs.example/', v4, `${v4}/`])('a cache: %s', async (baseUrl) => {
    expect(await asked(baseUrl)).toEqual([
      'https://pccs.example/tdx/certification/v4/tcb?fmspc=00806f050000',
      'https://pccs.example/tdx/certification/v4/qe/identity',
      `${v4}/pckcrl?ca=platform&encoding=der`,
      `${v4}/rootcacrl`,
    ])
  })

  test('a cache below a path, and the root CRL from elsewhere', async () => {
    const [first, , , last] = await asked('https://example.com/intel/', {
      rootCaCrlUrl: 'https://example.com/root.crl',
    })
    expect(first).toBe('https://example.com/intel/tdx/certification/v4/tcb?fmspc=00806f050000')
    expect(last).toBe('https://example.com/root.crl')
  })

  test.each<readonly [selection: Partial<IntelEndorsementsRequest>, query: string]>([
    [{ update: 'early' }, 'update=early'],
    [{ update: 'standard' }, 'update=standard'],
    [{ tcbEvaluationDataNumber: 19 }, 'tcbEvaluationDataNumber=19'],
  ])('%o, of both documents that have it', async (selection, query) => {
    const [first, second, third] = await asked('https://pccs.example', selection)
    expect(first).toBe(`https://pccs.example/tdx/certification/v4/tcb?fmspc=00806f050000&${query}`)
    expect(second).toBe(`https://pccs.example/tdx/certification/v4/qe/identity?${query}`)
    expect(third).not.toContain(query)
  })

  test('fetch is called without an owner, and told not to follow redirects', async () => {
    const calls: unknown[] = []
    const fetch = function (this: unknown, _url: unknown, init: RequestInit): Promise<Response> {
      calls.push([this, init.redirect, Object.keys(init).sort()])
      return Promise.resolve(new Response(null, { status: 404 }))
    } as typeof globalThis.fetch
    await fetchIntelEndorsements(request('https://pccs.example', { fetch })).catch(() => 0)
    expect(calls).toEqual(Array.from({ length: 4 }, () => [undefined, 'manual', ['redirect', 'signal']]))
  })
})

describe('refused', () => {
  const items = Object.keys(paths) as Item[]

  test.each(items.flatMap((item) => [201, 204, 400, 404, 410, 500, 503].map((status) => [item, status] as const)))(
    '%s: status %i',
    async (item, status) => {
      const { url } = await start({ [item]: { ...sound[item], status } })
      expect(await refusalText(fetchIntelEndorsements(request(url)))).toBe(
        `endorsement-fetch: status of ${url}${paths[item]}: expected 200, found ${status}`,
      )
    },
  )

  test.each(items.flatMap((item) => [301, 302, 307].map((status) => [item, status] as const)))(
    '%s: redirect %i, which is not followed',
    async (item, status) => {
      const other = await start()
      const { url } = await start({ [item]: { status, headers: { location: other.url + paths[item] } } })
      expect(await refusalText(fetchIntelEndorsements(request(url)))).toContain('endorsement-fetch: status of ')
      expect(other.asked).toEqual([])
    },
  )

  test('a fetch that follows redirects although it was asked not to', async () => {
    const other = await start()
    const { url } = await start({ tcbInfo: { status: 302, headers: { location: other.url + paths.tcbInfo } } })
    const following = request(url, { fetch: (to, { signal }) => fetch(to, { signal }) })
    expect(await refusalText(fetchIntelEndorsements(following))).toBe(
      `endorsement-fetch: status of ${url}${paths.tcbInfo}: expected 200, found a redirect`,
    )
  })

  test.each<readonly [item: Item, maximum: number]>([
    ['tcbInfo', 1 << 18],
    ['qeIdentity', 1 << 18],
    ['pckCrl', 1 << 20],
    ['rootCaCrl', 1 << 20],
  ])('%s: one byte too long, announced or not', async (item, maximum) => {
    const body = new Uint8Array(maximum + 1).fill(0x20)
    const subject = (url: string): string =>
      `endorsement-fetch: size of ${url}${paths[item]}: expected at most ${maximum} bytes`
    const announced = await start({
      [item]: { ...sound[item], headers: { ...sound[item].headers, 'content-length': `${body.length}` }, body },
    })
    expect(await refusalText(fetchIntelEndorsements(request(announced.url)))).toBe(
      `${subject(announced.url)}, found ${maximum + 1}`,
    )
    const chunked = await start({
      [item]: (_request: unknown, response: import('node:http').ServerResponse) => {
        response.writeHead(200, sound[item].headers)
        response.write(body.subarray(0, 1000))
        response.end(body.subarray(1000))
      },
    })
    expect(await refusalText(fetchIntelEndorsements(request(chunked.url)))).toBe(`${subject(chunked.url)}, found more`)
  })

  test('an endless body', async () => {
    const { url } = await start({
      qeIdentity: (_request, response) => {
        response.writeHead(200, sound.qeIdentity.headers)
        const more = (): void => {
          while (!response.destroyed && response.write(new Uint8Array(65_536)));
          if (!response.destroyed) response.once('drain', more)
        }
        more()
      },
    })
    expect(await refusalText(fetchIntelEndorsements(request(url)))).toContain(
      'expected at most 262144 bytes, found more',
    )
  })

  test('a body that breaks off', async () => {
    const { url } = await start({
      tcbInfo: (_request, response) => {
        response.writeHead(200, { ...sound.tcbInfo.headers, 'content-length': '1000' })
        response.write('{')
        setImmediate(() => response.destroy())
      },
    })
    expect(await refusalText(fetchIntelEndorsements(request(url)))).toContain(
      `endorsement-fetch: request to ${url}${paths.tcbInfo}: expected an answer, found `,
    )
  })

  test('no service, and the cause is kept', async () => {
    const { url, close } = await start()
    await close()
    const error: unknown = await fetchIntelEndorsements(request(url)).catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'VerificationError', code: 'endorsement-fetch' })
    expect((error as Error).message).toContain('expected an answer, found fetch failed')
    expect((error as Error).cause).toBeInstanceOf(TypeError)
  })

  test('a fetch that throws, or rejects with something odd', async () => {
    const odd: readonly (() => Promise<Response>)[] = [
      () => {
        throw new Error('odd')
      },
      () => Promise.reject(new Error('odd')),
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the oddity under test
      () => Promise.reject('odd'),
    ]
    for (const fetch of odd)
      expect(await refusalText(fetchIntelEndorsements(request('https://pccs.example', { fetch })))).toContain(
        'expected an answer, found odd',
      )
  })

  const headers = { tcbInfo: 'TCB-Info-Issuer-Chain', qeIdentity: 'SGX-Enclave-Identity-Issuer-Chain' } as const
  const inHeader = (['tcbInfo', 'qeIdentity'] as const).flatMap((item) =>
    (
      [
        ['no chain', undefined, 'missing, or not named in Access-Control-Expose-Headers'],
        ['an empty chain', '', 'no PEM block labelled CERTIFICATE'],
        ['a chain that is not percent-encoded', '%', 'not percent-encoded'],
        ['one certificate', encodeURIComponent(root ?? ''), 'expected 2 certificates, found 1'],
        ['three certificates', encodeURIComponent(`${chain}${root ?? ''}`), 'expected 2 certificates, found 3'],
        ['something else in PEM', encodeURIComponent(pem('X509 CRL', crl)), 'PEM block is labelled "X509 CRL"'],
        ['PEM that is cut off', encodeURIComponent(chain.slice(0, -20)), 'PEM'],
      ] as const
    ).map(([rule, value, message]) => [item, rule, value, message] as const),
  )
  test.each(inHeader)('%s: %s in the header', async (item, _, value, message) => {
    const { url } = await start({
      [item]: { ...sound[item], headers: value === undefined ? {} : { [headers[item]]: value } },
    })
    const refusal = await refusalText(fetchIntelEndorsements(request(url)))
    expect(refusal).toContain(`endorsement-format: header ${headers[item]} of ${url}${paths[item]}: `)
    expect(refusal).toContain(message)
  })

  test.each(['tcbInfo', 'qeIdentity'] as const)('%s: invalid UTF-8', async (item) => {
    const { url } = await start({ [item]: { ...sound[item], body: Uint8Array.of(0x7b, 0xff) } })
    expect(await refusalText(fetchIntelEndorsements(request(url)))).toMatch(/^endorsement-format: .*: invalid UTF-8$/)
  })

  test.each(
    (['pckCrl', 'rootCaCrl'] as const).flatMap((item) =>
      (
        [
          ['nothing', '', 'endorsement-format: ', 'is neither DER nor PEM nor hexadecimal'],
          ['a page', '<html>', 'endorsement-format: ', 'is neither DER nor PEM nor hexadecimal'],
          ['half a digit', hex(crl).slice(0, -1), 'endorsement-format: ', 'is neither DER nor PEM nor hexadecimal'],
          ['two CRLs', pem('X509 CRL', crl).repeat(2), 'endorsement-format: ', 'must be one CRL'],
          ['a certificate', pem('CERTIFICATE', crl), 'endorsement-format: ', 'PEM block is labelled "CERTIFICATE"'],
          ['DER that is cut off', crl.subarray(0, -1), 'crl-parse: ', 'CRL of http'],
          ['hexadecimal that is cut off', hex(crl).slice(0, -2), 'crl-parse: ', 'CRL of http'],
          ['something left over', `${hex(crl)}00`, 'crl-parse: ', 'CRL of http'],
        ] as const
      ).map(([rule, body, code, message]) => [item, rule, body, code, message] as const),
    ),
  )('%s: %s', async (item, _, body, code, message) => {
    const { url } = await start({ [item]: { body } })
    const refusal = await refusalText(fetchIntelEndorsements(request(url)))
    expect(refusal).toContain(code)
    expect(refusal).toContain(message)
  })
})

describe('aborted', () => {
  /** A service that begins to answer and never ends; `answering` resolves when it has begun. */
  async function startSlow(): Promise<Service & { readonly answering: Promise<void> }> {
    let begun = (): void => undefined
    const answering = new Promise<void>((resolve) => {
      begun = resolve
    })
    const service = await start({
      tcbInfo: (_request, response) => {
        response.writeHead(200, sound.tcbInfo.headers)
        response.write('{', () => {
          begun()
        })
      },
    })
    return { ...service, answering }
  }

  test('while a slow body comes in: ends with the reason of the signal', async () => {
    const { url, answering } = await startSlow()
    const controller = new AbortController()
    const pending = fetchIntelEndorsements(request(url, { signal: controller.signal }))
    const reason = new Error('too slow')
    await answering
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
  })

  test('although fetch takes no notice of the signal', async () => {
    const { url, answering } = await startSlow()
    const controller = new AbortController()
    const deaf = request(url, { signal: controller.signal, fetch: (to) => fetch(to) })
    const pending = fetchIntelEndorsements(deaf)
    await answering
    controller.abort()
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('although fetch never answers', async () => {
    const controller = new AbortController()
    const mute = request('https://pccs.example', {
      signal: controller.signal,
      fetch: () => new Promise<never>(() => undefined),
    })
    const pending = fetchIntelEndorsements(mute)
    controller.abort()
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('before it began: nothing is asked', async () => {
    const asked: string[] = []
    const signal = AbortSignal.abort()
    const outcome = fetchIntelEndorsements(request('https://pccs.example', { signal, fetch: fakeFetch(asked) }))
    await expect(outcome).rejects.toMatchObject({ name: 'AbortError' })
    expect(asked).toEqual([])
  })

  test('when one answer is refused, the others are not waited for', async () => {
    const { url, answering } = await startSlow()
    const signals: AbortSignal[] = []
    const outcome = fetchIntelEndorsements(
      request(url, {
        fetch: async (to, init) => {
          signals.push(init.signal)
          if (!to.includes('identity')) return fetch(to, init)
          await answering
          return new Response(null, { status: 500 })
        },
      }),
    )
    expect(await refusalText(outcome)).toContain('expected 200, found 500')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true, true])
  })
})

describe("a caller's mistake", () => {
  const valid = request('https://pccs.example')
  test.each<readonly [rule: string, request: unknown, message: string]>([
    ['nothing', undefined, 'options must be a plain object'],
    ['an unknown option', { ...valid, fmpsc: '' }, 'option "fmpsc" must be one of fmspc, ca, tee'],
    ['no FMSPC', { ...valid, fmspc: undefined }, 'fmspc must be 12 hexadecimal digits'],
    ['a short FMSPC', { ...valid, fmspc: '00806f0500' }, 'fmspc must be 12 hexadecimal digits'],
    ['an FMSPC that changes the URL', { ...valid, fmspc: '00806f0500&a=' }, 'fmspc must be 12 hexadecimal digits'],
    ['an unknown CA', { ...valid, ca: 'root' }, 'ca must be platform or processor'],
    ['an unknown TEE', { ...valid, tee: 'snp' }, 'tee must be sgx or tdx'],
    ['no fetch', { ...valid, fetch: undefined }, 'fetch must be a function'],
    ['an unknown update', { ...valid, update: 'late' }, 'update must be standard or early'],
    ['a number that is none', { ...valid, tcbEvaluationDataNumber: 0 }, 'tcbEvaluationDataNumber must be a positive'],
    [
      'a number and an update, which Intel refuses',
      { ...valid, tcbEvaluationDataNumber: 19, update: 'early' },
      'tcbEvaluationDataNumber must be a positive integer, and without update',
    ],
    ['no URL', { ...valid, baseUrl: 'pccs.example' }, 'baseUrl must be an http(s) URL without query'],
    ['a URL of a file', { ...valid, baseUrl: 'file:///pccs' }, 'baseUrl must be an http(s) URL without query'],
    [
      'a URL with a query',
      { ...valid, baseUrl: 'https://a.example/?b' },
      'baseUrl must be an http(s) URL without query',
    ],
    ['a URL with a fragment', { ...valid, baseUrl: 'https://a.example/#b' }, 'baseUrl must be an http(s) URL'],
    ['a URL with a password', { ...valid, baseUrl: 'https://a:b@c.example' }, 'baseUrl must be an http(s) URL'],
    ['no URL of the root CRL', { ...valid, rootCaCrlUrl: '' }, 'rootCaCrlUrl must be an http(s) URL'],
    ['no signal', { ...valid, signal: {} }, 'signal must be an AbortSignal'],
  ])('%s', async (_, wrong, message) => {
    const error: unknown = await fetchIntelEndorsements(wrong as never).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(message)
  })
})

const vectors = findVectors('intel')

describe.skipIf(!vectors.found)(vectors.found ? 'vectors' : vectors.skipLine, () => {
  const read = vectors.found ? vectors.read : (): Uint8Array<ArrayBuffer> => new Uint8Array()
  const text = (file: string): string => new TextDecoder().decode(read(file))
  const files = {
    tcbInfo: 'collateral/tcb-info/tdx-v3-00806f050000-2026-06-30-eval19-6a6788.json',
    qeIdentity: 'collateral/qe-identity/td-qe-2026-06-08-eval19-ebacf9.json',
    pckCrl: 'collateral/crl/pck-platform-2026-06-08-908d97.der',
    rootCaCrl: 'collateral/crl/root-2026-02-26-c114be.der',
  }

  test("Intel's documents, and the header exactly as Intel sends it", async () => {
    const header = text('chains/sgx-enclave-identity-issuer-chain.header.txt').trim()
    const { url } = await start({
      tcbInfo: { headers: { 'TCB-Info-Issuer-Chain': header }, body: read(files.tcbInfo) },
      qeIdentity: { headers: { 'SGX-Enclave-Identity-Issuer-Chain': header }, body: read(files.qeIdentity) },
      pckCrl: { body: read(files.pckCrl) },
      rootCaCrl: { body: hex(read(files.rootCaCrl)) },
    })
    const endorsements = await fetchIntelEndorsements(request(url))
    expect(endorsements).toMatchObject({
      tcbInfo: text(files.tcbInfo),
      qeIdentity: text(files.qeIdentity),
      pckCrl: base64(read(files.pckCrl)),
      rootCaCrl: base64(read(files.rootCaCrl)),
    })
    expect(endorsements.tcbInfoIssuerChain.trim()).toBe(text('chains/tcb-signing-2025-2032.pem').trim())
  })
})
