/**
 * `veritee inspect`: what evidence says, without any reason to believe it.
 */
import { parseArgs } from 'node:util'
import { isZero, toHex } from '../encoding/bytes.ts'
import { AttestationError } from '../errors.ts'
import { decodeNitroEvidence, type NitroEvidence } from '../formats/nitro/index.ts'
import { describeCertificate, printable } from '../inspect.ts'
import { readEvidence } from './input.ts'
import { stringify, wrapped } from './report.ts'
import { UsageError } from './usage-error.ts'

const warning = 'UNVERIFIED: anybody can write this. Nothing below is checked; use `veritee verify`.'

const meanings: Readonly<Record<NitroEvidence['kind'], Readonly<Record<string, string>>>> = {
  enclave: {
    PCR0: 'whole image',
    PCR1: 'kernel and boot ramdisk',
    PCR2: 'application',
    PCR3: 'IAM role of the parent instance',
    PCR4: 'id of the parent instance',
    PCR8: 'certificate that signed the image',
  },
  tpm: {
    PCR4: 'boot manager (unified kernel image)',
    PCR7: 'Secure Boot policy',
    PCR12: 'kernel command line',
  },
}

/** @throws UsageError, VerificationError */
export async function inspect(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: { json: { type: 'boolean' } }, allowPositionals: true })
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) throw new UsageError('inspect takes one file, or - for standard input')
  const evidence = decodeNitroEvidence(await readEvidence(path))
  console.log(values.json === true ? asJson(evidence) : asText(evidence))
  return 0
}

function asJson(evidence: NitroEvidence): string {
  const chain = chainOf(evidence).map(([place, der]) => ({ place, ...certificateOf(der) }))
  return stringify({ verdict: 'unverified', warning, ...evidence, chain })
}

function asText(evidence: NitroEvidence): string {
  const { kind, moduleId, timestamp, digest, pcrs, publicKey, userData, nonce, unknownFields } = evidence
  const bytes = (value: Uint8Array | undefined): string => (value === undefined ? '(none)' : describeBytes(value))
  const rows: [string, string][] = [
    ['kind', kind === 'enclave' ? 'Nitro Enclave' : 'NitroTPM (a whole EC2 instance)'],
    ['module_id', printable(moduleId)],
    ['timestamp', timestamp.toISOString()],
    ['digest', digest],
    ['nonce', bytes(nonce)],
    ['user_data', bytes(userData)],
    ['public_key', bytes(publicKey)],
  ]
  return [
    warning,
    '',
    ...rows.map(([name, value]) => `${name.padEnd(11)} ${value}`),
    '',
    ...Object.entries(pcrs).flatMap(([name, value]) => {
      const meaning = meanings[kind][name]
      return [
        `${name.padEnd(11)} ${isZero(value) ? '(all zero)' : wrapped(toHex(value), ' '.repeat(12))}${meaning === undefined ? '' : `  ${meaning}`}`,
      ]
    }),
    ...(kind === 'enclave' && (pcrs['PCR0'] === undefined || isZero(pcrs['PCR0']))
      ? ['', 'PCR0 is zero: an enclave in debug mode, its operator can read its memory']
      : []),
    ...unknownFields.map(({ key }) => `\nunknown field ${JSON.stringify(printable(key))}`),
    '',
    ...chainOf(evidence).flatMap(([place, der]) => describeLink(place, der)),
    '',
    warning,
  ].join('\n')
}

function chainOf({ cabundle, certificate }: NitroEvidence): (readonly [string, Uint8Array])[] {
  return [...cabundle.map((der, i) => [`cabundle[${i}]`, der] as const), ['certificate', certificate]]
}

function certificateOf(der: Uint8Array): object {
  try {
    return describeCertificate(der)
  } catch (error) {
    if (error instanceof AttestationError) return { malformed: error.message }
    throw error
  }
}

function describeLink(place: string, der: Uint8Array): string[] {
  try {
    const { subject, notBefore, notAfter, serialNumber } = describeCertificate(der)
    return [
      place,
      `  ${wrapped(subject, '  ')}`,
      `  ${notBefore.toISOString()} to ${notAfter.toISOString()}, serial ${serialNumber}`,
    ]
  } catch (error) {
    if (error instanceof AttestationError) return [place, `  malformed: ${error.message}`]
    throw error
  }
}

/** Hexadecimal, and as text where it is text. */
function describeBytes(value: Uint8Array): string {
  if (value.length === 0) return '(empty)'
  const hex = wrapped(toHex(value), ' '.repeat(12))
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value)
    return /[\p{C}]/u.test(text) ? hex : `${hex}\n${' '.repeat(12)}= ${JSON.stringify(text)}`
  } catch {
    return hex
  }
}
