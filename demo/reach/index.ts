/**
 * How pages reach the machine of the demo. `npm run demo` has a server for it. A static host has
 * none, and pages bring the machine along: it runs in a worker of the visitor's own browser.
 */
import { fetchOver, type Post } from './messages.ts'

/** Where the machine is. Set when the site is built. */
declare const MACHINE: 'server' | 'worker'

export interface Reached {
  /** What its addresses begin with. */
  readonly origin: string
  readonly fetch: typeof fetch
}

/** Exists nowhere: what does not go to the worker reaches no server. */
export const workerOrigin = 'https://enclave.invalid'

/** @param top the way to the top of the site @param server where the machine is, with a server */
export function reachMachine(top: string, server = location.origin): Reached {
  return MACHINE === 'worker'
    ? { origin: workerOrigin, fetch: fetchOver(startWorker(`${top}machine.js`)) }
    : { origin: server, fetch: (input, init) => fetch(input, init) }
}

/** A page starts a worker. A service worker can start none, and runs the same script itself. */
function startWorker(script: string): Post {
  if ('importScripts' in globalThis) {
    ;(globalThis as unknown as { importScripts(script: string): void }).importScripts(script)
    return (asked, port) => {
      dispatchEvent(new MessageEvent('message', { data: asked, ports: [port] }))
      return new Promise(() => undefined)
    }
  }
  const worker = new Worker(script)
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', () => {
      reject(new Error('the worker with the enclave in it does not run'))
    })
  })
  failed.catch(() => undefined)
  return (asked, port) => {
    worker.postMessage(asked, [port])
    return failed
  }
}
