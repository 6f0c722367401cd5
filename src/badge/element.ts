/**
 * The element: draws what a client says of itself, in a shadow of its own. All text is set as text.
 */
import type { Check } from '../core/check.ts'
import { VerificationError } from '../core/errors.ts'
import { requireOption } from '../core/options.ts'
import type { AttestationResult } from '../core/result.ts'
import type { AttestationError } from '../core/errors.ts'
import type { ClientState } from '../client/options.ts'
import { sentenceFor } from './sentences.ts'
import { style } from './style.ts'
import { recipeFor } from './yourself.ts'

/** What the badge reads of a client: what `attestedFetch` returns is one. */
export interface BadgeClient {
  readonly state: ClientState
  readonly result: AttestationResult | undefined
  readonly refusal: AttestationError | undefined
  subscribe(listener: () => void): () => void
}

/** What a page sets on the element. */
export interface BadgeElement {
  /** Whose state is shown. Set it again for another one. */
  client: BadgeClient | undefined
  /** The raw evidence, for visitors to save: what your `verify` was given. */
  evidence: Uint8Array | undefined
  /** Your own sentences by reason code; those that you leave out are the library's. */
  sentences: Readonly<Record<string, string>>
}

const titles: Readonly<Record<ClientState, string>> = {
  idle: 'Not proven yet',
  verifying: 'Asking for proof …',
  verified: 'Proven',
  refused: 'Refused',
  closed: 'Closed',
}
const marks: Readonly<Record<ClientState, string>> = {
  idle: '○',
  verifying: '…',
  verified: '✓',
  refused: '×',
  closed: '–',
}
const states: Readonly<Record<Exclude<ClientState, 'refused'>, string>> = {
  idle: 'The service has not been asked for a proof.',
  verifying: 'A fresh nonce goes out, and nothing else.',
  verified: 'The service runs what this page expects, and what is sent can be read by it alone.',
  closed: 'The session has ended: nothing goes out any more.',
}

/**
 * Registers the element `<veritee-badge>`, once. It shows what a client says: nothing is proven by
 * it, and a page that lies can draw one as well, so the panel tells visitors how to verify
 * themselves.
 *
 * ```ts
 * defineBadge()
 * const badge = document.querySelector('veritee-badge') as Element & BadgeElement
 * badge.client = send
 * ```
 * @param name another name for the element
 * @throws TypeError when `name` is no name of a custom element
 * @throws VerificationError `unsupported` where there are no custom elements
 */
export function defineBadge(name = 'veritee-badge'): void {
  requireOption(
    'name',
    'the name of a custom element',
    typeof name === 'string' && /^[a-z][a-z0-9]*-[a-z0-9-]*$/.test(name),
  )
  if (typeof customElements === 'undefined')
    throw new VerificationError('unsupported', 'custom elements are in browsers only')
  if (customElements.get(name) === undefined) customElements.define(name, badgeClass())
}

/** Made on demand: other runtimes have no elements, and importing a module does nothing. */
function badgeClass(): CustomElementConstructor {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style)

  return class extends HTMLElement implements BadgeElement {
    #client: BadgeClient | undefined
    #evidence: Uint8Array | undefined
    #sentences: Readonly<Record<string, string>> = {}
    #stop: (() => void) | undefined
    readonly #box = h('details', '')
    readonly #title = h('summary', '')
    readonly #said = h('span', 'said')
    readonly #panel = h('div', 'panel')

    constructor() {
      super()
      const shadow = this.attachShadow({ mode: 'open' })
      shadow.adoptedStyleSheets = [sheet]
      this.#said.setAttribute('role', 'status')
      this.#box.append(this.#title, this.#panel)
      shadow.append(this.#box, this.#said)
      // Drawn later: `createElement` refuses an element whose constructor gives it attributes.
    }

    connectedCallback(): void {
      // What a page set before the element was defined hides the setters.
      for (const name of ['client', 'evidence', 'sentences'] as const) {
        if (!Object.hasOwn(this, name)) continue
        const value = this[name]
        Reflect.deleteProperty(this, name)
        Object.assign(this, { [name]: value })
      }
      this.#listen()
    }

    disconnectedCallback(): void {
      this.#stop?.()
      this.#stop = undefined
    }

    get client(): BadgeClient | undefined {
      return this.#client
    }

    set client(client: BadgeClient | undefined) {
      requireOption(
        'client',
        'what attestedFetch returns',
        client === undefined || typeof (client as Partial<BadgeClient>).subscribe === 'function',
      )
      this.#client = client
      if (this.isConnected) this.#listen()
      this.#draw()
    }

    get evidence(): Uint8Array | undefined {
      return this.#evidence
    }

    set evidence(evidence: Uint8Array | undefined) {
      requireOption('evidence', 'bytes (Uint8Array)', evidence === undefined || evidence instanceof Uint8Array)
      this.#evidence = evidence?.slice()
      this.#draw()
    }

    get sentences(): Readonly<Record<string, string>> {
      return this.#sentences
    }

    set sentences(sentences: Readonly<Record<string, string>>) {
      this.#sentences = { ...sentences }
      this.#draw()
    }

    #listen(): void {
      this.#stop?.()
      this.#stop = this.#client?.subscribe(() => {
        this.#draw()
      })
      this.#draw()
    }

    #draw(): void {
      const { state = 'idle', result, refusal } = this.#client ?? {}
      const sentence = state === 'refused' ? this.#sentenceOf(refusal) : states[state]
      this.setAttribute('state', state)
      this.#box.className = state
      this.#title.replaceChildren(hidden(marks[state]), h('span', '', titles[state]))
      this.#said.textContent = `${titles[state]}. ${sentence}`
      const checks = (state === 'refused' ? refusal : result)?.checks ?? []
      this.#panel.replaceChildren(
        h('p', '', sentence),
        ...(state === 'refused' && refusal !== undefined ? [reasonOf(refusal)] : []),
        ...(state === 'verified' && result !== undefined ? [factsOf(result)] : []),
        ...listOf(checks),
        ...(this.#evidence === undefined ? [] : [saving(this.#evidence)]),
        ...(result === undefined ? [] : yourself(result.format)),
      )
    }

    #sentenceOf(refusal: AttestationError | undefined): string {
      if (refusal === undefined) return 'The service could not be proven.'
      const { code } = refusal
      return Object.hasOwn(this.#sentences, code) ? String(this.#sentences[code]) : sentenceFor(code)
    }
  }
}

function reasonOf({ message, code }: AttestationError): HTMLElement {
  const [first = ''] = message.split('\n')
  return h('p', 'soft', shortened(first), ' (', h('code', '', code), ')')
}

function factsOf({ format, verifiedAt, validUntil }: AttestationResult): HTMLElement {
  const until = validUntil.toISOString()
  return h('p', 'soft', `Evidence of ${format}, verified ${verifiedAt.toISOString()}, good until ${until}.`)
}

/** No headings inside: the order of headings is the page's. */
function listOf(checks: readonly Check[]): HTMLElement[] {
  const made = checks.filter(({ outcome }) => outcome === 'pass' || outcome === 'fail')
  if (made.length === 0) return []
  const failed = made.filter(({ outcome }) => outcome === 'fail')
  // What failed must not be looked for in a list that scrolls.
  const shown = [...failed, ...made.filter(({ outcome }) => outcome === 'pass')]
  const list = h(
    'ul',
    '',
    ...shown.map(({ id, outcome, summary }) =>
      h(
        'li',
        outcome,
        h('span', '', outcome === 'pass' ? '✓' : '×'),
        h('span', '', `${outcome === 'pass' ? '' : 'Failed: '}${shortened(summary)} `, h('code', 'soft', id)),
      ),
    ),
  )
  // It scrolls: the keyboard must reach it.
  list.tabIndex = 0
  list.setAttribute('aria-label', 'checks')
  const count = made.length === 1 ? '1 check' : `${made.length} checks`
  return [h('p', 'head', `${count}, ${failed.length} failed`), list]
}

function saving(evidence: Uint8Array): HTMLElement {
  const button = h('button', '', `Save the raw evidence (${evidence.length} bytes)`)
  button.setAttribute('type', 'button')
  button.addEventListener('click', () => {
    const address = URL.createObjectURL(new Blob([new Uint8Array(evidence)], { type: 'application/octet-stream' }))
    const link = document.createElement('a')
    link.href = address
    link.download = 'evidence.bin'
    link.click()
    URL.revokeObjectURL(address)
  })
  return button
}

function yourself(format: string): HTMLElement[] {
  const { program, command } = recipeFor(format)
  return [
    h('p', 'head', 'Verify it yourself'),
    h('p', '', 'A page can draw any badge. Save the evidence, and verify it where you trust the code:'),
    h('pre', '', program),
    h('pre', '', command),
  ]
}

function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  element.append(...children)
  return element
}

/** For eyes only: the words beside it say the same. */
function hidden(text: string): HTMLElement {
  const element = h('span', '', text)
  element.setAttribute('aria-hidden', 'true')
  return element
}

/** Digests are cut to their ends. */
function shortened(text: string): string {
  return text.replace(/\b([\da-f]{8})[\da-f]{20,}([\da-f]{8})\b/g, '$1…$2')
}
