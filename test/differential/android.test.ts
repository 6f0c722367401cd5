/**
 * Key descriptions by `@peculiar/asn1-android`: where both readers read one, they agree on what
 * decides. The other is lenient where a verifier must not be, and refuses what is new: the
 * differences are listed here, one line each.
 *
 * - Tags that it does not know, ML-DSA's (11) among them, it refuses; they must pass.
 * - BOOLEAN 01, bytes behind the value, indefinite lengths, padded integers and tags, NULL with
 *   content, unknown versions: it reads them.
 * - Two values under one tag, and packages that are not UTF-8: it reads them.
 */
import { KeyDescription as Description, NonStandardKeyDescription } from '@peculiar/asn1-android'
import { AsnConvert } from '@peculiar/asn1-schema'
import { describe, expect, test } from 'vitest'
import { AttestationError } from '../../src/core/errors.ts'
import { decodePem } from '../../src/encoding/pem.ts'
import { KEY_DESCRIPTION } from '../../src/formats/android/chain.ts'
import { decodeKeyDescription, type KeyDescription } from '../../src/formats/android/key/key-description.ts'
import { decodeCertificate } from '../../src/x509/certificate.ts'
import { keyDescription, soundHardware } from '../attester/android.ts'
import { findVectors } from '../support/vectors.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** What decides, of either reader. */
interface Facts {
  readonly version: number
  readonly levels: readonly number[]
  readonly challenge: string
  readonly origin: number | undefined
  readonly boot: { readonly key: string; readonly isLocked: boolean; readonly state: number } | undefined
}

const levels = ['software', 'tee', 'strongbox']
const states = ['verified', 'self-signed', 'unverified', 'failed']
const hex = (bytes: ArrayBufferLike | Uint8Array): string =>
  Buffer.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)).toString('hex')

function ours(bytes: Bytes): Facts | undefined {
  let read: KeyDescription
  try {
    read = decodeKeyDescription(bytes)
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
  const { origin, rootOfTrust: boot } = read.hardwareEnforced
  return {
    version: read.attestationVersion,
    levels: [read.attestationSecurityLevel, read.keyMintSecurityLevel].map((level) => levels.indexOf(level)),
    challenge: hex(read.attestationChallenge),
    origin: origin === undefined ? undefined : Number(origin),
    boot: boot && {
      key: hex(boot.verifiedBootKey),
      isLocked: boot.deviceLocked,
      state: states.indexOf(boot.verifiedBootState),
    },
  }
}

function theirs(bytes: Bytes): Facts | undefined {
  for (const Kind of [Description, NonStandardKeyDescription]) {
    try {
      // Both classes name the same members.
      const read = AsnConvert.parse(bytes, Kind as typeof Description)
      const hardware = read.teeEnforced
      const find = (name: 'origin' | 'rootOfTrust'): unknown => {
        const found: unknown = hardware
        if (Array.isArray(found))
          return (found as Record<string, unknown>[]).find((one) => one[name] !== undefined)?.[name]
        return (found as Record<string, unknown>)[name]
      }
      const boot = find('rootOfTrust') as
        { verifiedBootKey: { buffer: ArrayBuffer }; deviceLocked: boolean; verifiedBootState: number } | undefined
      return {
        version: read.attestationVersion,
        levels: [read.attestationSecurityLevel, read.keymasterSecurityLevel],
        challenge: hex(read.attestationChallenge.buffer),
        origin: find('origin') as number | undefined,
        boot: boot && {
          key: hex(boot.verifiedBootKey.buffer),
          isLocked: boot.deviceLocked,
          state: boot.verifiedBootState,
        },
      }
    } catch {
      // The other class, or none of both.
    }
  }
  return undefined
}

describe('key descriptions by @peculiar/asn1-android', () => {
  test('that we make', () => {
    const made = keyDescription({ hardware: { ...soundHardware } })
    expect(theirs(made)).toEqual(ours(made))
    expect(ours(made)?.boot?.isLocked).toBe(true)
  })

  const vectors = findVectors('android')
  if (!vectors.found) test.skip(vectors.skipLine)
  else {
    const { vectors: all } = vectors.manifest as { vectors: readonly { file: string; kind: string }[] }
    const found = all
      .filter(({ kind }) => kind === 'evidence')
      .flatMap(({ file }) => {
        const text = new TextDecoder().decode(vectors.read(file))
        const [leaf] = decodePem(text, 'CERTIFICATE', { name: file, code: 'cert-parse' })
        try {
          const value = decodeCertificate(leaf as Bytes, file).extensions.get(KEY_DESCRIPTION)?.value
          return value === undefined ? [] : [[file, value] as const]
        } catch {
          return []
        }
      })

    test('that phones made, wherever both read them', () => {
      const both = found.flatMap(([file, value]) => {
        const [own, other] = [ours(value), theirs(value)]
        return own === undefined || other === undefined ? [] : [{ file, own, other }]
      })
      expect(both.length).toBeGreaterThan(90)
      expect(both.filter(({ own, other }) => JSON.stringify(own) !== JSON.stringify(other))).toEqual([])
    })

    test('differ where one of both is right', () => {
      const [alone, lenient] = [
        found.filter(([, value]) => ours(value) !== undefined && theirs(value) === undefined),
        found.filter(([, value]) => ours(value) === undefined && theirs(value) !== undefined),
      ].map((files) => files.map(([file]) => file))
      // What it refuses has tags that it does not know, and is right.
      expect(alone?.filter((file) => !/mldsa|unknown-tags|usage-count|unique|ok-/.test(file))).toEqual([])
      // What it reads beside is malformed.
      expect(lenient?.filter((file) => !file.includes('/bad-'))).toEqual([])
      expect(lenient?.length).toBeGreaterThan(5)
    })
  }
})
