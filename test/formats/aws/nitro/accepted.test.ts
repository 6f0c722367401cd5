/**
 * What is unusual, and right: a verifier that refuses these would fail on documents that AWS may
 * sign.
 */
import { expect, test } from 'vitest'
import { verifyNitro } from '../../../../src/formats/aws/nitro/index.ts'
import { concat, unhex } from '../../../attester/bytes.ts'
import type { CertificatePlan } from '../../../attester/certificate.ts'
import { authorityExtensions, critical, extension, keyUsages, leafExtensions } from '../../../attester/nitro.ts'
import { type Change, make } from './made.ts'

const order = BigInt(
  '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
)
const toNumber = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n)
const ofNumber = (value: bigint): Uint8Array => unhex(value.toString(16).padStart(96, '0'))

const leaf = (plan: Partial<CertificatePlan>): Change => ({ attester: { certificates: { leaf: plan } } })
const leafWith = (id: string): Change =>
  leaf({ extensions: [...leafExtensions(), extension(id, unhex('0500'), !critical)] })

test.each([
  ['an unknown extension that is not critical', leafWith('1.3.6.1.4.1.99999.1')],
  ['an identifier with a zero group inside an arc', leafWith('1.3.6.1.4.1.16385')],
  ['an identifier with two zero groups inside an arc', leafWith('1.3.6.1.4.1.2097153')],
  ['a leaf without basicConstraints', leaf({ extensions: leafExtensions().slice(1) })],
  [
    'a leaf whose keyUsage is critical',
    leaf({ extensions: [extension('2.5.29.15', keyUsages.leaf, critical), ...leafExtensions().slice(0, 1)] }),
  ],
  ['a serial number of 20 octets', leaf({ serialNumber: '7f'.repeat(20) })],
  ['dates from 2050 on, as GeneralizedTime', leaf({ notAfter: new Date('2051-01-01T00:00:00Z') })],
  [
    'no path length constraint anywhere',
    {
      attester: {
        certificates: Object.fromEntries(
          ['regional', 'zonal', 'instance'].map((id) => [id, { extensions: authorityExtensions() }]),
        ),
      },
    },
  ],
  ['a chain of two', { attester: { chain: (plans) => [plans[0], plans[4]] as CertificatePlan[] } }],
  [
    'a chain of nine, the longest',
    {
      attester: {
        certificates: { regional: { extensions: authorityExtensions() } },
        chain: ([root, regional, , , last]) =>
          [
            root,
            ...Array.from({ length: 7 }, (_, i) => ({ ...regional, id: `regional ${i}`, subject: [{ CN: [`${i}`] }] })),
            last,
          ] as CertificatePlan[],
      },
    },
  ],
  [
    'the other form of the signature, r and n - s',
    { document: { signature: (raw) => concat(raw.subarray(0, 48), ofNumber(order - toNumber(raw.subarray(48)))) } },
  ],
  [
    'a payload of one element a head longer than needed',
    {
      document: {
        fields: {
          nonce: concat(
            [0x59, 0, 32],
            Uint8Array.from({ length: 32 }, (_, i) => i),
          ),
        },
      },
    },
  ],
] as [string, Change][])('%s', async (_what, change) => {
  const { evidence, options } = await make(change)
  expect(await verifyNitro(evidence, options)).toMatchObject({ format: 'nitro', matched: 0 })
})
