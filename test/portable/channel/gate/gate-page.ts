/**
 * A page with a gate: it knows nothing of attestation, and uses the network as every page does.
 */
import { gateRefusalOf, installGate, watchGate } from '../../../../src/gate/index.ts'
import { pattern, sumOf } from '../bytes.ts'
import { card } from '../world.ts'
import { runPage, scriptUrl } from './page.ts'

/** Browsers have words of their own; that it is a network error is what they agree on. */
const told = (error: unknown): string =>
  typeof error === 'string' ? error : error instanceof Error || error instanceof DOMException ? error.name : 'other'

/** `fetch`, whose refusals are thrown: status, code, type and detail. */
async function reach(input: string | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init)
  const refusal = gateRefusalOf(response)
  if (refusal === undefined) return response
  const problem = (await response.json()) as { readonly status: number; readonly code: string; readonly detail: string }
  const isSame = problem.status === refusal.status && problem.code === refusal.code && problem.detail !== ''
  const type = response.headers.get('content-type')
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- becomes the row's result
  throw `${refusal.status} ${refusal.code} ${String(type)}${isSame ? '' : ' and another body'}`
}

await runPage(told, async ({ settings, row, ask }) => {
  const { name, policyVersion } = settings
  const post = (body: BodyInit, init: RequestInit = {}): RequestInit => ({ method: 'POST', body, ...init })

  await row('installGate', async () => {
    await installGate(scriptUrl('/gate.js'), { name, policyVersion, installSeconds: 3600 })
    return new URL(navigator.serviceWorker.controller?.scriptURL ?? '').pathname
  })
  const heard: string[] = []
  watchGate(({ of, state, code }) => {
    // The session may have gone on by the time that a page is told of a request.
    heard.push([of, ...(of === 'session' ? [state] : []), ...(code === undefined ? [] : [code])].join(' '))
  })
  await row('a file of the page itself', async () => (await fetch('/settings.json')).status)
  await row('GET', async () => (await reach(`${name}/account`)).text())
  await row('POST', async () => (await reach(`${name}/pay`, post(card))).text())
  await row('POST of a Request', async () => (await reach(new Request(`${name}/pay`, post(card)))).text())
  await row('POST of a form', async () => {
    const form = new FormData()
    form.set('card', card)
    const text = await (await reach(`${name}/pay`, post(form))).text()
    return text
      .replace(/^POST --.*/, 'POST')
      .replace(/--[^-]+--\s*$/, '')
      .includes(card)
  })
  await row('404 of the app', async () => {
    const response = await reach(`${name}/missing`)
    return [response.status, response.headers.get('x-app'), await response.text()]
  })
  await row('1 MiB up', async () => (await reach(`${name}/sum`, post(pattern(1_048_576)))).text())
  await row('1 MiB down', async () => sumOf(new Uint8Array(await (await reach(`${name}/mebibyte`)).arrayBuffer())))
  await row('an answer in pieces, each before the next is made', async () => {
    const reader = ((await reach(`${name}/pieces`)).body as ReadableStream<Uint8Array>).getReader()
    let text = ''
    let isFirst = true
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text
      text += new TextDecoder().decode(value)
      if (isFirst || text.endsWith(' ') || text.endsWith('three')) await reach(`${name}/next`, post(''))
      isFirst = false
    }
  })
  await row(
    'XMLHttpRequest',
    () =>
      new Promise((resolve) => {
        const request = new XMLHttpRequest()
        request.open('POST', `${name}/pay`)
        request.onload = () => {
          resolve(request.getResponseHeader('veritee-gate') ?? request.responseText)
        }
        request.onerror = () => {
          resolve('error')
        }
        request.send(card)
      }),
  )
  await row('credentials', () => reach(`${name}/pay`, post(card, { credentials: 'include' })))
  await row('no-cors', () => reach(`${name}/pay`, post(card, { mode: 'no-cors' })))
  await row('only from the cache', () => reach(`${name}/pay`, { cache: 'only-if-cached', mode: 'cors' }))
  await row('abort', () => reach(`${name}/pay`, post(card, { signal: AbortSignal.abort() })))
  await row('GET again', async () => (await reach(`${name}/account`)).text())
  await row('a redirection to another path', async () => (await reach(`${name}/moved-here`, post(card))).text())
  await row('a redirection to elsewhere', () => reach(`${name}/moved-away`, post(card)))
  await row('an answer that says that it is the gate’s', async () => {
    const response = await reach(`${name}/pretend`)
    return [response.status, (await response.json()) as unknown]
  })
  await row('watchGate', () => [...new Set(heard)])
  const { violations, provoked } = (await ask('violations')) as { violations: string[]; provoked: string }
  return { violations, provoked: [provoked] }
})
