/**
 * Verdicts for people and for machines.
 */
import { styleText } from 'node:util'
import { toHex } from '../encoding/bytes.ts'
import { AppraisalError, AttestationError } from '../errors.ts'
import type { Check, EvidenceResult } from '../index.ts'
import { printable } from '../x509/name.ts'

/** What a check looks at, for people who do not know the codes. */
const questions: Readonly<Record<string, string>> = {
  'payload-size': 'Within the size limits',
  'cose-shape': 'One signed envelope (COSE_Sign1)',
  'cose-alg': 'Signature algorithm is ES384',
  'cose-protected': 'Nothing else in the signed header',
  'cose-unprotected': 'No unsigned header',
  'cose-signature-length': 'Signature has the right length',
  'payload-cbor': 'Payload is strict CBOR',
  'payload-field-type': 'Every field is there and within its limits',
  'root-mismatch': 'Root certificate is a pinned one',
  'cert-parse': 'Certificates are well formed',
  'cert-algorithm': 'Certificates use the vendor’s algorithm',
  'cert-extension': 'CAs may issue, the leaf may sign',
  'cert-path-length': 'No certificate chain longer than allowed',
  'cert-chain-name': 'Each certificate names its issuer',
  'cert-validity': 'Certificates are within their dates',
  'clock-suspect': 'Clocks agree',
  'cert-chain-signature': 'Each certificate is signed by its issuer',
  'cose-signature': 'Document is signed by the leaf certificate',
  'policy-kind': 'The kind of evidence that was asked for',
  'policy-debug': 'Not in debug mode',
  'policy-pcr': 'Runs the expected image',
  'policy-nonce': 'Answers the nonce',
  'policy-freshness': 'Fresh enough',
  'policy-user-data': 'User data as expected',
  'policy-public-key': 'Public key as expected',
}

const stages = { decode: 'Read', verify: 'Authentic?', appraise: 'As expected?' } as const
const marks = { pass: '✓', fail: '✗', 'not-requested': '·', skipped: '!' } as const
const colours = { pass: 'green', fail: 'red', 'not-requested': 'gray', skipped: 'yellow' } as const

const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
const paint = (colour: 'green' | 'red' | 'gray' | 'yellow' | 'bold', text: string): string =>
  isColoured ? styleText(colour, text) : text

/** The checks in order, then the verdict. */
export function printChecklist(verdict: EvidenceResult | AttestationError, checks: readonly Check[]): string {
  const lines = (['decode', 'verify', 'appraise'] as const).flatMap((stage) => {
    const made = checks.filter((check) => check.stage === stage)
    return made.length === 0 ? [] : ['', paint('bold', stages[stage]), ...made.flatMap(describe)]
  })
  return [...lines, '', ...conclusion(verdict)].join('\n').replace(/^\n/, '')
}

/** One JSON document; bytes in lower-case hexadecimal, times in ISO 8601. */
export function toJson(verdict: EvidenceResult | AttestationError): string {
  const { checks } = verdict
  const document =
    verdict instanceof AttestationError
      ? {
          verdict: 'refused',
          error: verdict.name,
          code: verdict.code,
          message: verdict.message,
          failures: verdict instanceof AppraisalError ? verdict.failures.map(({ id }) => id) : [verdict.code],
          checks,
        }
      : { verdict: 'verified', ...verdict, checks }
  return stringify(document)
}

/** JSON with bytes in hexadecimal, and nothing in it that a terminal would act upon. */
export function stringify(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => (part instanceof Uint8Array ? toHex(part) : part), 2)
  return text.replace(/[^\n\P{C}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}

/** A value over several lines of at most 64 characters, so that two of them can be compared by eye. */
export function wrapped(text: string, indent: string): string {
  return printable(text.replaceAll('\n', ' '))
    .split(' ')
    .flatMap((word) => word.match(/.{1,64}/gu) ?? [''])
    .reduce((lines: string[], word) => {
      const last = lines.at(-1)
      if (last !== undefined && last.length + word.length < 64) return [...lines.slice(0, -1), `${last} ${word}`]
      return [...lines, word]
    }, [])
    .join(`\n${indent}`)
}

function describe({ id, outcome, summary, expected, actual }: Check): string[] {
  const mark = paint(colours[outcome], marks[outcome])
  const question = questions[id] ?? id
  if (outcome === 'pass') return [`  ${mark} ${question}`]
  if (outcome !== 'fail')
    return [`  ${mark} ${question.padEnd(44)} ${outcome === 'skipped' ? 'SKIPPED' : 'not requested'}`]
  const details = [`    ${id}: ${wrapped(summary.split(': expected ')[0] ?? summary, '    ')}`]
  if (actual !== undefined)
    details.push(
      `    expected  ${wrapped(expected ?? '', ' '.repeat(14))}`,
      `    found     ${wrapped(actual, ' '.repeat(14))}`,
    )
  return [`  ${mark} ${question}`, ...details]
}

function conclusion(verdict: EvidenceResult | AttestationError): string[] {
  if (verdict instanceof AttestationError) {
    const isAppraisal = verdict instanceof AppraisalError
    return [
      paint('red', isAppraisal ? 'REFUSED: authentic, but not what you expect' : 'REFUSED: not authentic'),
      isAppraisal
        ? `  failed: ${verdict.failures.map(({ id }) => id).join(', ')}`
        : `  failed: ${verdict.code}; nothing after it was looked at`,
    ]
  }
  const { format, claims, matched, attestedAt, clockOffsetSeconds, validUntil, timeSource, publicKey } = verdict
  const skipped = verdict.checks.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id)
  const rows: [string, string | undefined][] = [
    ['module', printable(claims.moduleId)],
    ['matched', matched === undefined ? undefined : String(matched)],
    ['made at', attestedAt?.toISOString()],
    ['clock offset', clockOffsetSeconds === undefined ? undefined : `${clockOffsetSeconds} s`],
    ['valid until', validUntil.toISOString()],
    ['public key', publicKey === undefined ? undefined : wrapped(toHex(publicKey) || '(empty)', ' '.repeat(16))],
  ]
  return [
    paint(
      'green',
      `VERIFIED: ${format}${timeSource === 'evidence' ? ', as of its own time: this says nothing about now' : ''}`,
    ),
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(13)} ${value}`])),
    ...(skipped.length === 0 ? [] : [paint('yellow', `  SKIPPED       ${skipped.join(', ')}`)]),
  ]
}
