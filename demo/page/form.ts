/**
 * The form: shows a state, and reads one. Fields that only one family has come with its evidence.
 */
import { type Child, element, flat } from './dom.ts'
import type { FormParts } from './formats/family.ts'
import type { Problem } from './policy.ts'
import { emptyState, type State } from './state.ts'

/** Those that are no text: choices, boxes, and what is made of several. */
const others: readonly (keyof State)[] = ['freshness', 'at', 'root', 'tcb', 'allowed', 'debug']
const texts = (Object.keys(emptyState) as (keyof State)[]).filter((key) => !others.includes(key))

function field(id: string): HTMLInputElement | HTMLTextAreaElement | undefined {
  const found = document.getElementById(id)
  return found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement ? found : undefined
}

const fieldsThere = (): (readonly [keyof State, HTMLInputElement | HTMLTextAreaElement])[] =>
  texts.flatMap((id) => {
    const found = field(id)
    return found === undefined ? [] : [[id, found] as const]
  })

const boxesOf = (name: string): HTMLInputElement[] => [
  ...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`),
]

function chosen(name: string): string | undefined {
  return boxesOf(name).find(({ checked }) => checked)?.value
}

function choose(name: string, value: string): void {
  for (const input of boxesOf(name)) input.checked = input.value === value
}

/** What is ticked; what it was before, where there are no boxes. */
function ticked(name: 'tcb' | 'allowed', before: State): string {
  const boxes = boxesOf(name)
  return boxes.length === 0 ? before[name] : String(boxes.flatMap(({ checked, value }) => (checked ? [value] : [])))
}

/** @param before what the form shows: what it has no fields for stays */
export function readForm(before: State): State {
  const time = chosen('time')
  const root = chosen('root')
  return {
    ...before,
    ...Object.fromEntries(fieldsThere().map(([id, { value }]) => [id, value])),
    freshness: (chosen('freshness') ?? before.freshness) as State['freshness'],
    at: time === 'given' ? momentIn(field('at')?.value.trim()) : time === 'evidence' ? 'evidence' : '',
    root: root === 'own' ? (field('root')?.value ?? '') : (root ?? before.root),
    tcb: ticked('tcb', before),
    allowed: ticked('allowed', before),
    debug: element('debug', HTMLInputElement).checked,
  }
}

/** A moment that is not written yet is none. */
const momentIn = (text = ''): string => (text === '' ? '?' : text)

export function showForm(state: State): void {
  for (const [id, input] of fieldsThere()) if (input.value !== state[id]) input.value = String(state[id])
  choose('freshness', state.freshness)
  const isGiven = state.at !== '' && state.at !== 'evidence'
  choose('time', isGiven ? 'given' : state.at || 'clock')
  const isOwn = state.root !== 'pinned' && state.root !== 'fixture'
  choose('root', isOwn ? 'own' : state.root)
  for (const [id, text] of [
    ['at', isGiven && state.at !== '?' ? state.at : ''],
    ['root', isOwn ? state.root : ''],
  ] as const) {
    const input = field(id)
    if (input !== undefined) input.value = text
  }
  element('debug', HTMLInputElement).checked = state.debug
  for (const name of ['tcb', 'allowed'] as const) {
    const accepted = state[name].split(',')
    for (const box of boxesOf(name)) box.checked = accepted.includes(box.value)
  }
  showDependents()
}

/** Fields that belong to a choice are there when it is made. */
export function showDependents(): void {
  const hide = (id: string, isHidden: boolean): void => {
    const input = field(id)
    if (input !== undefined) input.hidden = isHidden
  }
  hide('nonce', boxesOf('freshness').length > 0 && chosen('freshness') !== 'nonce')
  hide('age', chosen('freshness') !== 'age')
  hide('at', chosen('time') !== 'given')
  hide('root', chosen('root') !== 'own')
  // What is filled in must be seen.
  for (const details of document.querySelectorAll<HTMLDetailsElement>('.step details')) {
    const isFilled = [...details.querySelectorAll<HTMLTextAreaElement>('textarea')].some(({ value }) => value !== '')
    if (isFilled) details.open = true
  }
}

let shownFor = ''

/**
 * The fields of a family, in the place of those of another.
 * @param kind of evidence; '' for none, which leaves the fields that there are
 */
export function showFamily(kind: string, parts: FormParts | undefined, state: State): void {
  if (kind === shownFor) return
  shownFor = kind
  document.body.dataset.kind = kind
  const fill = (id: string, child: Child): void => {
    element(id, HTMLElement).replaceChildren(...flat([child]))
  }
  fill('family-document', parts?.document)
  fill('family-expected', parts?.expected)
  fill('family-more', parts?.more)
  fill('family-hint', parts === undefined ? 'what your build printed' : parts.hint)
  fill('family-root', parts === undefined ? 'The vendor’s' : (parts.root ?? 'none: you name the keys'))
  element('time-evidence', HTMLElement).hidden = parts?.hasDate !== true
  showForm(state)
}

export function showProblems(problems: readonly Problem[]): void {
  for (const place of document.querySelectorAll('.problem')) {
    const name = place.id.replace('-problem', '')
    const text = problems.find((problem) => problem.field === name)?.text ?? ''
    place.textContent = text
    field(name)?.setAttribute('aria-invalid', String(text !== ''))
  }
}
