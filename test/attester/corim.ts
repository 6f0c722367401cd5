/**
 * Makes signed reference values (CoRIM in COSE_Sign1) under a CA of its own, and with any defect: a
 * plan says what differs from a sound file, everything else, signatures included, is right. Shares
 * no code with the library.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { concat } from './bytes.ts'
import * as cbor from './cbor.ts'
import { type CertificatePlan, createSigner, type Curve, issue, sign, type Signer } from './certificate.ts'
import type { Bytes } from './der.ts'

/**
 * Who signs: a CA, an authority below it, and the certificate of the build, DER; and their keys.
 */
export interface CorimSigner {
  readonly ca: Bytes
  readonly authority: Bytes
  readonly certificate: Bytes
  readonly caKey: Signer
  readonly authorityKey: Signer
  readonly key: Signer
}

/** When everything here happens. */
export const madeAt = new Date('2026-06-01T00:00:00Z')
const day = 86_400_000
const from = new Date(madeAt.getTime() - day)
const until = new Date(madeAt.getTime() + 365 * day)

const name = (text: string): x509.JsonName => [{ CN: [text] }]

/** What certificates here have in common. */
export const corimCertificate = (
  id: string,
  isCa: boolean,
  { serialNumber = '01', hash = 'SHA-384', organization = 'veritee test' }: Partial<CertificateOf> = {},
): CertificatePlan => ({
  id,
  subject: name(`${organization} ${id}`),
  notBefore: from,
  notAfter: until,
  serialNumber,
  hash,
  extensions: [
    new x509.BasicConstraintsExtension(isCa, undefined, true),
    new x509.KeyUsagesExtension(isCa ? x509.KeyUsageFlags.keyCertSign : x509.KeyUsageFlags.digitalSignature, true),
  ],
})

interface CertificateOf {
  readonly serialNumber: string
  readonly hash: Signer['hash']
  readonly organization: string
}

export async function createCorimSigner({
  curve = 'P-384',
  organization = 'veritee test',
  certificate = {},
  authority = {},
}: {
  readonly curve?: Curve
  /** What all names begin with. */
  readonly organization?: string
  readonly certificate?: Partial<CertificatePlan>
  readonly authority?: Partial<CertificatePlan>
} = {}): Promise<CorimSigner> {
  const [caKey, authorityKey, key] = await Promise.all([createSigner(curve), createSigner(curve), createSigner(curve)])
  const plan = (id: string, isCa: boolean, serialNumber: string): CertificatePlan =>
    corimCertificate(id, isCa, { serialNumber, hash: key.hash, organization })
  const caPlan = plan('CA', true, '01')
  const authorityPlan = { ...plan('authority', true, '02'), ...authority }
  const [ca, middle, leaf] = await Promise.all([
    issue(caPlan, caKey, caPlan.subject, caKey),
    issue(authorityPlan, authorityKey, caPlan.subject, caKey),
    issue({ ...plan('build', false, '03'), ...certificate }, key, authorityPlan.subject, authorityKey),
  ])
  return { ca, authority: middle, certificate: leaf, caKey, authorityKey, key }
}

/** Encoded CBOR by integer key; `undefined` leaves an entry out. */
export type Fields = Readonly<Record<number, Uint8Array | undefined>>

export interface CorimPlan {
  /** Registers of each build, by index; default one build. */
  readonly builds?: readonly { readonly name?: string; readonly registers: Readonly<Record<number, Uint8Array>> }[]
  /** Default: `example.com/app`. */
  readonly product?: string
  readonly version?: number
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Override entries of the maps, innermost first. */
  readonly mval?: Fields
  readonly measurement?: Fields
  readonly class?: Fields
  readonly environment?: Fields
  readonly triples?: Fields
  readonly identity?: Fields
  readonly comid?: Fields
  readonly corim?: Fields
  readonly meta?: Fields
  readonly protectedHeader?: Fields
  readonly unprotectedHeader?: Fields
  /** What is around them. */
  readonly tags?: (comid: Bytes) => Uint8Array
  readonly payload?: (corim: Bytes) => Uint8Array
  /** The four items of the envelope, after signing. */
  readonly envelope?: (items: Bytes[]) => readonly Uint8Array[]
  readonly file?: (file: Bytes) => Bytes
  /** Signs instead of the key of the certificate. */
  readonly key?: Signer
}

const fields = (own: Fields, changes: Fields = {}): Bytes =>
  cbor.map(
    Object.entries({ ...own, ...changes }).flatMap(([key, value]) =>
      value === undefined
        ? []
        : [[Number(key) < 0 ? cbor.negative(Number(key)) : cbor.unsigned(Number(key)), value] as const],
    ),
  )

/** Seconds since 1970 under tag 1. */
export const time = (date: Date): Bytes => cbor.tag(1, cbor.unsigned(Math.floor(date.getTime() / 1000)))
export const register = (index: number): Bytes => new Uint8Array(48).fill(index + 1)

export async function makeCorim(signer: CorimSigner, plan: CorimPlan = {}): Promise<Bytes> {
  const { builds = [{ name: 'build 1', registers: { 0: register(0), 1: register(1), 2: register(2) } }] } = plan
  const environment = fields(
    {
      0: fields(
        {
          0: cbor.tag(560, cbor.bytes(new TextEncoder().encode('nitro'))),
          1: cbor.text('Amazon Web Services'),
          2: cbor.text('Nitro Enclaves'),
        },
        plan.class,
      ),
    },
    plan.environment,
  )
  const triples = builds.map(({ name, registers }) => {
    const digests = Object.entries(registers).map(
      ([index, value]) =>
        [cbor.unsigned(Number(index)), cbor.array(cbor.array(cbor.unsigned(7), cbor.bytes(value)))] as const,
    )
    const mval = fields({ 11: name === undefined ? undefined : cbor.text(name), 14: cbor.map(digests) }, plan.mval)
    return cbor.array(environment, cbor.array(fields({ 1: mval }, plan.measurement)))
  })
  const comid = fields(
    {
      1: fields(
        { 0: cbor.text(plan.product ?? 'example.com/app'), 1: cbor.unsigned(plan.version ?? 7) },
        plan.identity,
      ),
      4: fields({ 0: cbor.array(...triples) }, plan.triples),
    },
    plan.comid,
  )
  const validity = fields({ 0: time(plan.notBefore ?? madeAt), 1: time(plan.notAfter ?? until) })
  const corim = fields(
    {
      0: cbor.text('release'),
      1: plan.tags?.(comid) ?? cbor.array(cbor.tag(506, cbor.bytes(comid))),
      3: cbor.tag(32, cbor.text('tag:veritee.dev,2026:reference-values#2')),
      4: validity,
    },
    plan.corim,
  )
  const alg = { 'P-256': -7, 'P-384': -35, 'P-521': -36 }[signer.key.curve]
  const meta = fields({ 0: fields({ 0: cbor.text('veritee test') }), 1: validity }, plan.meta)
  const protectedHeader = fields(
    {
      1: cbor.negative(alg),
      3: cbor.text('application/rim+cbor'),
      8: cbor.bytes(meta),
      33: cbor.array(cbor.bytes(signer.certificate), cbor.bytes(signer.authority)),
    },
    plan.protectedHeader,
  )
  const tagged = cbor.tag(501, corim)
  const payload = new Uint8Array(plan.payload?.(tagged) ?? tagged)
  const toSign = cbor.array(
    cbor.text('Signature1'),
    cbor.bytes(protectedHeader),
    cbor.bytes(new Uint8Array()),
    cbor.bytes(payload),
  )
  const items = [
    cbor.bytes(protectedHeader),
    fields({}, plan.unprotectedHeader),
    cbor.bytes(payload),
    cbor.bytes(await sign(plan.key ?? signer.key, toSign)),
  ]
  const file = concat([0xd2], cbor.array(...(plan.envelope?.(items) ?? items)))
  return plan.file?.(file) ?? file
}
