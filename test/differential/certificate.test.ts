/**
 * Our DER and certificate readers beside `asn1js`, `pkijs` and `@peculiar/x509`, on every certificate there is: of Nitro documents real and made, of
 * other vendors, sound and broken.
 */
import { expect, test } from 'vitest'
import { asn1jsTree, ours, ourTree, peculiarSays, pkijsSays } from './certificates.ts'
import { certificates, skipLine } from './corpus.ts'
import { compare, expectAgreement, type KnownDifferences } from './differences.ts'

if (skipLine !== undefined) test.skip(skipLine)

test('there is something to compare', () => {
  expect(certificates.length).toBeGreaterThan(20)
})

test('DER trees agree with asn1js', () => {
  const known: KnownDifferences = []
  expectAgreement(
    certificates.map(({ name, bytes }) =>
      compare(
        name,
        () => ourTree(bytes),
        () => asn1jsTree(bytes),
      ),
    ),
    known,
  )
})

/** What we refuse in certificates and both of them take. */
const stricter: KnownDifferences = [
  [
    /^cert-extension: it: malformed keyUsage$/,
    'zero bits at the end: DER drops them from a named bit list (X.690 section 11.2.2)',
  ],
  [/^cert-extension: it: extension [0-9a-f]+ is there twice$/, 'an extension twice (RFC 5280 section 4.2)'],
  [/^cert-parse: it: "20210401000000Z" is no time$/, 'GeneralizedTime before 2050 (RFC 5280 section 4.1.2.5)'],
]

test('certificates agree with pkijs', () => {
  expectAgreement(
    certificates.map(({ name, bytes }) =>
      compare(
        name,
        () => ours(bytes),
        () => pkijsSays(bytes),
      ),
    ),
    stricter,
  )
})

test('certificates agree with @peculiar/x509', () => {
  expectAgreement(
    certificates.map(({ name, bytes }) =>
      compare(
        name,
        () => ours(bytes),
        () => peculiarSays(bytes),
      ),
    ),
    stricter,
  )
})
