/**
 * The page's end of a gate, with a container of the test's own; browsers are asked in
 * test/portable.
 */
import { describe, expect, test, vi } from 'vitest'
import { installGate } from '../../src/gate/index.ts'
import { type GateRegistration, installIn } from '../../src/gate/install.ts'
import { watchIn } from '../../src/gate/watch.ts'
import { VerificationError } from '../../src/core/errors.ts'
import { settle } from '../client/world.ts'
import { fakeWorker, FakePage, name, pageOrigin } from './scope.ts'

const options: GateRegistration = { name, policyVersion: 7 }

/** Its class, code and message, or `installed`. */
async function outcomeOf(work: Promise<void>): Promise<readonly (string | undefined)[]> {
  try {
    await work
    return ['installed']
  } catch (error) {
    if (error instanceof VerificationError) return ['VerificationError', error.code, error.message]
    if (error instanceof TypeError) return ['TypeError', undefined, error.message]
    throw error
  }
}

describe('H02 installGate vouches for the newest worker with the policy of the page, or throws', () => {
  test('the first visit: installed, activated, in control, asked', async () => {
    const page = new FakePage()
    const worker = page.worker('installing')
    page.registration.installing = worker
    const installed = outcomeOf(installIn(page, '/gate.js', { ...options, scope: '/app/', type: 'module' }))
    await settle()
    expect(worker.asked).toEqual([])
    Object.assign(page.registration, { installing: null, active: worker })
    page.change(worker, 'activating')
    page.workers.controller = worker
    page.fire('controllerchange')
    expect(worker.asked).toEqual([])
    page.change(worker, 'activated')
    expect(await installed).toEqual(['installed'])
    expect(worker.asked).toEqual(['veritee-gate'])
    expect(page.registered).toEqual(['/gate.js', { scope: '/app/', type: 'module', updateViaCache: 'none' }])
    expect(page.timers).toEqual([])
    expect(page.listeners.every(({ signal }) => signal.aborted)).toBe(true)
  })

  test('a page that was reloaded past its workers is claimed', async () => {
    const page = new FakePage()
    const worker = page.worker('activated')
    page.registration.active = worker
    const installed = outcomeOf(installIn(page, '/gate.js', options))
    await settle()
    // It answers before the page knows who controls it: that is not enough.
    expect(worker.asked).toEqual(['veritee-gate'])
    page.workers.controller = worker
    page.fire('controllerchange')
    expect(await installed).toEqual(['installed'])
  })

  test('an old worker in control does not vouch while a newer one installs', async () => {
    const page = new FakePage()
    const [older, newer] = [page.worker('activated', { policyVersion: 7 }), page.worker('installing')]
    Object.assign(page.registration, {
      active: older,
      update: () => Promise.resolve(void (page.registration.installing = newer)),
    })
    page.workers.controller = older
    const installed = outcomeOf(installIn(page, '/gate.js', options))
    await settle()
    page.fire('message', {
      data: { 'veritee-gate': { of: 'session', state: 'idle', policyVersion: 7, name } },
      source: older,
    })
    expect(older.asked).toEqual([])
    Object.assign(page.registration, { installing: null, active: newer })
    page.workers.controller = newer
    page.change(newer, 'activated')
    expect(await installed).toEqual(['installed'])
    expect([older.asked.length, newer.asked.length]).toEqual([0, 1])
  })

  test('a newer worker that does not install: refused, whatever the old one says', async () => {
    const page = new FakePage()
    const [older, newer] = [page.worker('activated'), page.worker('installing')]
    Object.assign(page.registration, {
      active: older,
      update: () => Promise.resolve(void (page.registration.installing = newer)),
    })
    page.workers.controller = older
    const installed = outcomeOf(installIn(page, '/gate.js', options))
    await settle()
    page.registration.installing = null
    page.change(newer, 'redundant')
    expect(await installed).toEqual([
      'VerificationError',
      'gate-install',
      'the newest worker of the gate does not install',
    ])
  })

  test('a first worker that does not install', async () => {
    const page = new FakePage()
    const worker = page.worker('installing')
    page.registration.installing = worker
    const installed = outcomeOf(installIn(page, '/gate.js', options))
    await settle()
    page.registration.installing = null
    page.change(worker, 'redundant')
    expect((await installed)[1]).toBe('gate-install')
  })

  test('a network that blocks the script cannot keep an old policy: the update fails, and so does the gate', async () => {
    const page = new FakePage()
    const worker = page.worker('activated')
    page.registration.active = worker
    page.workers.controller = worker
    const cause = new TypeError('Failed to fetch')
    page.registration.update = () => Promise.reject(cause)
    const installed = installIn(page, '/gate.js', options)
    await expect(installed).rejects.toMatchObject({ cause })
    expect(await outcomeOf(installed)).toEqual([
      'VerificationError',
      'gate-install',
      'the newest worker of the gate cannot be had: TypeError: Failed to fetch',
    ])
    expect(worker.asked).toEqual([])
  })

  test('a script that cannot be registered', async () => {
    const page = new FakePage()
    page.workers.register = () => Promise.reject(new DOMException('bad MIME type', 'SecurityError'))
    expect(await outcomeOf(installIn(page, '/gate.js', options))).toEqual([
      'VerificationError',
      'gate-install',
      'the newest worker of the gate cannot be had: SecurityError: bad MIME type',
    ])
  })

  test.each<[what: string, news: object, code: string, message: string]>([
    [
      'an older policy',
      { policyVersion: 6 },
      'gate-policy',
      `policy of the gate: expected 7 of ${name}, found 6 of ${name}`,
    ],
    [
      'a newer policy',
      { policyVersion: 8 },
      'gate-policy',
      `policy of the gate: expected 7 of ${name}, found 8 of ${name}`,
    ],
    [
      'another name',
      { name: 'https://other.invalid' },
      'gate-policy',
      `policy of the gate: expected 7 of ${name}, found 7 of https://other.invalid`,
    ],
    ['an expired policy', { code: 'gate-expired' }, 'gate-expired', 'the policy of the gate has expired'],
  ])('%s is refused', async (_what, news, code, message) => {
    const page = new FakePage()
    const worker = page.worker('activated', news)
    page.registration.active = worker
    page.workers.controller = worker
    expect(await outcomeOf(installIn(page, '/gate.js', options))).toEqual(['VerificationError', code, message])
  })

  test('a scope that does not cover the page says so, at once', async () => {
    const page = new FakePage()
    page.registration.scope = `${pageOrigin}/elsewhere/`
    page.registration.installing = page.worker('installing')
    expect(await outcomeOf(installIn(page, '/elsewhere/gate.js', options))).toEqual([
      'TypeError',
      undefined,
      'the worker covers https://shop.example/elsewhere/, and not this page, https://shop.example/app/index.html: move its script, or give it a scope',
    ])
    expect(page.timers).toEqual([])
  })

  test.each<[what: string, spoil: (page: FakePage) => void, waitsFor: string]>([
    [
      'a registration that never ends',
      (page) => (page.workers.register = () => new Promise(() => undefined)),
      'the registration of the worker',
    ],
    [
      'an update that never ends',
      (page) => (page.registration.update = () => new Promise(() => undefined)),
      'the update of the worker',
    ],
    [
      'a worker that never activates',
      (page) => (page.registration.active = page.worker('activating')),
      'the newest worker to take control of this page and say its policy',
    ],
    [
      'a worker that never takes control',
      (page) => (page.workers.controller = null),
      'the newest worker to take control of this page and say its policy',
    ],
    [
      'a worker that never says its policy',
      (page) => (page.workers.controller = page.registration.active = fakeWorker('activated')),
      'the newest worker to take control of this page and say its policy',
    ],
    [
      'a worker that says something else',
      (page) =>
        (page.workers.controller = page.registration.active =
          fakeWorker('activated', (source) => {
            for (const data of ['hello', null, { 'veritee-gate': undefined }]) page.fire('message', { data, source })
          })),
      'the newest worker to take control of this page and say its policy',
    ],
    [
      'another worker that answers in its place',
      (page) =>
        (page.workers.controller = page.registration.active =
          fakeWorker('activated', () => {
            const news = { of: 'session', state: 'idle', policyVersion: 7, name }
            page.fire('message', { data: { 'veritee-gate': news }, source: fakeWorker('activated') })
          })),
      'the newest worker to take control of this page and say its policy',
    ],
  ])('%s: an error that says what was waited for, in time', async (_what, spoil, waitsFor) => {
    const page = new FakePage()
    const worker = page.worker('activated')
    page.registration.active = worker
    page.workers.controller = worker
    spoil(page)
    const installed = outcomeOf(installIn(page, '/gate.js', { ...options, installSeconds: 4 }))
    await settle()
    expect(page.timers.map(({ milliseconds }) => milliseconds)).toEqual([4000])
    page.timers[0]?.act()
    expect(await installed).toEqual(['VerificationError', 'gate-timeout', `waited 4 s for ${waitsFor}`])
    expect(page.listeners.every(({ signal }) => signal.aborted)).toBe(true)
  })

  test('it waits 10 seconds unless it is told otherwise', async () => {
    const page = new FakePage()
    page.workers.register = () => new Promise(() => undefined)
    void outcomeOf(installIn(page, '/gate.js', options))
    await settle()
    expect(page.timers.map(({ milliseconds }) => milliseconds)).toEqual([10_000])
  })

  test('a TrustedScriptURL goes to the browser as it is', async () => {
    const page = new FakePage()
    const worker = page.worker('activated')
    page.registration.active = worker
    page.workers.controller = worker
    const trusted = { toString: () => '/gate.js', toJSON: () => '/gate.js' }
    await installIn(page, trusted, options)
    expect(page.registered?.[0]).toBe(trusted)
  })

  test.each<[what: string, given: object, message: string]>([
    ['no name', { name: undefined }, 'name must be an origin such as https://payments.invalid'],
    ['no version', { policyVersion: '7' }, 'policyVersion must be a whole number'],
    ['no time', { installSeconds: 0 }, 'installSeconds must be above 0, at most 3600'],
    ['too long', { installSeconds: Infinity }, 'installSeconds must be above 0, at most 3600'],
  ])('options: %s', async (_what, given, message) => {
    const wrong = { ...options, ...given }
    expect(await outcomeOf(installIn(new FakePage(), '/gate.js', wrong))).toEqual(['TypeError', undefined, message])
  })

  test('a page without service workers is told', async () => {
    vi.stubGlobal('navigator', {})
    vi.stubGlobal('location', { href: `${pageOrigin}/` })
    try {
      expect(await outcomeOf(installGate('/gate.js', options))).toEqual([
        'VerificationError',
        'unsupported',
        'there are no service workers: they need https, and no private window',
      ])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('H03 watchGate', () => {
  test('hears the state now, and what comes after, until it is ended', () => {
    const page = new FakePage()
    const worker = page.worker('activated', { state: 'verified' })
    page.workers.controller = worker
    const heard: unknown[] = []
    const stop = watchIn(page, (news) => heard.push(news))
    const news = { of: 'request', state: 'refused', code: 'policy-pcr', policyVersion: 7, name }
    const common = { policyVersion: 7, name }
    page.fire('message', { data: { 'veritee-gate': news }, source: worker })
    // Not of the gate, and not of the worker that controls this page.
    page.fire('message', { data: 'hello', source: worker })
    page.fire('message', { data: { 'veritee-gate': news }, source: page.worker('activated') })
    stop()
    page.fire('message', { data: { 'veritee-gate': news }, source: worker })
    expect(heard).toEqual([{ of: 'session', state: 'verified', code: undefined, ...common }, news])
  })

  test('a page without a gate hears nothing', () => {
    const page = new FakePage()
    const stop = watchIn(page, () => {
      throw new Error('nothing was said')
    })
    stop()
  })

  test('its argument', () => {
    expect(() => watchIn(new FakePage(), undefined as never)).toThrow(new TypeError('listener must be a function'))
  })
})
