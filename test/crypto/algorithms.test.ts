/**
 * The identifiers of the table: COSE's from the registry, X.509's as `@peculiar/x509` and OpenSSL (through Node) know them, keys as WebCrypto exports them.
 */
import 'reflect-metadata'
import { X509Certificate as NodeCertificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { beforeAll, describe, expect, test } from 'vitest'
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
  PS256: -37,
  PS384: -38,
  PS512: -39,
  RS256: -257,
  RS384: -258,
  RS512: -259,
}

test('no row is missing here', () => {
  const keys = ['p256', 'p384', 'p521', 'rsa']
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
    expect(row.name).toBe(row.cose === undefined ? 'P-384 with SHA-256' : name)
  })

  test('X.509: as @peculiar/x509 writes it, in both places', () => {
    const [tbs, outer] = elementsOf(der) as [Bytes, Bytes]
    expect(hex(elementsOf(tbs)[2] as Bytes)).toBe(hex(outer))
    // It leaves out the NULL of each hash of RSA-PSS; RFC 4055 section 2.1 knows both forms, and the table has the one that OpenSSL writes.
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

  test('the key matches its pattern, and no changed key does', () => {
    const pattern = new RegExp(row.key.spki)
    expect(hex(pair.spki)).toMatch(pattern)
    expect(`00${hex(pair.spki)}`).not.toMatch(pattern)
    const headSize = signing.kind === 'ECDSA' ? pair.spki.length - 2 * row.key.coordinateSize : 24
    for (let at = 0; at < headSize; at++) {
      // The low bytes of an RSA key's lengths follow from the size of its exponent.
      if (signing.kind !== 'ECDSA' && [2, 3, 21, 22].includes(at)) continue
      expect(hex(withByte(pair.spki, at, (byte) => byte ^ 0x20))).not.toMatch(pattern)
    }
    if (signing.kind !== 'ECDSA') return
    expect(`${hex(pair.spki)}00`).not.toMatch(pattern)
    expect(hex(pair.spki).slice(0, -2)).not.toMatch(pattern)
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
  function spkiOf(bits: number): string {
    const octets = Math.ceil(bits / 8)
    const modulus = new Uint8Array(octets).fill(0xff)
    modulus[0] = 0xff >> ((8 - (bits % 8)) % 8)
    const key = sequence(unsigned(modulus), integer(1, 0, 1))
    const algorithm = sequence(objectIdentifier('1.2.840.113549.1.1.1'), element(5))
    return hex(sequence(algorithm, bitString(key)))
  }

  test.each([2048, 3072, 4096])('%d bits', (bits) => {
    expect(spkiOf(bits)).toMatch(new RegExp(table.rsa.spki))
  })

  test.each([512, 1024, 1536, 2040, 4104, 5120, 8192])('refuses %d bits', (bits) => {
    expect(spkiOf(bits)).not.toMatch(new RegExp(table.rsa.spki))
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
