/**
 * Our DER and certificate readers beside those of the second opinion (`asn1js`, `pkijs`,
 * `@peculiar/x509`), on every certificate there is: of Nitro documents real and made, of other
 * vendors, sound and broken.
 */
import { expect, test } from 'vitest'
import { certificates, skipLine } from './corpus.ts'
import { compare, expectAgreement } from './differences.ts'
import { ours, ourTree, theirs, theirTree } from './second-readers.ts'

if (skipLine !== undefined) test.skip(skipLine)

test('there is something to compare', () => {
  expect(certificates.length).toBeGreaterThan(20)
})

test('DER trees agree', () => {
  expectAgreement(
    certificates.map(({ name, bytes }) =>
      compare(
        name,
        () => ourTree(bytes),
        () => theirTree(bytes),
      ),
    ),
    [],
  )
})

test('certificates agree', () => {
  expectAgreement(
    certificates.map(({ name, bytes }) =>
      compare(
        name,
        () => ours(bytes),
        () => theirs(bytes),
      ),
    ),
    [],
  )
})
