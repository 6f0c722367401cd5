/**
 * A page that knows nothing of attestation: it calls `fetch`. The worker of a gate stands between it and the network.
 */
import { installGate } from '../../src/gate/index.ts'
import { element, h } from '../page/dom.ts'
import { channelAttacks } from './attacks.ts'
import { say, viewWire } from './view.ts'
import type { Crossing } from './wire.ts'

const card = element('card', HTMLInputElement)
const answer = element('answer', HTMLElement)
const here = location.pathname.split('/').at(-2) ?? ''
/** Another origin of this machine: the gate is for that one, and leaves the page's own files alone. */
const enclave = `http://${location.hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${location.port}`

element('attacks', HTMLElement).append(
  ...channelAttacks.map(({ name, title, words }) =>
    h(
      'p',
      { class: name === here ? 'attack chosen' : 'attack' },
      h(
        'span',
        {},
        h('b', {}, name === here ? title : h('a', { href: `../${name}/` }, title)),
        ' ',
        h('small', {}, words),
      ),
    ),
  ),
)
viewWire([], '')
new BroadcastChannel('veritee-wire').addEventListener('message', ({ data }) => {
  viewWire(data as readonly Crossing[], card.value)
})

element('send', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  void send()
})

async function send(): Promise<void> {
  delete document.body.dataset.done
  answer.textContent = ''
  try {
    const response = await fetch(`${enclave}/payments`, { method: 'POST', body: JSON.stringify({ card: card.value }) })
    answer.textContent = await response.text()
    say('yes', 'Sent, to the proven enclave and to nobody else.', 'The page called fetch, and the worker did the rest.')
  } catch (error) {
    say('no', 'A network error, and nothing readable left.', `fetch says: ${String(error)}`)
  }
  document.body.dataset.done = here
}

installGate('gate.js').then(
  () => {
    say(
      'open',
      'The gate is closed behind this page.',
      'What it sends to the enclave goes through the worker, or not at all.',
    )
    document.body.dataset.gate = 'yes'
  },
  (error: unknown) => {
    say('no', 'There is no gate: send nothing.', String(error))
    document.body.dataset.gate = 'no'
  },
)
