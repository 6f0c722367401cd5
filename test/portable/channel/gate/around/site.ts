/**
 * Serves the page that tries every way around a gate, with an enclave behind the gate, on a network
 * that belongs to an attacker.
 */
import { serveLoopback } from '../../../../gateway/loopback.ts'
import type { Device } from '../../device.ts'
import { createEnclaveHandler } from '../../server.ts'
import { within } from '../../../programs.ts'
import { gatedName, withCors } from '../site.ts'
import type { AroundReport, AroundSettings } from './model.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { files } from './scripts.ts'

/**
 * How long a control may take. One that does not come is named by the test, after all others were
 * tried.
 */
const controlMs = 120_000

export interface AroundScripts {
  readonly page: string
  readonly gate: string
}

export interface AroundSite {
  readonly address: string
  readonly recorder: Recorder
  readonly report: Promise<AroundReport>
  close(): Promise<void>
}

export interface AroundOptions {
  readonly device: Device
  readonly root: string
  readonly browser: string
  readonly scripts: AroundScripts
}

export async function serveAround({ device, root, browser, scripts }: AroundOptions): Promise<AroundSite> {
  const recorder = await startRecorder()
  const enclave = await serveLoopback(
    (origin) => withCors(createEnclaveHandler(device, origin).gateway, () => undefined),
    { onConnection: recorder.listen },
  )
  const settings: AroundSettings = {
    enclave: enclave.origin,
    name: gatedName,
    policyVersion: 7,
    expiresAt: new Date(Date.now() + 3_600_000).toJSON(),
    root,
    elsewhere: recorder.elsewhere,
    browser,
  }
  let deliver: (report: AroundReport) => void = () => undefined
  const report = new Promise<AroundReport>((resolve) => (deliver = resolve))
  const served: Readonly<Record<string, readonly [type: string, text: string]>> = {
    ...files,
    '/': ['text/html', '<!doctype html><title>around</title><body><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', scripts.page],
    '/gate.js': ['text/javascript', `const settings=${JSON.stringify(settings)};${scripts.gate}`],
    '/settings.json': ['application/json', JSON.stringify(settings)],
  }
  const site = await serveLoopback(() => async (request) => {
    const { pathname, search } = new URL(request.url)
    const answer = (type: string, text: string): Response =>
      new Response(text, { headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' } })
    const given = decodeURIComponent(search.slice(1))
    if (pathname === '/report') {
      deliver((await request.json()) as AroundReport)
      return answer('text/plain', '')
    }
    if (pathname.startsWith('/heard/')) {
      const what = `${pathname.slice('/heard/'.length)}-control`
      // What does not come is missing among what was heard: the test says which it is.
      if (given === 'expected') await within(controlMs, what, recorder.hear(what)).catch(console.warn)
      return answer('text/plain', '')
    }
    if (pathname === '/run') return answer('text/html', given)
    if (pathname.startsWith('/redirect/')) {
      const status = Number(pathname.slice('/redirect/'.length))
      return new Response(null, { status, headers: { location: given, 'cache-control': 'no-store' } })
    }
    const file = served[pathname]
    return file === undefined ? new Response(null, { status: 404 }) : answer(...file)
  })
  return {
    address: `${site.origin}/`,
    recorder,
    report,
    async close() {
      await Promise.all([site.close(), enclave.close(), recorder.close()])
    },
  }
}
