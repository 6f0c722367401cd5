/**
 * Files of the page that tries every way around a gate, beside the page itself.
 */

/** Sends what it is told, in the way that it is told. */
const sending = `async ({ how, url, secret }) => {
  if (how === 'fetch') await fetch(url, { method: 'POST', body: secret })
  if (how === 'keepalive') await fetch(url, { method: 'POST', body: secret, keepalive: true })
  if (how === 'xhr') {
    const request = new XMLHttpRequest()
    request.open('POST', url, false)
    request.send(secret)
  }
  if (how === 'importScripts') importScripts(url)
  if (how === 'import') await import(url)
  if (how === 'socket') new WebSocket(url)
}`

/** By path: media type and text. */
export const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/frame': ['text/html', '<!doctype html><title>frame</title><body></body>'],
  '/worker.js': ['text/javascript', `const send = ${sending}; onmessage = ({ data }) => send(data).catch(() => 0)`],
  '/shared.js': [
    'text/javascript',
    `const send = ${sending}; onconnect = ({ ports: [port] }) => { port.onmessage = ({ data }) => send(data).catch(() => 0) }`,
  ],
  '/other.js': [
    'text/javascript',
    `const send = ${sending}; onmessage = (event) => event.waitUntil(send(event.data).catch(() => 0))`,
  ],
}
