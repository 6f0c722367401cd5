/**
 * Asking an enclave for a document, with a nonce that was made for this one request. The page may
 * only reach its own origin: for enclaves elsewhere it prepares the nonce and the command, so that
 * nothing is loosened.
 */
import { attacks } from './attacks.ts'
import { type Bytes, fromPasted, toHex } from './bytes.ts'
import { copyButton, element, h } from './dom.ts'
import { type Reached, reachMachine } from '../reach/index.ts'
import { evidenceIn } from './json.ts'
import type { State } from './state.ts'

/** More than any document needs, as text in JSON too. */
const maximumAnswer = 65_536

/** Where the demo enclave is, on the machine of the demo. */
const demoAddress = 'enclave/attestation'
let machine: Reached | undefined

/** @param onAnswer takes the document and what is expected of it */
export function setUpAsk(onAnswer: (change: Partial<State>) => void): void {
  const address = element('address', HTMLInputElement)
  const attack = element('attack', HTMLSelectElement)
  const answer = element('ask-answer', HTMLElement)
  attack.append(...attacks.map(({ name, title }) => h('option', { value: name }, title)))
  const isDemo = (): boolean => address.value === demoAddress
  const describe = (): void => {
    element('attack-field', HTMLElement).hidden = !isDemo()
    element('attack-says', HTMLElement).textContent = attacks.find(({ name }) => name === attack.value)?.says ?? ''
  }
  address.value = demoAddress
  address.addEventListener('input', describe)
  attack.addEventListener('change', describe)
  describe()
  element('send', HTMLElement).addEventListener('click', () => {
    const nonce = toHex(crypto.getRandomValues(new Uint8Array(32)))
    answer.replaceChildren()
    ask(address.value, nonce, isDemo() ? attack.value : undefined).then(onAnswer, (error: unknown) => {
      answer.replaceChildren(...explain(error, nonce, onAnswer))
    })
  })
}

/** An address that the policy of this page does not let it reach. */
class ElsewhereError extends Error {
  readonly url: URL
  constructor(url: URL) {
    super('elsewhere')
    this.url = url
  }
}

async function ask(address: string, nonce: string, attack: string | undefined): Promise<Partial<State>> {
  const asked = attack === undefined ? undefined : (machine ??= reachMachine(''))
  let url: URL
  try {
    url = new URL(address, asked?.origin ?? location.href.replace(/#.*/s, ''))
  } catch {
    throw new Error('This is no address.')
  }
  url.searchParams.set('nonce', nonce)
  if (asked === undefined && url.origin !== location.origin) throw new ElsewhereError(url)
  if (attack !== undefined) url.searchParams.set('attack', attack)
  const [bytes, reference] = await Promise.all([
    get(url, asked?.fetch),
    asked && get(new URL('measurements.json', url), asked.fetch),
  ])
  const found = evidenceIn(bytes)
  if (fromPasted(found.evidence) === undefined)
    throw new Error('The answer is neither binary nor hexadecimal, base64 or JSON with either in it.')
  return {
    ...found,
    freshness: 'nonce',
    nonce,
    // The demo enclave's build was published before; its root is the one of the fixtures.
    ...(reference && { reference: new TextDecoder().decode(reference), root: 'fixture' }),
  }
}

async function get(url: URL, send: typeof fetch = fetch): Promise<Bytes> {
  const response = await send(url, { credentials: 'omit', cache: 'no-store' }).catch((): undefined => undefined)
  if (response === undefined) throw new Error('No one answered at this address.')
  if (!response.ok) throw new Error(`The answer was ${response.status} ${response.statusText}`.trimEnd() + '.')
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (bytes.length > maximumAnswer) throw new Error('The answer is larger than any document.')
  return bytes
}

function explain(error: unknown, nonce: string, onAnswer: (change: Partial<State>) => void): readonly Node[] {
  if (!(error instanceof ElsewhereError)) return [h('p', { class: 'problem' }, (error as Error).message)]
  const command = `curl -o evidence.bin '${error.url.href.replaceAll("'", '%27')}'`
  onAnswer({ freshness: 'nonce', nonce })
  return [
    h(
      'p',
      {},
      'This page may only reach its own host, so that nothing can leave it. Run this, then drop the file here; the nonce is expected already.',
    ),
    h('div', { class: 'snippet' }, h('pre', { tabindex: '0', 'aria-label': 'Command' }, command), copyButton(command)),
  ]
}
