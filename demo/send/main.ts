/**
 * Sends a card number to the enclave of the demo, with someone in between, and shows what went over
 * the wire.
 */
import { attestedFetch } from '../../src/client/index.ts'
import { AttestationError } from '../../src/formats/aws/nitro/index.ts'
import { element, h } from '../page/dom.ts'
import { setUpEscape } from '../page/escape.ts'
import { reachMachine } from '../reach/index.ts'
import { type ChannelAttack, channelAttacks } from './attacks.ts'
import { say, viewWire } from './view.ts'
import { optionsFor } from './verifying.ts'
import { cardNumber, type Crossing, recorded } from './wire.ts'
import { sentenceFor } from './words.ts'

const form = element('send', HTMLFormElement)
const card = element('card', HTMLInputElement)
const choices = element('attacks', HTMLElement)
const verdict = element('verdict', HTMLElement)
const answer = element('answer', HTMLElement)

const machine = reachMachine('../')
let crossings: Crossing[] = []
let runs = 0

for (const { name, title, words } of channelAttacks)
  choices.append(
    h(
      'label',
      { class: 'attack' },
      h('input', { type: 'radio', name: 'attack', value: name, checked: name === 'none' }),
      h('span', {}, h('b', {}, title), ' ', h('small', {}, words)),
    ),
  )

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const isPlain = (event.submitter as HTMLButtonElement | null)?.value === 'plain'
  void (isPlain ? sendPlain() : send())
})
const given = new URLSearchParams(location.hash.slice(1)).get('attack')
const choice = choices.querySelector<HTMLInputElement>(`input[value="${CSS.escape(given ?? 'none')}"]`)
if (choice !== null) choice.checked = true

function chosen(): ChannelAttack {
  const name = new FormData(form).get('attack')
  return channelAttacks.find((attack) => attack.name === name) ?? (channelAttacks[0] as ChannelAttack)
}

/** A run that another one has overtaken shows nothing any more. */
function begin(): () => boolean {
  const run = ++runs
  crossings = []
  answer.textContent = ''
  delete document.body.dataset.done
  showWire()
  return () => run === runs
}

async function send(): Promise<void> {
  const isCurrent = begin()
  const attack = chosen()
  const own = crossings
  const client = attestedFetch(machine.origin, {
    ...optionsFor(attack.name),
    fetch: recorded(machine.fetch, own, () => {
      if (isCurrent()) showWire()
    }),
    onState: ({ state }) => {
      if (isCurrent() && state === 'verifying')
        say('open', 'Asking the enclave for proof …', 'A fresh nonce goes out, and nothing else.')
      if (isCurrent() && state === 'verified')
        say('yes', 'Proven. Sending …', 'The number is sealed for a key that only this enclave has.')
    },
  })
  try {
    const response = await client('/payments', { method: 'POST', body: JSON.stringify({ card: card.value }) })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done = true, value = '' } = (await reader?.read()) ?? {}
      if (done) break
      if (isCurrent()) answer.append(value)
    }
    if (isCurrent())
      say('yes', 'Sent, to the proven enclave and to no one else.', 'Every piece of its answer was authenticated.')
  } catch (error) {
    if (isCurrent()) refuse(error, own)
  } finally {
    client.close()
    if (isCurrent()) document.body.dataset.done = chosen().name
  }
}

/** For comparison: what a page does that trusts the address bar. */
async function sendPlain(): Promise<void> {
  const isCurrent = begin()
  const fetching = recorded(machine.fetch, crossings, showWire)
  const response = await fetching(`${machine.origin}/send/enclave/${chosen().name}/plain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ card: card.value }),
  })
  if (!isCurrent()) return
  answer.textContent = await response.text()
  say('no', 'Sent. To whom?', 'TLS ends somewhere before the enclave: its operator has read the number.')
  document.body.dataset.done = 'plain'
}

function refuse(error: unknown, own: readonly Crossing[]): void {
  const isOurs = error instanceof AttestationError
  const left = own.some(({ direction, type }) => direction === 'out' && type.startsWith('message/'))
  say(
    'no',
    left ? 'Stopped: the answer is not the enclave’s.' : 'Refused: nothing was sent.',
    isOurs ? sentenceFor(error.code) : undefined,
    `${error instanceof Error ? error.message : String(error)}${isOurs ? ` (${error.code})` : ''}`,
    left ? 'The number had left sealed; no one but the proven enclave can open it.' : undefined,
  )
  verdict.dataset.code = isOurs ? error.code : 'none'
}

/** Everything that crossed so far. */
function showWire(): void {
  viewWire(crossings, cardNumber(card.value))
}

setUpEscape()
showWire()
if (given !== null) void send()
