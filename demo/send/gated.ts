/**
 * A page that knows nothing of attestation: it calls `fetch`. The worker of a gate is between it
 * and the network.
 */
import { type GateRefusal, gateRefusalOf, installGate, watchGate } from '../../src/gate/index.ts'
import { element, h } from '../page/dom.ts'
import { setUpEscape } from '../page/escape.ts'
import { channelAttacks } from './attacks.ts'
import { gatedPolicy } from './gated-policy.ts'
import { say, viewWire } from './view.ts'
import { sentenceFor } from './words.ts'
import { cardNumber, type Crossing } from './wire.ts'

const card = element('card', HTMLInputElement)
const answer = element('answer', HTMLElement)
/** Who is in between is the folder; on the page above all of them, no one. */
const folder = location.pathname.split('/').at(-2) ?? ''
const isAbove = folder === 'gated'
const here = isAbove ? 'none' : folder

element('attacks', HTMLElement).append(
  ...channelAttacks.map(({ name, title, words }) =>
    h(
      'p',
      { class: name === here ? 'attack chosen' : 'attack' },
      h(
        'span',
        {},
        h('b', {}, name === here ? title : h('a', { href: `${isAbove ? '' : '../'}${name}/` }, title)),
        ' ',
        h('small', {}, words),
      ),
    ),
  ),
)
viewWire([], cardNumber(''))
new BroadcastChannel('veritee-wire').addEventListener('message', ({ data }) => {
  viewWire(data as readonly Crossing[], cardNumber(card.value))
})

element('send', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  void send()
})

async function send(): Promise<void> {
  delete document.body.dataset.done
  answer.textContent = ''
  try {
    const body = JSON.stringify({ card: card.value })
    const response = await fetch(`${gatedPolicy.name}/payments`, { method: 'POST', body })
    const refusal = gateRefusalOf(response)
    if (refusal === undefined) {
      answer.textContent = await response.text()
      const words = 'The page called fetch on a name that exists nowhere, and the worker did the rest.'
      say('yes', 'Sent, to the proven enclave and to no one else.', words)
    } else {
      const { detail } = (await response.json()) as { readonly detail: string }
      say('no', titleOf(refusal), sentenceFor(refusal.code), `${detail} (${refusal.code})`)
      element('verdict', HTMLElement).dataset.code = refusal.code
    }
  } catch (error) {
    say('no', 'The answer broke off.', `fetch says: ${String(error)}`)
  }
  document.body.dataset.done = here
}

/** What a person has to know: the network is down, or there is another build. */
function titleOf({ code, status }: GateRefusal): string {
  if (code.startsWith('policy-')) return 'Refused: this is another build, or an old proof.'
  if (status === 503 || status === 504) return 'Refused: there is no network.'
  return 'Refused: the answer is not the enclave’s.'
}

setUpEscape()
// A machine that does many things at once may take long for it.
installGate(isAbove ? 'gate.js' : '../gate.js', { ...gatedPolicy, scope: './', installSeconds: 600 }).then(
  () => {
    const words = 'What it sends to the enclave goes through the worker, or to no one.'
    say('open', 'The gate is closed behind this page.', words)
    watchGate(({ of, state, code, policyVersion }) => {
      const why = code === undefined ? '' : `: ${code}`
      element('gate', HTMLElement).textContent = `${of} ${state}${why} (policy ${policyVersion})`
    })
    document.body.dataset.gate = 'yes'
  },
  (error: unknown) => {
    say('no', 'There is no gate: send nothing.', String(error))
    document.body.dataset.gate = 'no'
  },
)
