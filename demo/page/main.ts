/**
 * The page: what is entered goes into the state, the state into a verification, its outcome onto
 * the page. Every change starts over from the bytes.
 */
import { setUpAsk } from './ask.ts'
import { type Bytes, fromAnything, fromPasted, toHex } from './bytes.ts'
import { button, element, h } from './dom.ts'
import { readForm, showDependents, showForm, showKind, showProblems } from './form.ts'
import { printable } from '../../src/inspect/index.ts'
import type { AttestationError, SignedReferenceValues } from './library.ts'
import { outcomeOf } from './outcome.ts'
import { type Policy, policyOf, type Problem } from './policy.ts'
import { buildsOf, type MeasuredImage, measureImage, openSigned, printed } from './reference.ts'
import { sampleGroups, samples } from './samples.ts'
import { emptyState, fromFragment, type State, toFragment } from './state.ts'
import { isReport, kindOf, quoteKindOf } from './sniff.ts'
import { factsOf, verdictOf } from './verdict.ts'
import { checksView } from './view-checks.ts'
import { codeView } from './view-code.ts'
import { referenceView } from './view-reference.ts'
import { documentView } from './view-document.ts'
import { problemView, verdictView } from './view-verdict.ts'
import { vocabulary } from './words.ts'

/** More than any document needs, as text too. */
const maximumFile = 131_072
const maximumReference = 1_048_576

const verdict = element('verdict', HTMLElement)
const rest = element('rest', HTMLElement)
let state = emptyState
/**
 * Expectations that came with a sample or from the demo enclave are not meant for the next
 * document.
 */
let isBorrowed = false
let runs = 0
/** The image that was measured last, and what is measuring one. */
let image: MeasuredImage | undefined
let measuring: AbortController | undefined
let fixtureRoot: Promise<Bytes> | undefined

const baseOfPage = new URL('.', location.href.replace(/[?#].*/s, ''))

async function load(path: string): Promise<Response> {
  const response = await fetch(new URL(path, baseOfPage), { credentials: 'omit' })
  if (!response.ok) throw new Error(`${path} is not here`)
  return response
}

function loadFixtureRoot(): Promise<Bytes> {
  fixtureRoot ??= load('samples/root.der').then(async (response) => new Uint8Array(await response.arrayBuffer()))
  return fixtureRoot
}

/** Shows and verifies a state. */
function enter(next: State, borrowed: boolean, fragment = toFragment(next)): void {
  state = next
  isBorrowed = borrowed
  const isSample = fragment.startsWith('sample=')
  element('sample', HTMLSelectElement).value = isSample ? fragment.slice(7) : ''
  try {
    history.replaceState(null, '', fragment === '' ? location.pathname + location.search : `#${fragment}`)
  } catch {
    // WebKit allows this 100 times in ten seconds. A verdict does not depend on it, and the next
    // change puts the address right.
  }
  void verify().catch(showFailure)
}

function change(to: Partial<State>): void {
  const next = { ...state, ...to }
  showForm(next)
  enter(next, isBorrowed)
}

/** A document that someone else's expectations are not meant for. */
function enterEvidence(evidence: string): void {
  const next = { ...(isBorrowed ? emptyState : state), evidence }
  showForm(next)
  enter(next, false)
}

async function verify(): Promise<void> {
  const run = ++runs
  const current = state
  const bytes = fromPasted(current.evidence)
  if (bytes !== undefined && isReport(bytes)) {
    showKind('sev-snp')
    // What verifies reports is loaded with the first of them.
    const { extendForm, showReport } = await import('./formats/amd.ts')
    if (extendForm()) showForm(state)
    const shown = await showReport({ bytes, state: current, clock: new Date(), load, change })
    if (run !== runs) return
    showProblems(shown.problems)
    if ('verdict' in shown) show(shown.code, shown.verdict, ...shown.rest)
    else showCorrections(shown.problems)
    return
  }
  const kind = bytes && quoteKindOf(bytes)
  showKind(kind ?? 'nitro')
  if (bytes !== undefined && kind !== undefined) {
    // What verifies quotes is loaded with the first of them.
    const { extendForm, showQuote } = await import('./formats/intel.ts')
    if (extendForm()) showForm(state)
    const shown = await showQuote({ kind, bytes, state: current, clock: new Date(), load, change })
    if (run !== runs) return
    showProblems(shown.problems)
    if ('verdict' in shown) show(shown.code, shown.verdict, ...shown.rest)
    else showCorrections(shown.problems)
    return
  }
  const { policy, problems } = policyOf(current)
  if (bytes === undefined) {
    showProblems(problems)
    show(
      'empty',
      current.evidence.trim() === ''
        ? undefined
        : problemView('This is not an attestation document.', 'It is text, but neither hexadecimal nor base64.', ''),
    )
    return
  }
  showProblems(problems)
  if (problems.length > 0) {
    showCorrections(problems)
    return
  }
  const clock = new Date()
  const signed = await open(policy, clock)
  if (run !== runs) return
  if (signed instanceof veritee.AttestationError) {
    const { message, code } = signed
    show(code, problemView('Not verified: the signed reference values were refused.', printable(message), code))
    return
  }
  const root = policy.root === 'fixture' ? await loadFixtureRoot() : undefined
  const asked = signed === undefined ? policy : { ...policy, builds: buildsOf(signed) }
  const outcome = { ...(await outcomeOf(veritee, bytes, asked, root, clock)), signed }
  // Something newer was entered meanwhile.
  if (run !== runs) return
  const came = verdictOf(outcome)
  show(
    came.code,
    verdictView(came, factsOf(outcome), policy.root === 'fixture' ? 'AWS' : undefined, outcome, change),
    referenceView(outcome, image),
    checksView(outcome, vocabulary),
    documentView(outcome),
    codeView(outcome, root),
  )
}

/** What the CA signed, or why that is not to be believed. */
async function open(
  { signed, at, skewSeconds }: Policy,
  clock: Date,
): Promise<SignedReferenceValues | AttestationError | undefined> {
  if (signed === undefined) return undefined
  try {
    return await openSigned(signed, at instanceof Date ? at : clock, skewSeconds)
  } catch (error) {
    if (error instanceof veritee.AttestationError) return error
    throw error
  }
}

function show(code: string, first: Node | undefined, ...others: readonly Parameters<typeof h>[2][]): void {
  verdict.replaceChildren(...(first === undefined ? [welcome()] : [first]))
  rest.replaceChildren(h('div', { class: 'stack' }, ...others))
  document.body.dataset.verdict = first === undefined ? 'none' : code === 'empty' ? 'text' : code
}

function showCorrections(problems: readonly Problem[]): void {
  show(
    'options',
    problemView('Not verified: what you expect needs a correction.', problems.map(({ text }) => text).join(' '), ''),
  )
}

function showFailure(error: unknown): void {
  show('options', problemView('Not verified.', error instanceof Error ? error.message : String(error), ''))
}

function welcome(): HTMLElement {
  const link = ({ name, title }: (typeof samples)[number]): HTMLElement =>
    h('li', {}, h('a', { href: `#sample=${name}` }, title))
  return h(
    'div',
    { class: 'welcome' },
    h('h2', {}, 'Nothing to verify yet'),
    h('p', {}, 'Paste a document, a quote or a report, drop a file, or see what a verdict looks like:'),
    h(
      'p',
      { class: 'actions' },
      button(
        'Show me a sound enclave',
        () => {
          location.hash = 'sample=valid'
        },
        'button strong',
      ),
    ),
    h(
      'div',
      { class: 'groups' },
      ...sampleGroups.map((group) =>
        h('section', {}, h('h3', {}, group.title), h('ul', {}, ...group.samples.map(link))),
      ),
    ),
    h('p', { class: 'note' }, 'Samples are made for this project. Neither AWS nor Intel nor AMD signed them.'),
  )
}

/** Files of every kind that the page takes; each goes where it belongs. */
async function enterFile(file: File): Promise<void> {
  const kind = kindOf(new Uint8Array(await file.slice(0, 512).arrayBuffer()))
  if (kind === 'image') {
    await enterImage(file)
    return
  }
  if (kind === 'document') {
    await enterDocument(file)
    return
  }
  if (file.size > maximumReference) throw new Error(`${file.name} is larger than any such file is.`)
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (kind === 'reference') change({ corim: toHex(bytes), reference: '' })
  else if (kind === 'certificate') change({ ca: bytes[0] === 0x30 ? toHex(bytes) : new TextDecoder().decode(bytes) })
  else if (kind === 'collateral') change({ collateral: new TextDecoder().decode(bytes) })
  // dstack's log is JSON; that of firmware begins with the number of a register.
  else if (kind === 'log') change({ log: bytes[0] === 0 ? toHex(bytes) : new TextDecoder().decode(bytes) })
  else change({ reference: new TextDecoder().decode(bytes), corim: '' })
}

/** Measures an image, here, and expects it. */
async function enterImage(file: File): Promise<void> {
  measuring?.abort()
  const own = new AbortController()
  measuring = own
  const [area, bar, problem] = [
    element('measuring', HTMLElement),
    element('measured', HTMLProgressElement),
    element('image-problem', HTMLElement),
  ]
  problem.textContent = ''
  bar.value = 0
  area.hidden = false
  try {
    image = await measureImage(file, (share) => (bar.value = share), own.signal)
    change({ reference: printed(image), corim: '' })
  } catch (error) {
    if (own.signal.aborted) return
    const reason = error instanceof Error ? printable(error.message) : String(error)
    problem.textContent = `${printable(file.name)} was not measured: ${reason}`
  } finally {
    if (measuring === own) area.hidden = true
  }
}

async function enterDocument(file: File): Promise<void> {
  if (file.size > maximumFile) {
    show(
      'text',
      problemView('This is not an attestation document.', `${file.name} is larger than any document is.`, ''),
    )
    return
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  const evidence = fromAnything(bytes)
  enterEvidence(evidence === undefined ? new TextDecoder().decode(bytes) : toHex(evidence))
  showVerdict()
}

/** What the address asks for: a sample by its name, or a whole state. */
async function enterAddress(): Promise<void> {
  const run = ++runs
  const fragment = location.hash.slice(1)
  const name = samples.find((sample) => fragment === `sample=${sample.name}`)?.name
  if (name === undefined) {
    const next = fromFragment(fragment)
    showForm(next)
    enter(next, false)
    return
  }
  const next = fromFragment(await (await load(`samples/${name}.txt`)).text())
  if (run !== runs) return
  showForm(next)
  enter(next, true, fragment)
  showVerdict()
}

/**
 * The verdict stands right after the document where there is one column, and on top of its own
 * column where there are two.
 */
function placeVerdict({ matches }: Pick<MediaQueryList, 'matches'>): void {
  if (matches) element('results', HTMLElement).prepend(verdict)
  else element('document-step', HTMLElement).after(verdict)
}

/** For what was not typed: the verdict may be out of sight. */
function showVerdict(): void {
  if (verdict.getBoundingClientRect().top > innerHeight * 0.7) verdict.scrollIntoView()
}

function setUp(): void {
  const twoColumns = matchMedia('(min-width: 68rem)')
  twoColumns.addEventListener('change', placeVerdict)
  placeVerdict(twoColumns)
  const form = element('form', HTMLFormElement)
  const sample = element('sample', HTMLSelectElement)
  const evidence = element('evidence', HTMLTextAreaElement)
  sample.append(
    ...sampleGroups.map(({ title, samples: own }) =>
      h('optgroup', { label: title }, ...own.map((one) => h('option', { value: one.name }, one.title))),
    ),
  )
  sample.addEventListener('change', () => {
    if (sample.value !== '') location.hash = `sample=${sample.value}`
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
  })
  form.addEventListener('input', (event) => {
    if (!(event.target instanceof HTMLElement) || event.target.closest('.ask') !== null || event.target === sample)
      return
    showDependents()
    if (event.target === evidence && isBorrowed) enterEvidence(evidence.value)
    else enter(readForm(state), isBorrowed)
  })
  element('choose', HTMLElement).addEventListener('click', () => {
    element('file', HTMLElement).click()
  })
  element('file', HTMLInputElement).addEventListener('change', ({ target }) => {
    const input = target as HTMLInputElement
    const [file] = input.files ?? []
    if (file !== undefined) void enterFile(file).catch(showFailure)
    input.value = ''
  })
  element('measure', HTMLElement).addEventListener('click', () => {
    element('image', HTMLElement).click()
  })
  element('image', HTMLInputElement).addEventListener('change', ({ target }) => {
    const input = target as HTMLInputElement
    const [file] = input.files ?? []
    if (file !== undefined) void enterImage(file).catch(showFailure)
    input.value = ''
  })
  element('stop', HTMLElement).addEventListener('click', () => {
    measuring?.abort()
    element('measuring', HTMLElement).hidden = true
  })
  element('clear', HTMLElement).addEventListener('click', () => {
    measuring?.abort()
    image = undefined
    showForm(emptyState)
    enter(emptyState, false)
    evidence.focus()
  })
  addEventListener('dragover', (event) => {
    event.preventDefault()
    document.body.classList.add('dropping')
  })
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dropping')
  })
  addEventListener('drop', (event) => {
    event.preventDefault()
    document.body.classList.remove('dropping')
    const files = [...(event.dataTransfer?.files ?? [])]
    void files.reduce((before, file) => before.then(() => enterFile(file)), Promise.resolve()).catch(showFailure)
  })
  addEventListener('hashchange', () => {
    void enterAddress().catch(showFailure)
  })
  setUpAsk((to) => {
    const next = { ...(to.root === 'fixture' || isBorrowed ? emptyState : state), ...to }
    showForm(next)
    enter(next, to.root === 'fixture')
    if (to.evidence !== undefined) showVerdict()
  })
  void enterAddress().catch(showFailure)
}

setUp()
