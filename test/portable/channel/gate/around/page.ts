/**
 * A page behind a gate that tries every way around it: to the gate's name, to the enclave's own
 * address, and to an origin that has no gate.
 */
import { installGate } from '../../../../../src/gate/index.ts'
import { closeWindows, senders, spellings, type Target, type Way, ways } from './ways.ts'
import type { AroundSettings, Kind } from './model.ts'

const settings = (await (await fetch('/settings.json')).json()) as AroundSettings
const { name, policyVersion, enclave, elsewhere, browser } = settings
const bases: Readonly<Record<Kind, string>> = { gated: name, direct: enclave, control: elsewhere }
const thrown: Record<string, string> = {}

function targetOf(id: string, kind: Kind, spell: (url: URL) => string = ({ href }) => href): Target {
  const secret = `card-${id}-${kind}-4711`
  const url = spell(new URL(`${bases[kind]}/way/${secret}?card=${secret}`))
  return {
    url,
    secret,
    socket: url.replace(/^http/, 'ws'),
    redirect: (status) => `/redirect/${status}?${encodeURIComponent(url)}`,
  }
}

/** Whatever it throws, the other ways are tried. */
async function attempt(label: string, run: Way['run'], target: Target): Promise<void> {
  try {
    await run(target)
  } catch (error) {
    thrown[label] = String(error)
  }
}

async function tryAll(): Promise<void> {
  await installGate('/gate.js', { name, policyVersion, installSeconds: 3600 })
  // That the proxy hears what is not sealed: a name that does not exist, in the clear.
  await fetch('http://card-proxy-clear-4711.example/', { mode: 'no-cors' }).catch(() => undefined)
  for (const [id, { name: label, sends, run }] of ways.entries()) {
    await attempt(`${label}: gated`, run, targetOf(String(id), 'gated'))
    await attempt(`${label}: direct`, run, targetOf(String(id), 'direct'))
    await attempt(`${label}: control`, run, targetOf(String(id), 'control'))
    // What arrives after the control does was sent before it: no need to wait for what must not
    // arrive.
    await fetch(`/heard/${id}?${sends.includes(browser) ? 'expected' : ''}`)
  }
  for (const [i, { name: spelling, of }] of spellings.entries())
    for (const [j, [sender, run]] of senders.entries())
      for (const kind of ['gated', 'direct'] as const)
        await attempt(`${spelling}, ${sender}: ${kind}`, run, targetOf(`s${i}x${j}`, kind, of))
}

const outcome = await tryAll().then(
  () => ({ thrown }),
  (error: unknown) => ({ thrown, error: String(error) }),
)
closeWindows()
await fetch('/report', { method: 'POST', body: JSON.stringify(outcome) })
