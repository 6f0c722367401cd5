/**
 * A page that installs gates of every kind: what becomes of it in a real browser.
 */
import { VerificationError } from '../../../../src/core/errors.ts'
import { gateRefusalOf, installGate, type GateRegistration } from '../../../../src/gate/index.ts'
import { scriptUrl } from './page.ts'

const name = 'https://payments-3f9c.invalid'
const rows: (readonly [what: string, result: string])[] = []

async function row(what: string, work: () => Promise<unknown>): Promise<void> {
  const result = await work().then(String, (error: unknown) =>
    error instanceof VerificationError ? error.code : String(error).replaceAll(location.origin, ''),
  )
  rows.push([what, result])
}

const install = async (path: string, policyVersion: number, other: Partial<GateRegistration> = {}): Promise<string> => {
  await installGate(scriptUrl(path), { name, policyVersion, installSeconds: 3600, ...other })
  return 'installed'
}
/** Which script the server has at `/gate.js` from now on. */
const serve = (what: string): Promise<Response> => fetch(`/serve/${what}`, { method: 'POST' })

try {
  await row('a scope that does not cover the page', () => install('/elsewhere/gate.js', 7))
  await row('a script that never comes', () => install('/hang/hangs.js', 7, { installSeconds: 2 }))
  await row('a script that is not there', () => install('/missing.js', 7))
  await serve('7')
  await row('the first worker', () => install('/gate.js', 7))
  await row('the same again', () => install('/gate.js', 7))
  await serve('8')
  await row('a newer one, and a page that needs it', () => install('/gate.js', 8))
  await row('a page that needs the older one', () => install('/gate.js', 7))
  await serve('blocked')
  await row('a network that keeps the script away', () => install('/gate.js', 8))
  await serve('broken')
  await row('a newer one that does not install', () => install('/gate.js', 8))
  await serve('expired')
  await row('one that has expired', () => install('/gate.js', 9))
  await row('what it refuses', async () => {
    const refusal = gateRefusalOf(await fetch(`${name}/pay`, { method: 'POST', body: 'card' }))
    return `${refusal?.status} ${refusal?.code}`
  })
  await serve('10')
  await row('its successor', () => install('/gate.js', 10))
} catch (error) {
  rows.push(['the page', String(error)])
}
await fetch('/report', { method: 'POST', body: JSON.stringify(rows) })
