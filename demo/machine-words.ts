/**
 * What pages say of the machine behind them, which is made up: it stays on the page whatever comes
 * of a request.
 */

/** Where the machine is: `npm run demo` has a server, a static host leaves it to the browser. */
export type MachinePlace = 'server' | 'worker'

const proves = 'So it proves nothing about hardware: it shows the whole way, with real signatures.'

/** By the document that says it. */
export const machineWords: Readonly<Record<string, Readonly<Record<MachinePlace, string>>>> = {
  'page/index.html': {
    server: 'The demo enclave runs on this computer, and its AWS root is made up.',
    worker: `The demo enclave is a worker in your own browser, and its AWS root is made up. ${proves}`,
  },
  'send/index.html': {
    server: 'The enclave runs on this computer, and so does the attacker in between. The AWS root is made up.',
    worker: `On this site the enclave is a worker in your own browser, the attacker in between is in it too, and the AWS root is made up. ${proves} Nothing you send leaves your browser.`,
  },
  'send/gated.html': {
    server: 'The enclave runs on this computer, and so does the attacker in between. The AWS root is made up.',
    worker: `On this site the enclave and the attacker in between run in your own browser, inside the service worker, and the AWS root is made up. ${proves} Nothing you send leaves your browser.`,
  },
  'ai/index.html': {
    server:
      'Machine, relay and model are on this computer, and made up. Their signatures are real, under keys that are public.',
    worker: `On this site machine, relay and model are a worker in your own browser, and the Intel root is made up. ${proves} Nothing you ask leaves your browser.`,
  },
}
