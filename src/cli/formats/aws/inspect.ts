/**
 * `veritee inspect` for Nitro documents.
 */
import { isZero, toHex } from '../../../encoding/bytes.ts'
import { decodeNitroEvidence, type NitroEvidence } from '../../../formats/aws/nitro/index.ts'
import { UsageError } from '../../failures.ts'
import { type Link, linksAsText, linksOf } from '../../inspect-chain.ts'
import { stringify } from '../../json.ts'
import { bytesAsText, paint, row, wrap } from '../../text.ts'
import type { Inspection } from '../family.ts'

/** Registers that mean something, by kind. */
const meanings: Readonly<Record<NitroEvidence['kind'], Readonly<Record<string, string>>>> = {
  enclave: {
    PCR0: 'the whole image: kernel, command line, all ramdisks',
    PCR1: 'kernel, command line and boot ramdisk; identifies no application',
    PCR2: 'the application: the other ramdisks',
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
export function inspectDocument({ bytes, hasLog, warning, asJson: isJson }: Inspection): string {
  if (hasLog) throw new UsageError('--event-log is about TDX quotes: this is none')
  const evidence = decodeNitroEvidence(bytes)
  const chain = chainOf(evidence)
  return isJson ? stringify({ verdict: 'unverified', warning, ...evidence, chain }) : asText(evidence, chain, warning)
}

function chainOf({ cabundle, certificate }: NitroEvidence): Link[] {
  return linksOf([...cabundle.map((der, i) => [`cabundle[${i}]`, der] as const), ['certificate', certificate]])
}

function asText(evidence: NitroEvidence, chain: readonly Link[], warning: string): string {
  const { kind, moduleId, timestamp, digest, publicKey, userData, nonce, unknownFields } = evidence
  const bytes = (name: string, value: Uint8Array | undefined): string[] =>
    bytesAsText(value).map((line, i) => field(i === 0 ? name : '', line))
  return [
    paint('yellow', warning),
    '',
    field('kind', kind === 'enclave' ? 'Nitro Enclave' : 'NitroTPM: a whole EC2 instance, not an enclave'),
    field('module id', moduleId),
    field('timestamp', timestamp.toISOString()),
    field('digest', digest),
    ...bytes('nonce', nonce),
    ...bytes('user data', userData),
    ...bytes('public key', publicKey),
    ...unknownFields.flatMap(({ key, value }) => [
      field('unknown', `${key}: ${stringify(value).replace(/\s+/g, ' ')}`),
    ]),
    '',
    ...registers(evidence),
    '',
    'Certificates, root first',
    ...chain.flatMap(linksAsText),
    '',
    paint('yellow', warning),
  ].join('\n')
}

/** Registers with what they mean; runs of empty ones that mean nothing share a line. */
function registers({ kind, pcrs }: NitroEvidence): string[] {
  const unused: string[] = []
  const lines = Object.entries(pcrs).flatMap(([name, value]) => {
    const meaning = meanings[kind][name]
    if (isZero(value) && meaning === undefined) {
      unused.push(name)
      return []
    }
    const title = meaning === undefined ? name : `${name.padEnd(6)}${meaning}`
    return [title, `      ${isZero(value) ? 'all zero' : wrap(toHex(value), 64).join('\n      ')}`]
  })
  const image = pcrs['PCR0']
  const isDebug = kind === 'enclave' && (image === undefined || isZero(image))
  return [
    ...lines,
    ...(unused.length === 0 ? [] : [row('all zero:', unused.join(' '), [0, 9])]),
    ...(isDebug ? ['', 'PCR0 is zero: an enclave in DEBUG MODE, its operator can read its memory.'] : []),
  ]
}

function field(name: string, value: string): string {
  return row(name, value, [0, 11])
}
