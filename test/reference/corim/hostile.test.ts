/**
 * Files that are as large as they may be and hold nothing but what is expensive to read: a byte of
 * CBOR becomes a map of 200. What is refused says at which byte reading ended, so that a message
 * shows how much was read; a process with little memory shows what it cost. Every signature here is
 * right.
 */
import { refusalText } from '../../support/refusal.ts'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { decodeCorim, openCorim, openReferenceValues } from '../../../src/reference/index.ts'
import * as cbor from '../../attester/cbor.ts'
import { createSigner, issue } from '../../attester/certificate.ts'
import {
  corimCertificate,
  type CorimPlan,
  type CorimSigner,
  createCorimSigner,
  makeCorim,
} from '../../attester/corim.ts'

const now = new Date('2026-06-02T00:00:00Z')
/** Leaves room for the rest of a file. */
const many = 1_040_000

let signer: CorimSigner
beforeAll(async () => {
  signer = await createCorimSigner()
})

/** The head of a list, then as many of one byte. */
function list(count: number, byte = 0xa0): Uint8Array<ArrayBuffer> {
  const head = count < 256 ? [0x98, count] : count < 65_536 ? [0x99, count >> 8, count & 255] : undefined
  const size = head ?? [0x9a, count >> 24, (count >> 16) & 255, (count >> 8) & 255, count & 255]
  const bytes = new Uint8Array(size.length + count).fill(byte)
  bytes.set(size)
  return bytes
}

const open = (file: Uint8Array): Promise<unknown> =>
  openReferenceValues(file, {
    environment: 'nitro',
    product: 'example.com/app',
    trustAnchors: [signer.ca],
    minimumVersion: 0,
    now,
  })
const openOther = (file: Uint8Array): Promise<unknown> => openCorim(file, { trustAnchors: [signer.ca], now })

/** What is read before a signature was checked. */
const headers: readonly (readonly [what: string, code: string, plan: CorimPlan])[] = [
  ['an x5chain of a million empty maps', 'cose-protected', { protectedHeader: { 33: list(many) } }],
  ['an x5chain of a million numbers', 'cose-protected', { protectedHeader: { 33: list(many, 0) } }],
  ['an x5chain of a million empty certificates', 'cose-protected', { protectedHeader: { 33: list(many, 0x40) } }],
  [
    'the same where no signature covers it',
    'cose-unprotected',
    { protectedHeader: { 33: undefined }, unprotectedHeader: { 33: list(many) } },
  ],
  ['a header that is not known', 'cose-protected', { protectedHeader: { 99: list(many) } }],
  ['an algorithm of a million parts', 'cose-protected', { protectedHeader: { 1: list(many) } }],
]

/** What is read behind it. */
const contents: readonly (readonly [what: string, plan: CorimPlan])[] = [
  ['a million tags', { tags: () => list(many) }],
  ['a million entities', { corim: { 5: list(many) } }],
  ['a million reference triples', { triples: { 0: list(many) } }],
  ['a million measurements', { measurement: { 1: list(many) } }],
  ['a million values that are not read', { mval: { 4: list(many, 0) } }],
]

/** Ten CoMIDs, each with fewer items than a file may have. */
const split: CorimPlan = {
  tags: () => cbor.array(...Array.from({ length: 10 }, () => cbor.tag(506, cbor.bytes(list(60_000))))),
}

describe('H14 a hostile CoRIM of 1 MiB costs little before its signature', () => {
  test.each(headers)('%s: reading ends at the 256th item', async (_, code, plan) => {
    const file = await makeCorim(signer, plan)
    expect(file.length).toBeGreaterThan(1_040_000)
    for (const read of [open, openOther, decodeCorim]) {
      const refusal = await refusalText(() => read(file))
      const [, found, at] = /^([a-z-]+): (?:un)?protected header: too many items at (\d+)$/.exec(refusal) ?? [refusal]
      expect(found).toBe(code)
      // Headers of this file end after some 2000 bytes; a list of one-byte items is read no further
      // than its 256th.
      expect(Number(at)).toBeLessThan(2500)
    }
  })

  test('both headers have one budget', async () => {
    const half = list(140)
    const plan = { protectedHeader: { 33: half }, unprotectedHeader: { 33: half } }
    expect(await refusalText(async () => decodeCorim(await makeCorim(signer, plan)))).toMatch(
      /^cose-protected: protected header: too many items at \d+$/,
    )
    // Each alone is within it, and refused for what it is.
    for (const alone of [
      { protectedHeader: { 33: half } },
      { protectedHeader: { 33: undefined }, unprotectedHeader: { 33: half } },
    ])
      expect(await refusalText(async () => open(await makeCorim(signer, alone)))).toBe(
        'reference-content: x5chain: expected 1 to 8 certificates of at most 4096 bytes, found others',
      )
  })

  test('corim-meta is not decoded before the signature holds, and then within a budget of its own', async () => {
    const meta = {
      0: cbor.map([
        [cbor.unsigned(0), cbor.text('x')],
        [cbor.unsigned(2), list(many)],
      ]),
    }
    const message = /^reference-cbor: corim-meta: too many items at \d{1,3}$/
    const file = await makeCorim(signer, { meta })
    for (const read of [open, openOther, decodeCorim]) expect(await refusalText(() => read(file))).toMatch(message)
    const forged = await makeCorim(signer, { meta, key: await createSigner() })
    for (const read of [open, openOther])
      expect(await refusalText(() => read(forged))).toMatch(/^reference-signature: /)
  })

  test('a certificate of a megabyte is not decoded', async () => {
    const key = await createSigner()
    const leafOf = (size: number): Promise<Uint8Array> =>
      issue(
        { ...corimCertificate('build', false), subject: [{ CN: ['x'.repeat(size)] }] },
        key,
        [{ CN: ['veritee test CA'] }],
        signer.caKey,
      )
    const fileOf = async (leaf: Uint8Array): Promise<Uint8Array> =>
      makeCorim(signer, { key, protectedHeader: { 33: cbor.bytes(leaf) } })
    // A SEQUENCE of 300,000 times the INTEGER 0.
    const numbers = Uint8Array.from(
      { length: 5 + 900_000 },
      (_, i) => [0x30, 0x83, 0x0d, 0xbb, 0xa0][i] ?? [2, 1, 0][(i - 5) % 3] ?? 0,
    )
    const room = 4096 - (await leafOf(3000)).length + 3000
    for (const read of [open, openOther]) {
      // As large as it may be: the DER signature is a byte or two shorter at times, never longer.
      await expect(read(await fileOf(await leafOf(room - 4)))).resolves.toBeDefined()
      for (const large of [await leafOf(room + 4), numbers])
        expect(await refusalText(async () => read(await fileOf(large)))).toMatch(
          /^reference-content: x5chain: expected 1 to 8 certificates of at most 4096 bytes, found others$/,
        )
    }
  })
})

describe('H14 what a CoRIM says is read within a budget, signed or not', () => {
  test.each(contents)('%s', async (_, plan) => {
    const file = await makeCorim(signer, plan)
    for (const read of [open, openOther, decodeCorim]) {
      const refusal = await refusalText(() => read(file))
      const [, at] = /^reference-cbor: (?:CoRIM|CoMID): too many items at (\d+)$/.exec(refusal) ?? [refusal, refusal]
      expect(Number(at)).toBeLessThan(66_000)
    }
  })

  test('the CoMIDs of a file share it', async () => {
    const file = await makeCorim(signer, split)
    for (const read of [open, openOther, decodeCorim])
      expect(await refusalText(() => read(file))).toMatch(/^reference-content: CoMID must be a map, found array$/)
    // Each of them is sound, and shows nothing: only together they are too many.
    const comids: Uint8Array[] = []
    await makeCorim(signer, {
      triples: { 4: cbor.array(...Array.from({ length: 40_000 }, () => cbor.unsigned(2 ** 40))) },
      tags: (comid) => (comids.push(comid), cbor.array(cbor.tag(506, cbor.bytes(comid)))),
    })
    const times = (count: number): CorimPlan => ({
      tags: () =>
        cbor.array(...Array.from({ length: count }, () => cbor.tag(506, cbor.bytes(comids[0] as Uint8Array)))),
    })
    expect((await makeCorim(signer, times(1)).then(decodeCorim)).comids).toHaveLength(1)
    expect(await refusalText(async () => decodeCorim(await makeCorim(signer, times(2))))).toMatch(
      /^reference-cbor: CoMID: too many items at \d+$/,
    )
  })

  test('a large file of real values is within it', async () => {
    const builds = Array.from({ length: 1500 }, (_, i) => ({
      name: `build ${i}`,
      registers: Object.fromEntries([0, 1, 2].map((index) => [index, new Uint8Array(48).fill((i % 250) + 1 + index)])),
    }))
    const file = await makeCorim(signer, { builds })
    expect(file.length).toBeGreaterThan(300_000)
    await expect(open(file)).resolves.toMatchObject({ referenceValues: { length: 1500 } })
  })
})

test('H14 all of them together, in a process with 64 MiB of heap: before, one alone took four times as much', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'veritee-hostile-'))
  try {
    const written = (name: string, content: Uint8Array): string => {
      writeFileSync(join(folder, name), content)
      return join(folder, name)
    }
    const plans = [...headers.map(([, , plan]) => plan), ...contents.map(([, plan]) => plan), split]
    const files = await Promise.all(plans.map((plan) => makeCorim(signer, plan)))
    const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--max-old-space-size=64',
      '--import',
      here('../../support/ts.mjs'),
      here('confined.ts'),
      written('ca', signer.ca),
      ...files.map((file, i) => written(`${i}`, file)),
    ])
    const codes = JSON.parse(stdout) as string[][]
    expect(codes).toHaveLength(plans.length)
    expect(codes.flat().filter((code) => code === 'accepted')).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
