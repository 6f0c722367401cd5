/**
 * Verdicts for people: a checklist, what the evidence says, and on the last line the verdict.
 */
import { AppraisalError, AttestationError } from '../core/errors.ts'
import type { Check, EvidenceResult } from '../index.ts'
import type { SignedReferenceValues } from '../reference/index.ts'
import { familyOf, ofAll } from './formats/formats.ts'
import { type Colour, paint, row, wrap } from './text.ts'

/** What a check looks at, for people who do not know the codes. */
const questions: Readonly<Record<string, string>> = {
  'root-mismatch': 'Root certificate is the pinned one of the vendor',
  'cert-parse': 'Certificates are well formed',
  'cert-algorithm': 'Certificates use the algorithm of the vendor',
  'cert-extension': 'CAs may issue, the leaf may sign',
  'cert-path-length': 'No certificate chain longer than allowed',
  'cert-chain-name': 'Each certificate names its issuer',
  'cert-validity': 'Certificates are within their dates',
  'cert-chain-signature': 'Each certificate is signed by its issuer',
  'policy-debug': 'Is not in debug mode',
  'second-opinion-disagrees': 'A second, independent implementation agrees',
  'second-opinion-unavailable': 'A second, independent implementation agrees',
  ...ofAll((family) => family.questions),
}

/** Checks whose question says all that the library's own summary would. */
const plain: readonly string[] = [
  'policy-kind',
  'policy-debug',
  'policy-nonce',
  'policy-user-data',
  'policy-public-key',
]

/** What to do about a refusal, where something can be done. */
const hints: Readonly<Record<string, string>> = {
  'root-mismatch': 'Not issued by the vendor. For a PKI of your own, as in tests, name its root with --root FILE.',
  'cert-validity': 'For an archived document, name the time with --at: that proves the past only.',
  'policy-debug': 'The operator of a debug enclave can read its memory. For development only: --allow-debug.',
  'second-opinion-disagrees':
    'The library accepts it, and another implementation does not, or reads it in another way: one of them is wrong. Please report it, with the evidence.',
  'second-opinion-unavailable': 'It needs: npm install cbor-x asn1js pkijs @peculiar/x509 reflect-metadata.',
  'format-refused': 'What is expected of one kind of evidence says nothing of another: see veritee verify --help.',
  ...ofAll((family) => family.hints),
}

const stages = { decode: 'Is it well formed?', verify: 'Is it authentic?', appraise: 'Is it as expected?' } as const
const marks: Readonly<Record<Check['outcome'], readonly [string, Colour]>> = {
  pass: ['✓', 'green'],
  fail: ['✗', 'red'],
  'not-requested': ['·', 'gray'],
  skipped: ['!', 'yellow'],
}

/** What the checks themselves do not tell. */
export interface Circumstances {
  /** The caller named the root certificates that are trusted. */
  readonly ownRoot: boolean
  /** Where the reference values came from, if they are signed. */
  readonly signed: SignedReferenceValues | undefined
  /** A second opinion had to agree. */
  readonly isSecondAsked: boolean
}

export function printVerdict(verdict: EvidenceResult | AttestationError, circumstances: Circumstances): string {
  const { ownRoot } = circumstances
  const asked = ownRoot ? { ...questions, 'root-mismatch': 'Root certificate is one that you named' } : questions
  const checklist = checklistOf(verdict.checks, asked)
  const conclusion = verdict instanceof AttestationError ? refusal(verdict) : success(verdict, circumstances)
  return [...checklist, ...conclusion].join('\n')
}

/** What was checked, stage by stage. @param asked what each check looks at, by its code */
export function checklistOf(checks: readonly Check[], asked: typeof questions): readonly string[] {
  return (['decode', 'verify', 'appraise'] as const).flatMap((stage) => {
    const made = checks.filter((check) => check.stage === stage)
    return made.length === 0
      ? []
      : [paint('bold', stages[stage]), ...once(made, asked).flatMap((check) => describe(check, asked)), '']
  })
}

/**
 * Quotes have several of everything: each question is printed once, with the answer that matters.
 */
function once(made: readonly Check[], asked: typeof questions): readonly Check[] {
  const answers = new Map<string, Check>()
  for (const check of made) {
    const question = questionOf(check, asked)
    // The map keeps the place of the first.
    if (check.outcome !== 'pass' || !answers.has(question)) answers.set(question, check)
  }
  return [...answers.values()]
}

/** The message of an error repeats what is shown below it. */
function subjectOf({ summary, actual }: Check): string {
  return actual === undefined ? summary : (summary.split(': expected ')[0] ?? summary)
}

/**
 * By the whole subject or its first word, where a code has several; families can share codes, and
 * mean other things by them.
 */
function questionOf(check: Check, asked: typeof questions): string {
  const subject = subjectOf(check)
  const [first = ''] = subject.split(' ')
  return asked[`${check.id} ${subject}`] ?? asked[`${check.id} ${first}`] ?? asked[check.id] ?? check.id
}

function describe(check: Check, asked: typeof questions): string[] {
  const { id, outcome, expected, actual } = check
  const isAllowed = outcome === 'pass' && expected === 'allowed' && actual !== 'off'
  const [mark, colour] = marks[isAllowed ? 'skipped' : outcome]
  const subject = subjectOf(check)
  const remark = { pass: isAllowed ? 'ALLOWED' : '', fail: id, 'not-requested': 'not requested', skipped: 'SKIPPED' }[
    outcome
  ]
  // The longest code takes its room from the blanks before it.
  const width = Math.min(50, 75 - remark.length)
  const question = `  ${paint(colour, mark)} ${questionOf(check, asked).padEnd(width)} ${remark}`.trimEnd()
  if (outcome !== 'fail') return [question]
  return [question, ...(plain.includes(id) ? [] : indented(subject, 6)), ...difference(expected, actual)]
}

/**
 * Expected and found, one above the other; for registers, each with its name and only where they
 * differ.
 */
function difference(expected: string | undefined, actual: string | undefined): string[] {
  if (expected === undefined || actual === undefined) return []
  const found = actual.split('\n')
  const pairs = expected.split('\n').map((line, i) => [line, found[i] ?? ''] as const)
  if (!pairs.every((pair) => pair.every((line) => /^[a-zA-Z]+\d* (?:(?:at least )?[0-9a-f]{2,}|absent)$/.test(line)))) {
    return [...lines('expected', expected), ...lines('found', inWords(actual))]
  }
  const width = Math.max(5, ...pairs.map(([wanted]) => wanted.indexOf(' ')))
  const line = (name: string, what: string, value: string): string =>
    row(`${name.padEnd(width)} ${what}`, value, [6, width + 9, 48])
  return pairs.flatMap(([wanted, got]) => {
    const name = wanted.slice(0, wanted.indexOf(' '))
    const [value, other] = [wanted, got].map((text) => text.slice(name.length + 1)) as [string, string]
    if (isMet(value, other)) return [row(name, 'as expected', [6, width])]
    return [line(name, 'expected', value), line('', 'found', other)]
  })
}

/** A register as reference values test it: one value, or a number that is a minimum. */
function isMet(wanted: string, found: string): boolean {
  const minimum = /^at least (.*)$/.exec(wanted)?.[1]
  return minimum === undefined ? wanted === found : found.length === minimum.length && found >= minimum
}

/** A label, and a value that may have several lines of its own. */
function lines(label: string, value: string): string[] {
  return value.split('\n').map((line, i) => row(i === 0 ? label : '', line, [6, 9]))
}

/** The library says which option would accept a status; here it is an argument. */
function inWords(text: string): string {
  return text.replace(/pass acceptedTcbStatuses: \[(.*)\]/, (_whole, statuses: string) =>
    statuses.replace(/'(\w+)'(?:, )?/g, ' --accept-tcb-status $1').trim(),
  )
}

/** What is wrong, what to do about it, and the verdict. */
export function refusal(error: AttestationError): string[] {
  const codes = error instanceof AppraisalError ? error.failures.map(({ id }) => id) : [error.code]
  const advice = codes.flatMap((code) => (hints[code] === undefined ? [] : [hints[code]]))
  return [
    ...(error.checks.length === 0 ? indented(error.message, 0) : []),
    ...advice.flatMap((hint) => indented(hint, 0)),
    ...(error.checks.length === 0 || advice.length > 0 ? [''] : []),
    ...verdictLines('red', `REFUSED: ${reasonOf(error)} (${codes.join(', ')})`),
  ]
}

function reasonOf(error: AttestationError): string {
  if (error instanceof AppraisalError) return 'authentic, but not what you expect'
  if (error.code.startsWith('second-opinion-')) return 'no second opinion bears it out'
  return error.code === 'clock-suspect' ? 'signed, but its dates do not fit' : 'not authentic'
}

function success(result: EvidenceResult, { ownRoot, signed, isSecondAsked }: Circumstances): string[] {
  const weaknesses = caveats(result, ownRoot)
  const { format, matched, attestedAt, clockOffsetSeconds, validUntil } = result
  const [before, after] = familyOf(format).rows(result.claims)
  const rows: (readonly [string, string | undefined])[] = [
    ...before,
    ['matched', matched === undefined ? undefined : String(matched)],
    [
      'as signed',
      signed &&
        `${signed.product} version ${signed.version} by ${signed.signers.join(' and ')}, valid until ${signed.validUntil.toISOString()}`,
    ],
    ['made at', attestedAt?.toISOString()],
    ['clock', clockOffsetSeconds === undefined ? undefined : offset(clockOffsetSeconds)],
    ['valid until', validUntil.toISOString()],
    ['2nd opinion', isSecondAsked ? 'agrees' : undefined],
    ...after,
  ]
  return [
    paint('bold', 'The evidence says'),
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [row(name, value, [2, 11])])),
    '',
    ...verdictLines(weaknesses.length === 0 ? 'green' : 'yellow', [`VERIFIED: ${format}`, ...weaknesses].join('; ')),
  ]
}

/** The verdict names everything that makes it weaker than it could be. */
function caveats({ format, checks, claims, timeSource, verifiedAt }: EvidenceResult, ownRoot: boolean): string[] {
  const isSkipped = (code: string): boolean => checks.some(({ id, outcome }) => id === code && outcome === 'skipped')
  return [
    ...(timeSource === 'evidence' ? [`as of ${verifiedAt.toISOString()}, not now`] : []),
    ...(isSkipped('policy-pcr') || isSkipped('policy-measurements') ? ['whatever code it runs'] : []),
    ...(isSkipped('policy-freshness') && timeSource === 'clock' ? ['however old it is'] : []),
    ...('debug' in claims && claims.debug ? ['IN DEBUG MODE'] : []),
    ...familyOf(format).caveats(claims, checks),
    ...(ownRoot ? ['under a root that you named'] : []),
  ]
}

function offset(seconds: number): string {
  return `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the time of verification`
}

/** The last lines: the verdict. */
export function verdictLines(colour: Colour, text: string): string[] {
  return wrap(text, 80).map((line) => paint(colour, line))
}

function indented(text: string, by: number): string[] {
  return wrap(text, 78 - by).map((line) => ' '.repeat(by) + line)
}
