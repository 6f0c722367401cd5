/**
 * The form: shows a state, and reads one.
 */
import { element } from './dom.ts'
import type { Problem } from './policy.ts'
import type { State } from './state.ts'

/** A field of one line or of several. */
function field(id: string): HTMLInputElement | HTMLTextAreaElement {
  const found = document.getElementById(id)
  if (found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement) return found
  throw new Error(`the page has no field #${id}`)
}

/** Fields that are always there. */
const texts = [
  'evidence',
  'reference',
  'corim',
  'ca',
  'product',
  'nonce',
  'age',
  'userData',
  'publicKey',
  'skew',
] as const
/** Fields that come with the first quote or report; until then the state keeps their content. */
const quoteTexts = ['collateral', 'log', 'reportData', 'minimumTcb'] as const

const isThere = (id: string): boolean => document.getElementById(id) !== null
const boxesOf = (name: 'tcb' | 'allowed'): HTMLInputElement[] => [
  ...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`),
]
/** What is ticked; what it was before, where there are no boxes yet. */
const ticked = (name: 'tcb' | 'allowed', before: State): string => {
  const boxes = boxesOf(name)
  return boxes.length === 0 ? before[name] : String(boxes.flatMap(({ checked, value }) => (checked ? [value] : [])))
}

function chosen(name: string): string {
  return document.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)?.value ?? ''
}

function choose(name: string, value: string): void {
  for (const input of document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`))
    input.checked = input.value === value
}

/** @param before what the form shows */
export function readForm(before: State): State {
  const there = [...texts, ...quoteTexts].filter(isThere)
  const text = Object.fromEntries(there.map((id) => [id, field(id).value]))
  const time = chosen('time')
  const root = chosen('root')
  return {
    ...before,
    ...text,
    freshness: chosen('freshness') as State['freshness'],
    // A moment that is not written yet is none.
    at: time === 'evidence' ? 'evidence' : time === 'given' ? field('at').value.trim() || '?' : '',
    root: root === 'own' ? field('root').value : root,
    tcb: ticked('tcb', before),
    allowed: ticked('allowed', before),
    debug: element('debug', HTMLInputElement).checked,
  }
}

export function showForm(state: State): void {
  for (const id of [...texts, ...quoteTexts].filter(isThere)) field(id).value = state[id]
  choose('freshness', state.freshness)
  const isGiven = state.at !== '' && state.at !== 'evidence'
  choose('time', isGiven ? 'given' : state.at || 'clock')
  field('at').value = isGiven && state.at !== '?' ? state.at : ''
  const isOwn = state.root !== 'aws' && state.root !== 'fixture'
  choose('root', isOwn ? 'own' : state.root)
  field('root').value = isOwn ? state.root : ''
  element('debug', HTMLInputElement).checked = state.debug
  for (const name of ['tcb', 'allowed'] as const) {
    const accepted = state[name].split(',')
    for (const box of boxesOf(name)) box.checked = accepted.includes(box.value)
  }
  showDependents()
}

/** Fields that belong to a choice are there when it is made. */
export function showDependents(): void {
  field('nonce').hidden = chosen('freshness') !== 'nonce'
  field('age').hidden = chosen('freshness') !== 'age'
  field('at').hidden = chosen('time') !== 'given'
  field('root').hidden = chosen('root') !== 'own'
  // What is filled in must be seen.
  if (field('corim').value !== '') element('signed', HTMLDetailsElement).open = true
}

/**
 * Fields that only one kind of evidence has are there with it: the style sheet hides the others.
 */
export function showKind(kind: 'tdx' | 'sgx' | 'sev-snp' | 'nitro'): void {
  document.body.dataset.kind = kind
}

export function showProblems(problems: readonly Problem[]): void {
  for (const place of document.querySelectorAll('.problem')) {
    const name = place.id.replace('-problem', '')
    const text = problems.find((problem) => problem.field === name)?.text ?? ''
    place.textContent = text
    field(name).setAttribute('aria-invalid', String(text !== ''))
  }
}
