/**
 * The worker of a gate, as a site would have it; and an answer to the page that asks what its
 * policy forbade.
 */
import { type GateScope, gateRequests } from '../../../../src/gate/index.ts'
import type { Settings } from './model.ts'
import { clientOf } from './verifying.ts'
import { watchPolicy } from './violations.ts'

/** The server writes them before this script. */
declare const settings: Settings

const { violations, provoke } = watchPolicy()
const { name, enclave: origin, policyVersion } = settings
gateRequests(self as unknown as GateScope, {
  name,
  origin,
  send: clientOf(settings),
  policyVersion,
  expiresAt: new Date(settings.expiresAt),
})

addEventListener('message', ({ ports: [port] }) => {
  if (port === undefined) return
  const noticed = [...violations]
  void Promise.race([provoke(() => undefined), forbidden()]).then((provoked) => {
    port.postMessage({ violations: noticed, provoked })
  })
})

/** Does what the policy forbids. */
async function forbidden(): Promise<string> {
  const outcome = await fetch('data:,x').then(
    () => 'let pass',
    () => 'blocked, and nobody told',
  )
  // The event may come after the refusal, but not as late as this.
  await fetch('/settings.json')
  return outcome
}
