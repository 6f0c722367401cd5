/**
 * The page: what is entered goes into the state, the state into a verification, its outcome onto
 * the page. Every change starts over from the bytes.
 */
import { setUpAsk } from './ask.ts'
import { type Bytes, fromPasted } from './bytes.ts'
import { button, type Child, element, h } from './dom.ts'
import { enterFile, type FileTarget, measure, stopReading } from './drop.ts'
import { setUpEscape } from './escape.ts'
import { readForm, showDependents, showFamily, showForm, showProblems } from './form.ts'
import { familyOf, names, type Sighted } from './formats/table.ts'
import { evidenceInText } from './json.ts'
import { linksAreTo } from './links.ts'
import type { Problem } from './policy.ts'
import { type Sample, sampleGroups, samples } from './samples.ts'
import { type Base, emptyState, fromFragment, sampleIn, type State, toShortFragment } from './state.ts'
import { checksView } from './view-checks.ts'
import { opinionsView } from './view-opinions.ts'
import { pendingView, problemView, type Steps, verdictView } from './view-verdict.ts'

const verdict = element('verdict', HTMLElement)
const rest = element('rest', HTMLElement)
let state = emptyState
/** The sample that was chosen last: addresses say what differs from it. */
let base: Base | undefined
/**
 * Expectations that came with a sample or from the demo enclave are not meant for the next
 * document.
 */
let isBorrowed = false
let runs = 0

const baseOfPage = new URL('.', location.href.replace(/[?#].*/s, ''))

async function load(path: string): Promise<Response> {
  const response = await fetch(new URL(path, baseOfPage), { credentials: 'omit' })
  if (!response.ok) throw new Error(`${path} is not here`)
  return response
}

/** Shows and verifies a state. @param attention whether the verdict is what comes next, wherever the visitor is on the page */
function enter(next: State, borrowed: boolean, attention: boolean): void {
  // A file that is still being read was for the state before.
  stopReading()
  state = next
  isBorrowed = borrowed
  const fragment = toShortFragment(next, base)
  element('sample', HTMLSelectElement).value = sampleIn(fragment) ?? ''
  linksAreTo(next, next.evidence === '' || sampleIn(fragment) !== undefined)
  try {
    // The evidence stays with the entry of the history: it survives a reload, and is in no address.
    history.replaceState(next, '', fragment === '' ? location.pathname + location.search : `#${fragment}`)
  } catch {
    // WebKit allows this 100 times in ten seconds. A verdict does not depend on it, and the next
    // change puts the address right.
  }
  void verify(attention).catch(showFailure)
}

function change(to: Partial<State>): void {
  const next = { ...state, ...to }
  showForm(next)
  enter(next, isBorrowed, true)
}

const steps: Steps = {
  change,
  focus(field) {
    const input = element(field, HTMLElement)
    const details = input.closest('details')
    if (details !== null) details.open = true
    input.focus()
    input.scrollIntoView({ block: 'center' })
  },
}

/** A document that someone else's expectations are not meant for. */
function enterEvidence(to: Partial<State>, attention: boolean): void {
  const next = { ...(isBorrowed ? emptyState : state), format: '', ...to }
  showForm(next)
  enter(next, false, attention)
}

async function verify(attention: boolean): Promise<void> {
  const run = ++runs
  const isCurrent = (): boolean => run === runs
  const bytes = fromPasted(state.evidence)
  const found = bytes === undefined ? undefined : familyOf(bytes, state.format)
  if (bytes === undefined || typeof found !== 'object') {
    showProblems([])
    if (state.evidence.trim() === '') showFamily('', undefined, state)
    show(
      bytes === undefined ? 'text' : 'format-unknown',
      unknown(bytes, typeof found === 'object' ? undefined : found),
      attention,
    )
    return
  }
  // What takes a moment says so.
  const waiting = setTimeout(() => {
    if (isCurrent()) wait(attention, `Verifying the ${found.sniff.formats[found.format] ?? 'evidence'} …`)
  }, 60)
  try {
    await verifyAs(found, bytes, isCurrent, attention)
  } finally {
    clearTimeout(waiting)
  }
}

async function verifyAs(
  { format, load: loadFamily, sniff }: Sighted,
  bytes: Bytes,
  isCurrent: () => boolean,
  attention: boolean,
): Promise<void> {
  const { family } = await loadFamily()
  if (!isCurrent()) return
  showFamily(format, family.form(format), state)
  const current = state
  const { policy, problems } = await family.policy(current, format)
  if (!isCurrent()) return
  showProblems(problems)
  if (problems.length > 0) {
    showCorrections(problems)
    return
  }
  const before = loadedBytes()
  const opinion = current.second ? (await import('./second.ts')).opinion : undefined
  const outcome = await family.outcome(bytes, policy, { clock: new Date(), load, opinion })
  if (opinion !== undefined) bytesOfSecondOpinion += loadedBytes() - before
  // Something newer was entered meanwhile.
  if (!isCurrent()) return
  const came = family.verdict(outcome)
  const vendor = typeof sniff.vendor === 'string' ? sniff.vendor : sniff.vendor[format]
  const notSignedBy = policy.root === 'fixture' ? vendor : undefined
  const vocabulary = family.words(format)
  const checks = [
    outcome.opinions && opinionsView(outcome.opinions, bytesOfSecondOpinion, vocabulary),
    checksView(outcome, vocabulary, came.tone === 'todo' ? came.code : undefined),
  ]
  show(
    came.code,
    verdictView(came, notSignedBy, outcome, steps),
    attention,
    ...family.views(outcome, { state: current, checks }),
  )
}

/** What this page has loaded so far, in bytes. */
const loadedBytes = (): number =>
  performance
    .getEntriesByType('resource')
    .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).decodedBodySize, 0)

/** What the second opinion has brought: its libraries come with the first evidence that it reads. */
let bytesOfSecondOpinion = 0

/** Text, bytes of some other kind, or evidence that this page has no family for. */
function unknown(bytes: Bytes | undefined, found: string | undefined): HTMLElement | undefined {
  if (state.evidence.trim() === '') return undefined
  if (bytes === undefined)
    return problemView('This is not evidence of an enclave.', 'It is text, but neither hexadecimal nor base64.')
  if (found !== undefined)
    return problemView(
      `This is evidence of another kind: ${found}.`,
      'The library verifies it, and this page does not.',
      'format-refused',
    )
  return problemView(
    'This is no evidence that this page knows.',
    [
      h('p', {}, 'If it should be, it is damaged. Read it as one of these, to see where:'),
      h(
        'p',
        { class: 'actions' },
        ...Object.entries(names).map(([format, name]) =>
          button(
            name,
            () => {
              change({ format })
            },
            'button small',
          ),
        ),
      ),
    ],
    'format-unknown',
  )
}

function show(code: string, first: Node | undefined, attention: boolean, ...others: readonly Child[]): void {
  steadily(() => {
    verdict.replaceChildren(...(first === undefined ? [welcome()] : [first, toForm()]))
    rest.replaceChildren(h('div', { class: 'stack' }, ...(first === undefined ? [sampleList()] : others)))
    document.body.dataset.verdict = first === undefined ? 'none' : code
    arrange()
  })
  if (attention && first !== undefined) attend()
}

/** On small screens the form is below all that was found. */
function toForm(): HTMLElement {
  const go = (): void => {
    const form = element('form', HTMLElement)
    form.focus({ preventScroll: true })
    form.scrollIntoView()
  }
  return h('p', { class: 'to-form' }, button('Change what you entered', go, 'button small'))
}

/**
 * Keeps the field that has the focus where it is on the screen, whatever becomes of what is above
 * it. What had the focus and is gone has led to the verdict: the focus goes there.
 */
function steadily(change: () => void): void {
  const field = document.activeElement
  const top = field?.closest('#form') === null ? undefined : field?.getBoundingClientRect().top
  change()
  if (field?.isConnected === false) verdict.focus({ preventScroll: true })
  else if (field !== null && top !== undefined) scrollBy(0, field.getBoundingClientRect().top - top)
}

/** On small screens the verdict may be out of sight. */
function attend(): void {
  const { top, bottom } = verdict.getBoundingClientRect()
  if (top < 0 || Math.min(bottom, top + 240) > innerHeight) verdict.scrollIntoView()
}

/** @param attention not while someone types: the field must not go out of sight */
function wait(attention: boolean, headline: string, ...more: readonly Child[]): void {
  steadily(() => {
    verdict.replaceChildren(pendingView(headline, ...more))
    rest.replaceChildren()
    document.body.dataset.verdict = 'pending'
  })
  if (attention) attend()
}

function pending(headline: string, ...more: readonly Child[]): void {
  wait(true, headline, ...more)
}

function showCorrections(problems: readonly Problem[]): void {
  show(
    'options',
    problemView('Not verified: what you expect needs a correction.', problems.map(({ text }) => text).join(' ')),
    false,
  )
}

function showFailure(error: unknown): void {
  show('options', problemView('Not verified.', error instanceof Error ? error.message : String(error)), true)
}

function welcome(): HTMLElement {
  return h(
    'div',
    { class: 'welcome' },
    h('h2', {}, 'Nothing to verify yet'),
    h('p', {}, 'Paste evidence, drop a file anywhere, or see what a verdict looks like:'),
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
      button('Paste evidence', () => {
        steps.focus('evidence')
      }),
    ),
  )
}

function sampleList(): HTMLElement {
  const link = ({ name, title }: Sample): HTMLElement => h('li', {}, h('a', { href: `#sample=${name}` }, title))
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'samples-title' },
    h('h3', { id: 'samples-title' }, 'Samples'),
    h('p', { class: 'note first' }, 'They are made for this project. No vendor signed them.'),
    h(
      'div',
      { class: 'groups' },
      ...sampleGroups.map((group) =>
        h('section', {}, h('h4', {}, group.title), h('ul', {}, ...group.samples.map(link))),
      ),
    ),
  )
}

const target: FileTarget = {
  change,
  evidence(to) {
    enterEvidence(to, true)
  },
  pending(headline, ...more) {
    // What is being verified is not shown over it.
    runs++
    pending(headline, ...more)
  },
  refuse(headline, detail) {
    runs++
    show('text', problemView(headline, detail), true)
  },
  again() {
    void verify(true).catch(showFailure)
  },
}

/** What the address asks for: a sample, a sample with other expectations, or a whole state. */
async function enterAddress(): Promise<void> {
  stopReading()
  const run = ++runs
  const fragment = location.hash.slice(1)
  const kept = stateIn(history.state, fragment)
  const name = samples.find((sample) => sampleIn(fragment) === sample.name)?.name
  if (name === undefined) {
    const next = kept ?? fromFragment(fragment)
    showForm(next)
    enter(next, false, next.evidence !== '')
    return
  }
  pending('Loading the sample …')
  const sample = fromFragment(await (await load(`samples/${name}.txt`)).text())
  if (run !== runs) return
  base = { name, state: sample }
  const next = fromFragment(fragment, sample)
  showForm(next)
  enter(next, true, true)
}

/** What was entered before a reload, if the address is still that of it. */
function stateIn(kept: unknown, fragment: string): State | undefined {
  if (typeof kept !== 'object' || kept === null || !('evidence' in kept)) return undefined
  const before = { ...emptyState, ...(kept as Partial<State>) }
  return toShortFragment(before) === fragment ? before : undefined
}

const twoColumns = matchMedia('(min-width: 68rem)')

/**
 * Where there are two columns, the verdict is on top of its own. Where there is one, it comes first,
 * its checks follow, and the form is below them; before there is a verdict, the form is next.
 */
function arrange(): void {
  const form = element('form', HTMLElement)
  const results = element('results', HTMLElement)
  const isJudged = (document.body.dataset.verdict ?? 'none') !== 'none'
  const wanted = twoColumns.matches ? [form, results] : isJudged ? [verdict, results, form] : [verdict, form, results]
  // What is where it belongs stays there: to move it would take the focus from it. The form never moves.
  if (twoColumns.matches && verdict.parentElement !== results) results.prepend(verdict)
  const before = wanted.slice(0, wanted.indexOf(form))
  const now = [...(form.parentElement?.children ?? [])]
  if (wanted.some((part, i) => now[i] !== part)) {
    form.before(...before)
    form.after(...wanted.slice(before.length + 1))
  }
}

function setUp(): void {
  twoColumns.addEventListener('change', arrange)
  arrange()
  // The address is that of what was entered: a place on the page has none of its own.
  document.querySelector('.skip')?.addEventListener('click', (event) => {
    event.preventDefault()
    verdict.focus()
    verdict.scrollIntoView()
  })
  setUpForm()
  setUpFiles()
  setUpEscape()
  addEventListener('hashchange', () => {
    void enterAddress().catch(showFailure)
  })
  setUpAsk((to) => {
    const next = { ...(to.root === 'fixture' || isBorrowed ? emptyState : state), ...to }
    showForm(next)
    enter(next, to.root === 'fixture', to.evidence !== undefined)
  })
  void enterAddress().catch(showFailure)
}

function setUpForm(): void {
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
    const { target: input } = event
    if (!(input instanceof HTMLElement) || input.closest('.ask') !== null || input === sample) return
    showDependents()
    // Whoever types must not lose sight of the field; what is pasted is complete.
    const isPasted = event instanceof InputEvent && event.inputType.startsWith('insertFromPaste')
    if (input === evidence)
      enterEvidence(isPasted ? evidenceInText(evidence.value) : { evidence: evidence.value }, isPasted)
    else enter(readForm(state), isBorrowed, isPasted || (input instanceof HTMLInputElement && input.type !== 'text'))
  })
  // What was typed is complete when its field is left.
  form.addEventListener('change', ({ target: input }) => {
    if (input instanceof HTMLTextAreaElement && document.body.dataset.verdict !== 'none') attend()
  })
  element('clear', HTMLElement).addEventListener('click', () => {
    base = undefined
    showForm(emptyState)
    enter(emptyState, false, false)
    evidence.focus()
  })
}

function setUpFiles(): void {
  const onChosen = (id: string, take: (file: File) => Promise<void>): void => {
    element(id, HTMLInputElement).addEventListener('change', ({ target: input }) => {
      if (!(input instanceof HTMLInputElement)) return
      const [file] = input.files ?? []
      if (file !== undefined) void take(file).catch(showFailure)
      input.value = ''
    })
  }
  onChosen('file', (file) => enterFile(file, target))
  onChosen('image', (file) => measure(file, target))
  addEventListener('click', ({ target: clicked }) => {
    const id = clicked instanceof HTMLElement ? clicked.id : ''
    if (id === 'choose') element('file', HTMLElement).click()
    if (id === 'measure') element('image', HTMLElement).click()
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
    void files
      .reduce((before, file) => before.then(() => enterFile(file, target)), Promise.resolve())
      .catch(showFailure)
  })
}

setUp()
