/**
 * A page with a gate: it knows nothing of attestation, and uses the network as every page does.
 */
import { installGate } from '../../../../src/gate/index.ts'
import { pattern, sumOf } from '../bytes.ts'
import { card } from '../world.ts'
import { runPage, scriptUrl } from './page.ts'

/** Browsers have words of their own; that it is a network error is what they agree on. */
const told = (error: unknown): string =>
  error instanceof Error || error instanceof DOMException ? error.name : 'other'

await runPage(told, async ({ settings, row, ask }) => {
  const { enclave } = settings
  const post = (body: BodyInit, init: RequestInit = {}): RequestInit => ({ method: 'POST', body, ...init })

  await row('installGate', async () => {
    await installGate(scriptUrl('/gate.js'))
    return new URL(navigator.serviceWorker.controller?.scriptURL ?? '').pathname
  })
  await row('a file of the page itself', async () => (await fetch('/settings.json')).status)
  await row('GET', async () => (await fetch(`${enclave}/account`)).text())
  await row('POST', async () => (await fetch(`${enclave}/pay`, post(card))).text())
  await row('POST of a Request', async () => (await fetch(new Request(`${enclave}/pay`, post(card)))).text())
  await row('POST of a form', async () => {
    const form = new FormData()
    form.set('card', card)
    const text = await (await fetch(`${enclave}/pay`, post(form))).text()
    return text
      .replace(/^POST --.*/, 'POST')
      .replace(/--[^-]+--\s*$/, '')
      .includes(card)
  })
  await row('404 of the app', async () => {
    const response = await fetch(`${enclave}/missing`)
    return [response.status, response.headers.get('x-app'), await response.text()]
  })
  await row('1 MiB up', async () => (await fetch(`${enclave}/sum`, post(pattern(1_048_576)))).text())
  await row('1 MiB down', async () => sumOf(new Uint8Array(await (await fetch(`${enclave}/mebibyte`)).arrayBuffer())))
  await row('an answer in pieces, each before the next is made', async () => {
    const reader = ((await fetch(`${enclave}/pieces`)).body as ReadableStream<Uint8Array>).getReader()
    let text = ''
    let isFirst = true
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text
      text += new TextDecoder().decode(value)
      if (isFirst || text.endsWith(' ') || text.endsWith('three')) await fetch(`${enclave}/next`, post(''))
      isFirst = false
    }
  })
  await row(
    'XMLHttpRequest',
    () =>
      new Promise((resolve) => {
        const request = new XMLHttpRequest()
        request.open('POST', `${enclave}/pay`)
        request.onload = () => {
          resolve(request.responseText)
        }
        request.onerror = () => {
          resolve('error')
        }
        request.send(card)
      }),
  )
  await row('credentials', () => fetch(`${enclave}/pay`, post(card, { credentials: 'include' })))
  await row('no-cors', () => fetch(`${enclave}/pay`, post(card, { mode: 'no-cors' })))
  await row('only from the cache', () => fetch(`${enclave}/pay`, { cache: 'only-if-cached', mode: 'cors' }))
  await row('abort', () => fetch(`${enclave}/pay`, post(card, { signal: AbortSignal.abort() })))
  await row('GET again', async () => (await fetch(`${enclave}/account`)).text())
  const { violations, provoked } = (await ask('violations')) as { violations: string[]; provoked: string }
  return { violations, provoked: [provoked] }
})
