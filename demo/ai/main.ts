/**
 * A chat with a model in a confidential machine, through OpenAI's own client and a relay that no
 * one has to trust, and what went over the wire.
 */
import OpenAI from 'openai'
import { AttestationError, type Check, refusalOf, verifiedFirst } from '../../src/ai/index.ts'
import { type BadgeElement, defineBadge } from '../../src/badge/index.ts'
import { type AttestedFetch, attestedFetch } from '../../src/client/index.ts'
import type { TdxOptions } from '../../src/formats/intel/tdx/index.ts'
import { element, h, mark } from '../page/dom.ts'
import { setUpEscape } from '../page/escape.ts'
import { reachMachine } from '../reach/index.ts'
import { say, viewWire } from '../send/view.ts'
import { type Crossing, prose, recorded } from '../send/wire.ts'
import { relayAttacks } from './attacks.ts'
import { chainOf, links, type LinkView } from './chain.ts'
import { profile, providerOrigin } from './profile.ts'
import { optionsFor } from './verifying.ts'

const form = element('ask', HTMLFormElement)
const prompt = element('prompt', HTMLTextAreaElement)
const choices = element('attacks', HTMLElement)
const chat = element('chat', HTMLElement)
const chain = element('chain', HTMLElement)
defineBadge()
const badge = element('badge', HTMLElement) as HTMLElement & BadgeElement

/** One conversation over one session: it ends when another relay is chosen. */
interface Session {
  readonly attack: string
  readonly client: OpenAI
  readonly send: AttestedFetch
  readonly messages: { role: 'user' | 'assistant'; content: string }[]
  readonly crossings: Crossing[]
  quote: readonly Check[]
  report: readonly Check[]
}

const machine = reachMachine('../')
let session: Session | undefined
let endorsements: TdxOptions['endorsements'] | undefined
let isBusy = false

for (const { name, title, words } of relayAttacks)
  choices.append(
    h(
      'label',
      { class: 'attack' },
      h('input', { type: 'radio', name: 'attack', value: name, checked: name === 'none' }),
      h('span', {}, h('b', {}, title), ' ', h('small', {}, words)),
    ),
  )
element('unproven', HTMLElement).append(
  ...profile.unproven.map(({ id, why }) => h('li', {}, h('code', {}, id), ' ', why)),
)
const given = new URLSearchParams(location.hash.slice(1)).get('attack')
const choice = choices.querySelector<HTMLInputElement>(`input[value="${CSS.escape(given ?? 'none')}"]`)
if (choice !== null) choice.checked = true

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const isPlain = (event.submitter as HTMLButtonElement | null)?.value === 'plain'
  void (isPlain ? askPlain() : ask())
})
// As in other chats: Enter sends, and Shift with Enter begins a line.
prompt.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  form.requestSubmit()
})

function chosen(): string {
  const name = new FormData(form).get('attack')
  return typeof name === 'string' ? name : 'none'
}

/** On a small screen the verdict is below the form. */
function begin(): boolean {
  if (isBusy || prompt.value.trim() === '') return false
  isBusy = true
  delete document.body.dataset.done
  const verdict = element('verdict', HTMLElement)
  if (verdict.getBoundingClientRect().top > innerHeight / 2) verdict.scrollIntoView()
  return true
}

async function ask(): Promise<void> {
  if (!begin()) return
  const attack = chosen()
  try {
    endorsements ??= await loadEndorsements()
    const own = sessionWith(attack, endorsements)
    await askIn(own, prompt.value.trim())
  } catch (error) {
    say('no', 'The provider does not answer.', String(error))
  } finally {
    isBusy = false
    document.body.dataset.done = attack
  }
}

/** Intel's, once a day and platform: who delivers them does not matter, because Intel signs them. */
async function loadEndorsements(): Promise<TdxOptions['endorsements']> {
  const response = await machine.fetch(`${machine.origin}/ai/relay/none/endorsements`)
  if (!response.ok) throw new Error(`${response.status} for the endorsements`)
  return (await response.json()) as TdxOptions['endorsements']
}

function sessionWith(attack: string, delivered: TdxOptions['endorsements']): Session {
  if (session?.attack === attack && session.send.state !== 'refused' && session.send.state !== 'closed') return session
  session?.send.close()
  const crossings: Crossing[] = []
  const send = attestedFetch(providerOrigin, {
    ...optionsFor(attack, delivered, {
      origin: machine.origin,
      onQuote: (evidence, checks) => {
        own.quote = checks
        if (session === own) badge.evidence = evidence
      },
      onReport: ({ checks }) => (own.report = checks),
    }),
    fetch: recorded(machine.fetch, crossings, () => {
      if (session === own) showWire()
    }),
    onState: ({ state }) => {
      if (session !== own) return
      if (state === 'verifying')
        say('open', 'Asking the provider for proof …', 'A fresh nonce goes out, and nothing else.')
      if (state === 'verified') {
        say('yes', 'Proven. Sending …', 'The prompt is sealed for a key that only this machine has.')
        showChain(chainOf(own, undefined, false))
      }
    },
  })
  const client = new (verifiedFirst(OpenAI))({
    apiKey: 'sk-demo',
    baseURL: `${providerOrigin}/v1`,
    fetch: send,
    maxRetries: 0,
    timeout: 600_000,
    dangerouslyAllowBrowser: true,
  })
  const own: Session = { attack, client, send, messages: [], crossings, quote: [], report: [] }
  session = own
  badge.evidence = undefined
  badge.client = send
  chat.replaceChildren()
  showWire()
  showChain(chainOf(own, undefined, false))
  return own
}

async function askIn(own: Session, content: string): Promise<void> {
  own.messages.push({ role: 'user', content })
  chat.append(h('p', { class: 'mine' }, h('b', {}, 'You'), content))
  const words = h('span', {})
  const answer = h('p', { class: 'theirs' }, h('b', {}, 'Model'), words)
  try {
    const stream = await own.client.chat.completions.create({ model: 'demo', messages: own.messages, stream: true })
    let isFinished = false
    for await (const {
      choices: [first],
    } of stream) {
      if (answer.parentNode === null) chat.append(answer)
      words.append(first?.delta.content ?? '')
      isFinished ||= first?.finish_reason === 'stop'
    }
    if (!isFinished) throw new Error('the answer ended before its end')
    own.messages.push({ role: 'assistant', content: words.textContent })
    say('yes', 'Answered by the proven machine, and by no one else.', 'Every piece of its answer was authenticated.')
    showChain(chainOf(own, undefined, true))
  } catch (error) {
    refuse(own, error, answer)
  }
}

function refuse(own: Session, error: unknown, answer: HTMLElement): void {
  const refusal = refusalOf(error) ?? own.send.refusal ?? error
  const left = own.crossings.some(({ direction, type }) => direction === 'out' && type.startsWith('message/'))
  const isOurs = refusal instanceof AttestationError
  if (isOurs && own.report.length === 0 && !own.quote.some(({ outcome }) => outcome === 'fail'))
    own.report = refusal.checks
  if (answer.parentNode !== null) answer.append(' ', h('strong', { class: 'cut' }, 'cut off here'))
  const views = chainOf(own, refusal, false)
  const broken = views.find(({ state }) => state === 'no')
  const message = refusal instanceof Error ? refusal.message : String(refusal)
  const [first = ''] = message.split('\n')
  say(
    'no',
    left ? 'Stopped: the answer is not the machine’s.' : 'Refused: nothing was sent.',
    broken && links[broken.id].fails,
    `${first}${isOurs ? ` (${refusal.code})` : ''}`,
    left ? 'The prompt had left sealed; no one but the proven machine can open it.' : undefined,
  )
  element('verdict', HTMLElement).dataset.code = isOurs ? refusal.code : 'none'
  showChain(views)
}

/** For comparison: what a page does that trusts the address bar. */
async function askPlain(): Promise<void> {
  if (!begin()) return
  session?.send.close()
  session = undefined
  badge.client = undefined
  const crossings: Crossing[] = []
  const show = (): void => {
    viewWire(crossings, prose('your prompt', prompt.value.trim()))
  }
  chat.replaceChildren(h('p', { class: 'mine' }, h('b', {}, 'You'), prompt.value.trim()))
  const messages = [{ role: 'user', content: prompt.value.trim() }]
  try {
    const response = await recorded(
      machine.fetch,
      crossings,
      show,
    )(`${machine.origin}/ai/relay/${chosen()}/plain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo', messages }),
    })
    chat.append(h('p', { class: 'theirs' }, h('b', {}, 'Model?'), await response.text()))
    say('no', 'Sent. To whom?', 'TLS ends somewhere before the machine: its operator has read the prompt.')
    showChain(chainOf({ quote: [], report: [] }, undefined, false))
  } finally {
    isBusy = false
    document.body.dataset.done = 'plain'
  }
}

function showWire(): void {
  viewWire(session?.crossings ?? [], prose('your prompt', prompt.value.trim()))
}

const markLabels = { yes: 'holds', no: 'does not hold', open: 'not checked yet', never: 'not reached' } as const

function showChain(views: readonly LinkView[]): void {
  chain.replaceChildren(
    ...views.map(({ id, state, checks }) => {
      const { name, holds, fails, why } = links[id]
      const made = checks.filter(({ outcome }) => outcome === 'pass' || outcome === 'fail')
      return h(
        'li',
        { class: `proof ${state}`, 'data-link': id, 'data-state': state },
        mark(state, markLabels[state]),
        h(
          'div',
          {},
          h('h3', {}, name),
          h('p', {}, state === 'no' ? fails : holds),
          h('p', { class: 'why' }, why),
          made.length > 0 &&
            h(
              'details',
              {},
              h('summary', {}, `${made.length} ${made.length === 1 ? 'check' : 'checks'}`),
              h(
                'ul',
                {},
                ...made.map(({ id: code, outcome, summary }) =>
                  h('li', {}, mark(outcome === 'pass' ? 'yes' : 'no', outcome), ' ', h('code', {}, code), ' ', summary),
                ),
              ),
            ),
        ),
      )
    }),
  )
}

setUpEscape()
showWire()
showChain(chainOf({ quote: [], report: [] }, undefined, false))
if (given !== null) void ask()
