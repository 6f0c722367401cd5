/**
 * The page: what is entered goes into the state, the state into a verification, its outcome onto the page. Every change starts over from the bytes.
 */
import { setUpAsk } from './ask.ts'
import { type Bytes, fromAnything, fromPasted, toHex } from './bytes.ts'
import { button, element, h } from './dom.ts'
import { readForm, showDependents, showForm, showProblems } from './form.ts'
import type { Library } from './library.ts'
import { outcomeOf } from './outcome.ts'
import { policyOf } from './policy.ts'
import { sampleGroups, samples } from './samples.ts'
import { emptyState, fromFragment, type State, toFragment } from './state.ts'
import { verdictOf } from './verdict.ts'
import { checksView } from './view-checks.ts'
import { codeView } from './view-code.ts'
import { documentView } from './view-document.ts'
import { problemView, verdictView } from './view-verdict.ts'

declare global {
  const veritee: Library
}

/** More than any document needs, as text too. */
const maximumFile = 131_072

const verdict = element('verdict', HTMLElement)
const rest = element('rest', HTMLElement)
let state = emptyState
/** Expectations that came with a sample or from the demo enclave are not meant for the next document. */
let isBorrowed = false
let runs = 0
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
  history.replaceState(null, '', fragment === '' ? location.pathname + location.search : `#${fragment}`)
  void verify().catch(showFailure)
}

function change(to: Partial<State>): void {
  const next = { ...state, ...to }
  showForm(next)
  enter(next, isBorrowed)
}

/** A document that somebody else's expectations are not meant for. */
function enterEvidence(evidence: string): void {
  const next = { ...(isBorrowed ? emptyState : state), evidence }
  showForm(next)
  enter(next, false)
}

async function verify(): Promise<void> {
  const run = ++runs
  const current = state
  const { policy, problems } = policyOf(current)
  const bytes = fromPasted(current.evidence)
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
    show(
      'options',
      problemView('Not verified: what you expect needs a correction.', problems.map(({ text }) => text).join(' '), ''),
    )
    return
  }
  const root = policy.root === 'fixture' ? await loadFixtureRoot() : undefined
  const outcome = await outcomeOf(veritee, bytes, policy, root, new Date())
  // Something newer was entered meanwhile.
  if (run !== runs) return
  const came = verdictOf(outcome)
  show(
    came.code,
    verdictView(came, outcome, change),
    checksView(outcome),
    documentView(outcome),
    codeView(outcome, root),
  )
}

function show(code: string, first: Node | undefined, ...others: readonly Parameters<typeof h>[2][]): void {
  verdict.replaceChildren(...(first === undefined ? [welcome()] : [first]))
  rest.replaceChildren(h('div', { class: 'stack' }, ...others))
  document.body.dataset.verdict = first === undefined ? 'none' : code === 'empty' ? 'text' : code
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
    h('p', {}, 'Paste a document, drop a file, or see what a verdict looks like:'),
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
    h('p', { class: 'note' }, 'Samples are made for this project. AWS did not sign them.'),
  )
}

async function enterFile(file: File): Promise<void> {
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

/** The verdict stands right after the document where there is one column, and on top of its own column where there are two. */
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
    else enter(readForm(), isBorrowed)
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
  element('clear', HTMLElement).addEventListener('click', () => {
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
    const [file] = event.dataTransfer?.files ?? []
    if (file !== undefined) void enterFile(file).catch(showFailure)
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
