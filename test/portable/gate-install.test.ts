/**
 * `installGate` in three browsers: workers that are new, old, kept away, broken, expired, or for
 * another folder. Browsers run where the machine has them; with VERITEE_ALL_RUNTIMES=1 a missing
 * one is an error.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { serveLoopback } from '../gateway/loopback.ts'
import { browsers } from './browsers.ts'
import { bundleScript } from './channel/gate/site.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { within } from './programs.ts'

type Rows = readonly (readonly [what: string, result: string])[]

const expected: Rows = [
  [
    'a scope that does not cover the page',
    'TypeError: the worker covers /elsewhere/, and not this page, /: move its script, or give it a scope',
  ],
  ['a script that never comes', 'gate-timeout'],
  ['a script that is not there', 'gate-install'],
  ['the first worker', 'installed'],
  ['the same again', 'installed'],
  ['a newer one, and a page that needs it', 'installed'],
  ['a page that needs the older one', 'gate-policy'],
  ['a network that keeps the script away', 'gate-install'],
  ['a newer one that does not install', 'gate-install'],
  ['one that has expired', 'gate-expired'],
  ['what it refuses', '503 gate-expired'],
  ['its successor', 'installed'],
]

let page: string
let worker: string
beforeAll(async () => {
  ;[page, worker] = await Promise.all([bundleScript('install-page', 'esm'), bundleScript('install-worker', 'iife')])
})

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))

describe.each(here)('$name', ({ name, program, use, patienceMs }) => {
  it.skipIf(program === undefined && process.env.VERITEE_ALL_RUNTIMES !== '1')(
    'H02 a gate vouches for the newest worker with the policy of the page, or says why not',
    async () => {
      if (program === undefined) throw new Error(`${name} is not on this machine`)
      let served = '7'
      let deliver: (rows: Rows) => void = () => undefined
      const report = new Promise<Rows>((resolve) => (deliver = resolve))
      const day = 86_400_000
      const script = (what: string): string => {
        const policy = {
          version: { broken: 8, expired: 9 }[what] ?? Number(what),
          expiresAt: new Date(Date.now() + (what === 'expired' ? -day : day)).toJSON(),
          isBroken: what === 'broken',
        }
        return `const policy=${JSON.stringify(policy)};${worker}`
      }
      const scripts = new Map<string, string>()
      const site = await serveLoopback(() => async (request) => {
        const { pathname } = new URL(request.url)
        const answer = (type: string, text: string): Response =>
          new Response(text, {
            headers: {
              'content-type': type,
              // Longer than any test: what is kept must not count.
              'cache-control': 'max-age=86400',
              'content-security-policy': "require-trusted-types-for 'script'; trusted-types gate",
            },
          })
        if (pathname.startsWith('/serve/')) {
          served = pathname.slice('/serve/'.length)
          return new Response('')
        }
        if (pathname === '/report') {
          deliver((await request.json()) as Rows)
          return new Response('')
        }
        if (pathname === '/hang/hangs.js') return new Promise(() => undefined)
        if (pathname === '/')
          return answer('text/html', '<!doctype html><script type="module" src="/page.js"></script>')
        if (pathname === '/page.js') return answer('text/javascript', page)
        if (pathname.endsWith('/gate.js')) {
          if (served === 'blocked') return new Response(null, { status: 503 })
          // The same bytes each time: only another policy is another worker.
          if (!scripts.has(served)) scripts.set(served, script(served))
          return answer('text/javascript', scripts.get(served) ?? '')
        }
        return new Response(null, { status: 404 })
      })
      const folder = await makeFolder()
      try {
        const rows = await use(program, folder, async (open) => {
          await open(`${site.origin}/`)
          return within(patienceMs, 'the page', report)
        })
        expect(rows).toEqual(expected)
      } finally {
        await site.close()
        await removeFolder(folder)
      }
    },
  )
})
