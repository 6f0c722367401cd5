/**
 * `veritee inspect`: what evidence says, without any reason to believe it.
 */
import { type CertificateDescription, describeCertificate } from '../inspect.ts'
import { isZero, toHex } from '../encoding/bytes.ts'
import { AttestationError } from '../errors.ts'
import { decodeNitroEvidence, type NitroEvidence } from '../formats/nitro/index.ts'
import { parseOne } from './arguments.ts'
import { readEvidence } from './input.ts'
import { stringify } from './json.ts'
import { bytesAsText, paint, row, wrap } from './text.ts'

const warning = 'UNVERIFIED: anybody can write this. Nothing here is checked; see veritee verify.'

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

/** One certificate of the chain, as far as it can be read. */
type Link =
  | ({ readonly place: string; readonly malformed: null } & CertificateDescription)
  | { readonly place: string; readonly malformed: string }

/** @throws UsageError, VerificationError */
export async function inspect(args: string[]): Promise<number> {
  const { path, values } = parseOne('inspect', args, { json: { type: 'boolean' } })
  const evidence = decodeNitroEvidence(await readEvidence(path))
  const chain = chainOf(evidence)
  console.log(values['json'] === true ? asJson(evidence, chain) : asText(evidence, chain))
  return 0
}

function asJson(evidence: NitroEvidence, chain: readonly Link[]): string {
  return stringify({ verdict: 'unverified', warning, ...evidence, chain })
}

function asText(evidence: NitroEvidence, chain: readonly Link[]): string {
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
    ...chain.flatMap(describe),
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
    ...(unused.length === 0 ? [] : [row('all zero:', unused.join(' '), 0, 9)]),
    ...(isDebug ? ['', 'PCR0 is zero: an enclave in DEBUG MODE, its operator can read its memory.'] : []),
  ]
}

function chainOf({ cabundle, certificate }: NitroEvidence): Link[] {
  const places: (readonly [string, Uint8Array])[] = cabundle.map((der, i) => [`cabundle[${i}]`, der])
  return [...places, ['certificate', certificate] as const].map(([place, der]) => {
    try {
      return { place, malformed: null, ...describeCertificate(der) }
    } catch (error) {
      if (error instanceof AttestationError) return { place, malformed: error.message }
      throw error
    }
  })
}

function describe(link: Link): string[] {
  if (link.malformed !== null) return [row(link.place, `malformed: ${link.malformed}`, 2, 12)]
  const { place, subject, notBefore, notAfter, serialNumber } = link
  return [
    row(place, subject, 2, 12),
    row('', `${seconds(notBefore)} to ${seconds(notAfter)}`, 2, 12),
    row('', `serial ${serialNumber}`, 2, 12),
  ]
}

/** Certificates know no fractions of a second. */
function seconds(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z')
}

function field(name: string, value: string): string {
  return row(name, value, 0, 11)
}
