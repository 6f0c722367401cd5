/**
 * The identifiers of the table: COSE's from the registry, X.509's as `@peculiar/x509` and OpenSSL
 * (through Node) know them, keys as WebCrypto exports them.
 */
import 'reflect-metadata'
import { X509Certificate as NodeCertificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { beforeAll, describe, expect, test } from 'vitest'
import { isKeyOf } from '../../src/crypto/algorithms.ts'
import { hex, unhex, withByte } from '../attester/bytes.ts'
import {
  bitString,
  type Bytes,
  element,
  elementsOf,
  integer,
  objectIdentifier,
  sequence,
  unsigned,
} from '../attester/der.ts'
import { createKeyPair, type KeyPair, type RowName, rowNames, sign, signings, table, toX509 } from './algorithms.ts'

/** IANA, COSE Algorithms. */
const coseIdentifiers: Readonly<Record<RowName, number | undefined>> = {
  ES256: -7,
  ES384: -35,
  ES512: -36,
  ecdsaP384Sha256: undefined,
  ecdsaP256Sha384: undefined,
  PS256: -37,
  PS384: -38,
  PS512: -39,
  ps384By4096: -38,
  RS256: -257,
  RS384: -258,
  RS512: -259,
}

/** Rows that are not called after their identifier. */
const otherNames: Partial<Readonly<Record<RowName, string>>> = {
  ecdsaP384Sha256: 'P-384 with SHA-256',
  ecdsaP256Sha384: 'P-256 with SHA-384',
  ps384By4096: 'PS384',
}

test('no row is missing here', () => {
  const keys = ['p256', 'p384', 'p521', 'rsa', 'rsa4096', 'isKeyOf', 'ps384By4096WithTrailer']
  expect(
    Object.keys(table)
      .filter((name) => !keys.includes(name))
      .sort(),
  ).toEqual([...rowNames].sort())
})

describe.each(rowNames)('%s', (name) => {
  const row = table[name]
  const signing = signings[name]
  let pair: KeyPair
  let der: Bytes

  beforeAll(async () => {
    pair = await createKeyPair(signing)
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: 'CN=algorithms',
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      keys: pair,
      signingAlgorithm: signingAlgorithmOf(name) as EcdsaParams,
    })
    der = new Uint8Array(certificate.rawData)
  })

  test('COSE', () => {
    expect(row.cose).toBe(coseIdentifiers[name])
    expect(row.name).toBe(otherNames[name] ?? name)
  })

  test('X.509: as @peculiar/x509 writes it, in both places', () => {
    const [tbs, outer] = elementsOf(der) as [Bytes, Bytes]
    expect(hex(elementsOf(tbs)[2] as Bytes)).toBe(hex(outer))
    // It leaves out the NULL of each hash of RSA-PSS; RFC 4055 section 2.1 knows both forms, and
    // the table has the one that OpenSSL writes.
    expect(hex(signing.kind === 'RSA-PSS' ? withNulls(outer) : outer)).toBe(row.x509)
  })

  test('X.509: OpenSSL verifies a certificate that has it in both places', async () => {
    const [tbs] = elementsOf(der) as [Bytes]
    const identifier = unhex(row.x509)
    const signed = sequence(...elementsOf(tbs).map((element, i) => (i === 2 ? identifier : element)))
    const signature = toX509(signing, await sign(signing, pair, signed))
    const certificate = new NodeCertificate(sequence(signed, identifier, bitString(signature)))
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })

  test('the key is one of its type, and no changed key is', () => {
    expect(isKeyOf(pair.spki, row.key)).toBe(true)
    expect(isKeyOf(unhex(`00${hex(pair.spki)}`), row.key)).toBe(false)
    expect(isKeyOf(unhex(`${hex(pair.spki)}00`), row.key)).toBe(false)
    expect(isKeyOf(pair.spki.slice(0, -1), row.key)).toBe(false)
    const headSize = signing.kind === 'ECDSA' ? pair.spki.length - 2 * row.key.coordinateSize : 24
    for (let at = 0; at < headSize; at++) {
      // The low bytes of an RSA key's lengths follow from the size of its exponent.
      if (signing.kind !== 'ECDSA' && [2, 3, 21, 22].includes(at)) continue
      expect(
        isKeyOf(
          withByte(pair.spki, at, (byte) => byte ^ 0x20),
          row.key,
        ),
      ).toBe(false)
    }
  })

  test('WebCrypto parameters: those of the name', () => {
    const { importParams, verifyParams } = row
    if (signing.kind === 'ECDSA') {
      expect(importParams).toEqual({ name: 'ECDSA', namedCurve: signing.curve })
      expect(verifyParams).toEqual({ name: 'ECDSA', hash: signing.hash })
      expect(row.key.coordinateSize).toBe({ 'P-256': 32, 'P-384': 48, 'P-521': 66 }[signing.curve])
    } else {
      expect(importParams).toEqual({ name: signing.kind, hash: signing.hash })
      const salt = signing.kind === 'RSA-PSS' ? { saltLength: Number(signing.hash.slice(4)) / 8 } : {}
      expect(verifyParams).toEqual({ name: signing.kind, ...salt })
      expect(row.key.coordinateSize).toBe(0)
    }
  })
})

describe('RSA keys of 2048 to 4096 bits', () => {
  /** A SubjectPublicKeyInfo of a modulus of so many bits, the exponent 65537. */
  function spkiOf(bits: number, ...exponent: readonly number[]): Bytes {
    const octets = Math.ceil(bits / 8)
    const modulus = new Uint8Array(octets).fill(0xff)
    modulus[0] = 0xff >> ((8 - (bits % 8)) % 8)
    const key = sequence(unsigned(modulus), integer(...exponent))
    const algorithm = sequence(objectIdentifier('1.2.840.113549.1.1.1'), element(5))
    return sequence(algorithm, bitString(key))
  }

  test.each([2048, 3072, 4096])('%d bits', (bits) => {
    expect(isKeyOf(spkiOf(bits, 1, 0, 1), table.rsa)).toBe(true)
  })

  test.each([512, 1024, 1536, 2040, 4104, 5120, 8192])('refuses %d bits', (bits) => {
    expect(isKeyOf(spkiOf(bits, 1, 0, 1), table.rsa)).toBe(false)
  })

  test('rsa4096 is 4096 bits and the exponent 65537', () => {
    expect(isKeyOf(spkiOf(4096, 1, 0, 1), table.rsa4096)).toBe(true)
    expect(isKeyOf(spkiOf(3072, 1, 0, 1), table.rsa4096)).toBe(false)
    expect(isKeyOf(spkiOf(4088, 1, 0, 1), table.rsa4096)).toBe(false)
    for (const exponent of [[3], [1, 0, 3], [1, 0, 0, 1]])
      expect(isKeyOf(spkiOf(4096, ...exponent), table.rsa4096)).toBe(false)
  })

  test('PS384 with its trailer written out is PS384 else', () => {
    const { x509: identifier, ...rest } = table.ps384By4096WithTrailer
    expect({ ...rest, x509: table.ps384By4096.x509 }).toEqual(table.ps384By4096)
    const [, parameters] = elementsOf(unhex(identifier)) as [Bytes, Bytes]
    const [, plain] = elementsOf(unhex(table.PS384.x509)) as [Bytes, Bytes]
    const trailer = element(0xa3, integer(1))
    expect(hex(parameters)).toBe(hex(sequence(...elementsOf(plain), trailer)))
  })
})

/** An RSA-PSS identifier with a NULL put behind every hash identifier. */
function withNulls(identifier: Bytes): Bytes {
  const isHash = hex(identifier).startsWith('300b0609608648016503040')
  if (isHash) return sequence(...elementsOf(identifier), element(5))
  const [tag = 0] = identifier
  return (tag & 0x20) === 0 ? identifier : element(tag, ...elementsOf(identifier).map(withNulls))
}

function signingAlgorithmOf(name: RowName): object {
  const { kind, hash } = signings[name]
  if (kind === 'RSA-PSS') return { name: kind, hash, saltLength: Number(hash.slice(4)) / 8 }
  return { name: kind, hash }
}
