/**
 * Every reason code that is not about the report itself: endorsements, certificates, the list,
 * sizes and the table, each broken alone and everything else right, signatures included. Those of
 * the report are in threats.test.ts, Azure's in test/formats/azure.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  createAmdAttester,
  base64,
  certificateTable,
  extensionOf,
  keyUsage,
  nameOf,
  pem,
  pss,
  pssWithTrailer,
  tableGuids,
} from '../../../attester/amd.ts'
import { concat, pattern, unhex } from '../../../attester/bytes.ts'
import { type Bytes, boolean, element, explicit, integer, octetString, sequence } from '../../../attester/der.ts'
import { type Change, keys, makeSnp, now, otherKeys, refusalOf, snp, soundAttester, without } from './made.ts'
import { skipRevocation, verifySevSnp } from '../../../../src/formats/sev-snp.ts'

/** What it is refused with, `code: message`. */
async function refusal(change: Change): Promise<string> {
  const { code, message } = await refusalOf(snp(change))
  return `${code}: ${message}`
}
const field =
  (place: number, to: (given: Bytes) => Uint8Array) =>
  (fields: Bytes[]): Uint8Array[] =>
    fields.map((given, i) => (i === place ? to(given) : given))
const ecKey = (namedCurve: string): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify'])
const spkiOf = async ({ publicKey }: CryptoKeyPair): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))

const { vek, intermediate, ark, crl } = await soundAttester()

describe('endorsement-missing', () => {
  test.each<[what: string, items: Readonly<Record<string, unknown>>, message: string]>([
    [
      'no key certificate anywhere',
      { vek: undefined },
      'no VCEK certificate: neither in endorsements.vek nor in the certificate table of the evidence',
    ],
    [
      'an empty one',
      { vek: '' },
      'no VCEK certificate: neither in endorsements.vek nor in the certificate table of the evidence',
    ],
    ['no chain', { certificateChain: undefined }, 'no endorsements.certificateChain: PEM with ASK or ASVK, then ARK'],
    ['an empty chain', { certificateChain: '' }, 'no endorsements.certificateChain: PEM with ASK or ASVK, then ARK'],
    [
      'no list',
      { crl: undefined },
      'no endorsements.crl: the revocation list of the ARK, DER in base64 (skipRevocation goes without)',
    ],
    [
      'an empty list',
      { crl: '' },
      'no endorsements.crl: the revocation list of the ARK, DER in base64 (skipRevocation goes without)',
    ],
  ])('%s', async (_what, items, message) => {
    expect(await refusal({ items })).toBe(`endorsement-missing: ${message}`)
  })

  test('a certificate of the other kind in the table', async () => {
    const table = certificateTable([tableGuids.VLEK, vek])
    expect(await refusal({ table, items: { vek: undefined } })).toMatch(/^endorsement-missing: no VCEK certificate/)
  })

  test('a list is not needed where revocation is skipped, and the record says so', async () => {
    const { checks } = await snp({ items: { crl: undefined }, options: { revocation: skipRevocation } })
    expect(checks.find(({ id }) => id === 'crl-revoked')?.outcome).toBe('skipped')
  })
})

describe('endorsement-format', () => {
  test.each<[what: string, items: Readonly<Record<string, unknown>>, message: RegExp]>([
    ['one certificate', { certificateChain: pem(ark) }, /2 certificates: ASK or ASVK, then ARK, found 1$/],
    ['three', { certificateChain: pem(intermediate) + pem(ark) + pem(ark) }, /found 3$/],
    ['no PEM', { certificateChain: 'MIIB' }, /no PEM block labelled CERTIFICATE$/],
    ['a number', { certificateChain: 7 }, /endorsements\.certificateChain: expected text, found number$/],
    ['far too long', { certificateChain: 'x'.repeat(65_537) }, /expected at most 65536 characters, found 65537$/],
    ['a key certificate that is no base64', { vek: '***' }, /endorsements\.vek is not base64$/],
    ['bytes', { vek: new Uint8Array(4) }, /endorsements\.vek: expected text, found object$/],
    ['a list that is no base64', { crl: 'a' }, /endorsements\.crl is not base64$/],
  ])('%s', async (_what, items, message) => {
    const found = await refusal({ items })
    expect(found).toMatch(/^endorsement-format: /)
    expect(found).toMatch(message)
  })
})

test('root-mismatch: another root of the same name', async () => {
  const other = await createAmdAttester({ now, keys: otherKeys })
  const { evidence, options } = await makeSnp()
  expect((await refusalOf(verifySevSnp(evidence, { ...options, trustAnchors: [other.ark] }))).code).toBe(
    'root-mismatch',
  )
  expect(await refusalOf(verifySevSnp(evidence, without(options, 'trustAnchors')))).toMatchObject({
    code: 'root-mismatch',
    message: expect.stringMatching(
      /^SHA-256 of the root: expected 69d063b4\w+ or 4c6598d1\w+ or 1f084161\w+, found /,
    ) as string,
  })
  // The order of the chain is fixed.
  expect(await refusal({ items: { certificateChain: pem(ark) + pem(intermediate) } })).toMatch(/^root-mismatch: /)
})

test('cert-parse: a byte behind a certificate, or one that is cut', async () => {
  expect(await refusal({ items: { vek: base64(concat(vek, [0])) } })).toMatch(/^cert-parse: VCEK: /)
  expect(await refusal({ items: { vek: base64(vek.slice(0, -1)) } })).toMatch(/^cert-parse: VCEK: /)
  const cut = pem(intermediate.slice(0, -1)) + pem(ark)
  expect(await refusal({ items: { certificateChain: cut } })).toMatch(/^cert-parse: ASK: /)
})

describe('cert-algorithm', () => {
  const ecdsa = unhex('300a06082a8648ce3d040303')

  test('a key of another curve, of another size, or for something else', async () => {
    const other = await spkiOf(await ecKey('P-256'))
    expect(await refusal({ amd: { vek: { tbs: field(6, () => other) } } })).toMatch(
      /^cert-algorithm: algorithms of VCEK: expected PS384, a key of P-384, found /,
    )
    const { publicKey } = await crypto.subtle.generateKey(
      { name: 'RSA-PSS', hash: 'SHA-384', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
      true,
      ['sign', 'verify'],
    )
    const small = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
    expect(await refusal({ amd: { intermediate: { tbs: field(6, () => small) } } })).toMatch(
      /^cert-algorithm: algorithms of ASK: expected PS384, found /,
    )
  })

  test('another algorithm of the signature', async () => {
    for (const which of ['ark', 'intermediate', 'vek'] as const)
      expect(await refusal({ amd: { [which]: { tbs: field(2, () => ecdsa) } } })).toMatch(/^cert-algorithm: /)
  })

  test('both encodings of the parameters are the same algorithm', async () => {
    for (const parameters of [pss, pssWithTrailer])
      for (const which of ['ark', 'intermediate', 'vek'] as const)
        await expect(snp({ amd: { [which]: { tbs: field(2, () => parameters) } } })).resolves.toBeDefined()
  })
})

describe('cert-extension', () => {
  const replaced =
    (id: string, by: Uint8Array) =>
    (given: Bytes[]): Uint8Array[] => {
      const own = extensionOf(id, new Uint8Array()).slice(2, 7)
      return given.map((one) => (String(one.slice(2, 7)) === String(own) ? by : one))
    }

  test('an ASK that may not certify', async () => {
    const extensions = replaced('2.5.29.15', keyUsage(0x80, 7))
    expect(await refusal({ amd: { intermediate: { extensions } } })).toBe('cert-extension: ASK must have keyCertSign')
  })

  test('an ASK that is no CA', async () => {
    const extensions = replaced('2.5.29.19', extensionOf('2.5.29.19', sequence(), true))
    expect(await refusal({ amd: { intermediate: { extensions } } })).toMatch(/^cert-extension: ASK must be a CA$/)
  })

  test('a critical extension that is not known', async () => {
    const extensions = (given: Bytes[]): Uint8Array[] => [
      ...given,
      extensionOf('1.2.3.4', octetString(pattern(1)), true),
    ]
    expect(await refusal({ amd: { vek: { extensions } } })).toBe(
      'cert-extension: VCEK has the unknown critical extension 2a0304',
    )
  })

  test('a key that is a CA', async () => {
    const extensions = (given: Bytes[]): Uint8Array[] => [
      ...given,
      extensionOf('2.5.29.19', sequence(boolean(true)), true),
    ]
    expect(await refusal({ amd: { vek: { extensions } } })).toBe('cert-extension: VCEK must not be a CA')
  })

  test('an extension twice', async () => {
    const extensions = (given: Bytes[]): Uint8Array[] => [...given, given[0] as Bytes]
    expect(await refusal({ amd: { vek: { extensions } } })).toMatch(/^cert-(extension|parse): VCEK: /)
  })
})

test('cert-path-length: a root that lets no CA below it', async () => {
  const none = extensionOf('2.5.29.19', sequence(boolean(true), integer(0)), true)
  const extensions = (given: Bytes[]): Uint8Array[] => given.map((one, i) => (i === 1 ? none : one))
  expect(await refusal({ amd: { ark: { extensions } } })).toBe(
    'cert-path-length: ARK has too many CAs below it: expected at most 0, found 1',
  )
})

describe('cert-chain-name', () => {
  test('a leaf of another name', async () => {
    for (const name of ['VCEK', 'SEV-VCEK ', 'SEV-VLEK'])
      expect(await refusal({ amd: { vek: { tbs: field(5, () => nameOf(name)) } } })).toMatch(
        /^cert-chain-name: subject of VCEK: expected .*, CN=SEV-VCEK, found 30/,
      )
  })

  test('an issuer that is not the one above', async () => {
    const tbs = field(3, () => nameOf('SEV-Milan'))
    expect(await refusal({ amd: { vek: { tbs } } })).toBe('cert-chain-name: issuer of VCEK is not ASK, or is itself')
  })
})

test('cert-chain-signature: by another key, or with another salt', async () => {
  for (const change of [{ signedBy: keys.ark.privateKey }, { saltLength: 32 }, { saltLength: 0 }])
    expect(await refusal({ amd: { vek: change } })).toMatch(
      /^cert-chain-signature: VCEK: signature does not match ASK$/,
    )
  expect(await refusal({ amd: { intermediate: { signedBy: otherKeys.ark.privateKey } } })).toMatch(
    /^cert-chain-signature: ASK: signature does not match ARK$/,
  )
})

describe('the list', () => {
  test('crl-parse: a byte behind it, or cut', async () => {
    expect(await refusal({ items: { crl: base64(concat(crl, [0])) } })).toMatch(/^crl-parse: CRL of the ARK: /)
    expect(await refusal({ items: { crl: base64(crl.slice(0, 100)) } })).toMatch(/^crl-parse: CRL of the ARK: /)
  })

  test('crl-algorithm', async () => {
    const algorithm = unhex('300a06082a8648ce3d040303')
    expect(await refusal({ amd: { crl: { algorithm } } })).toMatch(
      /^crl-algorithm: algorithms of CRL of the ARK: expected PS384, found 300a/,
    )
    await expect(snp({ amd: { crl: { algorithm: pssWithTrailer } } })).resolves.toBeDefined()
  })

  test('crl-extension: a delta list, a list about a part, a critical extension that is not known', async () => {
    for (const one of [
      extensionOf('2.5.29.27', integer(1), true),
      extensionOf('2.5.29.28', sequence(), true),
      extensionOf('1.2.3.4', octetString(pattern(1)), true),
    ]) {
      const extensions = (given: Bytes[]): Uint8Array[] => [...given, one]
      expect(await refusal({ amd: { crl: { extensions } } })).toMatch(/^crl-extension: CRL of the ARK: /)
    }
  })

  test('crl-issuer: it names another key of the issuer', async () => {
    const other = extensionOf('2.5.29.35', sequence(element(0x80, pattern(20))))
    const extensions = (given: Bytes[]): Uint8Array[] => given.map((one, i) => (i === 0 ? other : one))
    expect(await refusal({ amd: { crl: { extensions } } })).toBe(
      'crl-issuer: CRL of the ARK names another key than that of ARK',
    )
  })

  test('crl-issuer: a root that may not sign lists', async () => {
    const only = keyUsage(0x04, 2)
    const extensions = (given: Bytes[]): Uint8Array[] => given.map((one, i) => (i === 2 ? only : one))
    expect(await refusal({ amd: { ark: { extensions } } })).toBe('crl-issuer: CRL of the ARK needs cRLSign in ARK')
  })
})

describe('sizes and the table', () => {
  test('report-size', async () => {
    const { evidence, options } = await makeSnp()
    for (const size of [0, 1, 1183, 65_537]) {
      const other = new Uint8Array(size)
      other.set(evidence.subarray(0, size))
      expect((await refusalOf(verifySevSnp(other, options))).message).toBe(
        `evidence: expected a report of 1184 bytes, at most 65536 with its certificate table, found ${size} bytes`,
      )
    }
    expect((await refusalOf(verifySevSnp(new Uint8Array(), options))).code).toBe('report-size')
  })

  test('what was probably meant, where bytes are no report', async () => {
    const { options } = await makeSnp()
    const text = new TextEncoder().encode('05000000'.repeat(296))
    expect((await refusalOf(verifySevSnp(text, options))).message).toContain('this is text: decode it to bytes first')
    const base64Text = new TextEncoder().encode(base64((await makeSnp()).evidence))
    expect((await refusalOf(verifySevSnp(base64Text, options))).message).toContain('this is text')
    const message = concat(unhex('00000000a0040000'), new Uint8Array(24), (await makeSnp()).evidence)
    expect((await refusalOf(verifySevSnp(message, options))).message).toContain('the report begins at byte 32')
  })

  const entry = (guid: string, offset: number, length: number): Bytes =>
    concat(
      unhex(guid),
      Uint8Array.from([offset & 255, (offset >> 8) & 255, (offset >> 16) & 255, offset >>> 24]),
      Uint8Array.from([length & 255, (length >> 8) & 255, (length >> 16) & 255, length >>> 24]),
    )
  const guid = (n: number): string => n.toString(16).padStart(32, '0')
  const end = new Uint8Array(24)

  test.each<[what: string, table: Uint8Array, message: string]>([
    ['23 bytes', new Uint8Array(23), 'expected an entry of zeros at its end, found none in 23 bytes'],
    ['no end', entry(guid(1), 24, 0), 'expected an entry of zeros at its end, found none in 24 bytes'],
    [
      '33 entries',
      concat(...Array.from({ length: 33 }, (_, i) => entry(guid(i + 1), 24 * 34, 0)), end),
      'expected at most 32 entries, found more',
    ],
    [
      'a GUID twice',
      concat(entry(guid(1), 72, 0), entry(guid(1), 72, 0), end),
      `expected each GUID once, found ${guid(1)} twice`,
    ],
    [
      'beyond the table',
      concat(entry(guid(1), 48, 9), end, new Uint8Array(8)),
      `expected entry ${guid(1)} inside its 56 bytes, found 9 bytes at 48`,
    ],
    [
      'more than 32 bits',
      concat(entry(guid(1), 48, 0xffff_fff0), end, new Uint8Array(8)),
      `found 4294967280 bytes at 48`,
    ],
    [
      'inside the header',
      concat(entry(guid(1), 24, 8), end, new Uint8Array(8)),
      `expected entry ${guid(1)} behind what comes before it (48 bytes), found 8 bytes at 24`,
    ],
    [
      'over another',
      concat(entry(guid(1), 72, 8), entry(guid(2), 76, 8), end, new Uint8Array(12)),
      `expected entry ${guid(2)} behind what comes before it (80 bytes), found 8 bytes at 76`,
    ],
    [
      'something between',
      concat(entry(guid(1), 50, 2), end, Uint8Array.of(0, 1, 2, 3)),
      `expected zeros before entry ${guid(1)}, found other bytes`,
    ],
    ['something behind', concat(end, Uint8Array.of(1)), 'expected zeros behind its last entry, found other bytes'],
  ])('cert-table: %s', async (_what, table, message) => {
    const found = await refusal({ table })
    expect(found).toMatch(/^cert-table: certificate table: /)
    expect(found).toContain(message)
  })

  test('zeros behind the report are an empty table', async () => {
    for (const size of [24, 25, 4096]) await expect(snp({ table: new Uint8Array(size) })).resolves.toBeDefined()
  })
})

describe('vek-cert-format', () => {
  const vekOf = (change: object): Change => ({ amd: { vek: change } })

  test('a value that is no DER INTEGER from 0 to 255', async () => {
    for (const [value, digits] of [
      [integer(0xde), '0201de'],
      [integer(0, 1), '02020001'],
      [integer(), '0200'],
      [element(0x04, Uint8Array.of(27)), '04011b'],
      [concat(integer(27), [0]), '02011b00'],
    ] as const)
      expect(await refusal(vekOf({ tcb: { snp: value } }))).toBe(
        `vek-cert-format: VCEK has a malformed SPL of snp: expected an INTEGER of 0 to 255, found ${digits}`,
      )
  })

  test('no name of a product, or no text', async () => {
    const without = (given: Bytes[]): Uint8Array[] => given.filter((_, i) => i !== 1)
    expect(await refusal(vekOf({ extensions: without }))).toBe('vek-cert-format: VCEK has no productName')
    expect(await refusal(vekOf({ productName: 'Ge\u0001oa' }))).toMatch(
      /^vek-cert-format: VCEK has a malformed productName: expected an IA5String, found 1605/,
    )
  })

  test('an extension of AMD that is not known', async () => {
    const extensions = (given: Bytes[]): Uint8Array[] => [...given, extensionOf('1.3.6.1.4.1.3704.1.6', integer(1))]
    expect(await refusal(vekOf({ extensions }))).toBe(
      'vek-cert-format: VCEK has the extension 2b060104019c780106, which is none of a VCEK of Genoa',
    )
  })

  test('an extension of others is not looked at', async () => {
    const extensions = (given: Bytes[]): Uint8Array[] => [...given, extensionOf('1.2.3.4', explicit(0, integer(1)))]
    await expect(snp(vekOf({ extensions }))).resolves.toBeDefined()
  })
})

test('every reason code of reports is expected in these tests', () => {
  const text = ['reasons', 'threats']
    .map((name) => readFileSync(new URL(`${name}.test.ts`, import.meta.url), 'utf8'))
    .join('\n')
  const codes =
    'endorsement-missing endorsement-format root-mismatch cert-parse cert-algorithm cert-extension cert-path-length cert-chain-name cert-chain-signature cert-validity crl-parse crl-algorithm crl-extension crl-issuer crl-validity crl-signature crl-revoked policy-debug policy-migration policy-measurements policy-report-data policy-platform report-size report-version report-algorithm report-reserved report-signing-key report-product report-tcb report-signature cert-table vek-cert-format vek-product-mismatch vek-tcb-mismatch vek-chip-id-mismatch policy-product policy-csp policy-vmpl policy-guest-policy policy-platform-info policy-tcb policy-firmware policy-provisional-firmware policy-mitigations policy-guest-svn'
  const missing = codes
    .split(' ')
    .filter((code) => !new RegExp(`(toBe\\(|toMatch\\(|\\^)?['"\`/^]*${code}`).test(text.replace(codes, '')))
  expect(missing).toEqual([])
})
