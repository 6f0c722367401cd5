/**
 * A signed reference value names its product: a CA that signs for several cannot make one pass for
 * another, and versions count by product.
 */
import { refusalText } from '../../support/refusal.ts'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  decodeCorim,
  openCorim,
  openReferenceValues,
  type OpenReferenceValuesOptions,
  signReferenceValues,
} from '../../../src/reference/index.ts'
import * as cbor from '../../attester/cbor.ts'
import {
  type CorimPlan,
  type CorimSigner,
  createCorimSigner,
  madeAt,
  makeCorim,
  register,
} from '../../attester/corim.ts'

const now = new Date('2026-06-02T00:00:00Z')

let signer: CorimSigner
beforeAll(async () => {
  signer = await createCorimSigner()
})

const optionsOf = (change: object = {}): OpenReferenceValuesOptions => ({
  environment: 'nitro',
  product: 'example.com/app',
  trustAnchors: [signer.ca],
  minimumVersion: 1,
  now,
  ...change,
})

const sign = (change: object = {}, values: object | readonly object[] = { PCR0: register(0) }): Promise<Uint8Array> =>
  signReferenceValues(values as Parameters<typeof signReferenceValues>[0], {
    environment: 'nitro',
    product: 'example.com/app',
    key: signer.key.privateKey,
    chain: [signer.certificate, signer.authority],
    version: 3,
    notBefore: madeAt,
    notAfter: new Date('2026-07-01T00:00:00Z'),
    ...change,
  })

/** Runs with properties on every object. */
async function polluted<T>(properties: Readonly<Record<string, unknown>>, run: () => Promise<T>): Promise<T> {
  try {
    for (const [name, value] of Object.entries(properties))
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    return await run()
  } finally {
    for (const name of Object.keys(properties)) Reflect.deleteProperty(Object.prototype, name)
  }
}

describe('H11 a signed reference value names its product', () => {
  test('it opens for this product, and for no other, whatever the same CA signed', async () => {
    const [app, other] = [await sign(), await sign({ product: 'example.com/other' }, { PCR0: register(5) })]
    expect(await openReferenceValues(app, optionsOf())).toMatchObject({
      product: 'example.com/app',
      id: 'example.com/app 3',
      referenceValues: [{ PCR0: register(0) }],
    })
    expect(await refusalText(() => openReferenceValues(other, optionsOf()))).toBe(
      'reference-product: product: expected example.com/app, found example.com/other',
    )
  })

  test.each(['example.com/App', 'example.com/app ', 'example.com/ap', 'example.com/app2', '3', 'release'])(
    'not for %j: names are equal or they are not',
    async (product) => {
      const file = await makeCorim(signer)
      expect(await refusalText(() => openReferenceValues(file, optionsOf({ product })))).toBe(
        `reference-product: product: expected ${product}, found example.com/app`,
      )
    },
  )

  test.each<[string, CorimPlan]>([
    ['in front', { product: 'example.com/other' }],
    ['behind', {}],
  ])('another product in a second CoMID, %s', async (_, plan) => {
    const other = await comidOf({ product: plan.product === undefined ? 'example.com/other' : 'example.com/app' })
    const tags = (comid: Uint8Array): Uint8Array =>
      cbor.array(cbor.tag(506, cbor.bytes(comid)), cbor.tag(506, cbor.bytes(other)))
    const file = await makeCorim(signer, { ...plan, tags })
    expect(await refusalText(() => openReferenceValues(file, optionsOf()))).toBe(
      'reference-content: CoMIDs in one file: expected 1, found others',
    )
  })

  test('a name that hides something comes out escaped', async () => {
    const file = await makeCorim(signer, { product: 'example.com/app\u202e' })
    expect(await refusalText(() => openReferenceValues(file, optionsOf()))).toBe(
      'reference-product: product: expected example.com/app, found example.com/app\\u{202e}',
    )
  })

  test('versions count by product: the floor of one is none for another', async () => {
    const [app, other] = [await sign({ version: 42 }), await sign({ product: 'example.com/other', version: 2 })]
    const floors: Record<string, number> = { 'example.com/app': 42, 'example.com/other': 2 }
    const open = (file: Uint8Array, product: string, more = 0): Promise<{ readonly version: number }> =>
      openReferenceValues(file, optionsOf({ product, minimumVersion: (floors[product] ?? 0) + more }))
    expect((await open(app, 'example.com/app')).version).toBe(42)
    expect((await open(other, 'example.com/other')).version).toBe(2)
    expect(await refusalText(() => open(other, 'example.com/other', 1))).toBe(
      'reference-rollback: version of example.com/other: expected at least 3, found 2',
    )
    // A high version of another product is not a way past the floor.
    expect(await refusalText(() => open(app, 'example.com/other', 1))).toMatch(/^reference-product: /)
  })

  const sentence = 'reference-product: signed before values named a product: sign them again'

  test('what was signed before is refused, and the message says why', async () => {
    const profile = cbor.tag(32, cbor.text('tag:veritee.dev,2026:reference-values#1'))
    const before = await makeCorim(signer, { corim: { 3: profile } })
    expect(await refusalText(() => openReferenceValues(before, optionsOf()))).toBe(sentence)
    // Also when the name of the file, which was the id of the CoMID then, looks like the product.
    expect(await refusalText(() => openReferenceValues(before, optionsOf({ product: 'release' })))).toBe(sentence)
    // A forged one is forged first.
    const forged = before.slice()
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    expect(await refusalText(() => openReferenceValues(forged, optionsOf()))).toMatch(/^reference-signature: /)
    // To look at, it is still readable.
    expect(decodeCorim(before).profile).toBe('tag:veritee.dev,2026:reference-values#1')
    expect((await openCorim(before, { trustAnchors: [signer.ca], now })).comids).toHaveLength(1)
  })

  test('a file that a release before really wrote', async () => {
    const file = (name: string): Uint8Array =>
      new Uint8Array(readFileSync(new URL(`../../../fixtures/reference-without-product/${name}`, import.meta.url)))
    const options = optionsOf({ trustAnchors: [file('ca.der')] })
    expect(await refusalText(() => openReferenceValues(file('signed.corim'), options))).toBe(sentence)
  })

  test.each<[string, unknown]>([
    ['none', undefined],
    ['an empty one', ''],
    ['a list', ['example.com/app']],
    ['a number', 7],
    ['a line break', 'a\nb'],
    ['half a character', 'a\ud800'],
    ['a mark that turns the direction', 'a\u202eb'],
  ])('%s is a TypeError, to open and to sign', async (_, product) => {
    for (const attempt of [
      () => openReferenceValues(new Uint8Array(), optionsOf({ product })),
      () => sign({ product }),
    ]) {
      await expect(attempt()).rejects.toThrow(/^product must be text without control characters/)
      await expect(attempt()).rejects.toBeInstanceOf(TypeError)
    }
  })

  test('an environment that only looks like one when it is converted is a TypeError', async () => {
    for (const attempt of [
      () => openReferenceValues(new Uint8Array(), optionsOf({ environment: ['nitro'] })),
      () => sign({ environment: ['nitro'] }),
    ]) {
      await expect(attempt()).rejects.toThrow('environment must be nitro or nitro-tpm')
      await expect(attempt()).rejects.toBeInstanceOf(TypeError)
    }
  })
})

/** The CoMID of such a file. */
async function comidOf(plan: CorimPlan): Promise<Uint8Array> {
  const found: Uint8Array[] = []
  const keep = (comid: Uint8Array): Uint8Array => (found.push(comid), cbor.array(cbor.tag(506, cbor.bytes(comid))))
  await makeCorim(signer, { ...plan, tags: keep })
  return found[0] as Uint8Array
}

describe('H11 names of builds are unique in a file', () => {
  const build = (name: string | undefined, index: number) => ({
    ...(name !== undefined && { name }),
    registers: { 0: register(index) },
  })

  test.each([
    ['the same', 'build 1', 'build 1'],
    ['the same to the eye: what is escaped is called what it looks like', 'a\u200b', 'a\\u{200b}'],
  ])('%s', async (_, first, second) => {
    const file = await makeCorim(signer, { builds: [build(first, 0), build('between', 1), build(second, 2)] })
    expect(await refusalText(() => openReferenceValues(file, optionsOf()))).toMatch(
      /^reference-content: name of build 2: expected one that no other build has, found (?:build 1|a\\u\{200b\})$/,
    )
    const values = [
      { name: first, PCR0: register(0) },
      { name: 'between', PCR0: register(1) },
      { name: second, PCR0: register(2) },
    ]
    await expect(sign({}, values)).rejects.toThrow(/^name of values\[2\] must be one that no other build has$/)
    await expect(sign({}, values)).rejects.toBeInstanceOf(TypeError)
  })

  test('builds without a name, and builds that measure the same under two names, are told apart', async () => {
    const builds = [build(undefined, 0), build(undefined, 1), build('a', 2), build('b', 2)]
    const opened = await openReferenceValues(await makeCorim(signer, { builds }), optionsOf())
    expect(opened.referenceValues.map(({ name }) => name)).toEqual([undefined, undefined, 'a', 'b'])
    await expect(sign({}, [{ PCR0: register(0) }, { PCR0: register(1) }])).resolves.toBeDefined()
  })
})

describe('H11 what every object inherits chooses nothing', () => {
  test('a product, a threshold, a version, an anchor', async () => {
    const file = await makeCorim(signer)
    const { product, minimumVersion, ...rest } = optionsOf()
    await polluted({ product, minimumVersion, threshold: 1 }, async () => {
      await expect(openReferenceValues(file, rest as never)).rejects.toThrow(/^product must be/)
      await expect(openReferenceValues(file, { ...rest, product } as never)).rejects.toThrow(/^minimumVersion must be/)
    })
    await polluted({ trustAnchors: [signer.ca], signer: new Uint8Array([0x30]) }, async () => {
      await expect(openReferenceValues(file, { ...optionsOf(), trustAnchors: undefined } as never)).rejects.toThrow(
        'trustAnchors must be certificates in DER',
      )
      await expect(openReferenceValues(file, optionsOf())).resolves.toMatchObject({ version: 7 })
    })
    await polluted({ threshold: 2, revoked: [{ PCR0: register(0) }], now: new Date(0) }, async () => {
      await expect(openReferenceValues(file, optionsOf())).resolves.toMatchObject({ version: 7 })
    })
  })

  test('a register: it would tell a build apart from the one that is revoked', async () => {
    const file = await makeCorim(signer)
    const revoked = [{ PCR0: register(0), PCR8: register(8) }]
    const refusal = await polluted({ PCR8: register(1) }, () =>
      refusalText(() => openReferenceValues(file, optionsOf({ revoked }))),
    )
    expect(refusal).toBe('reference-revoked: builds that are not revoked: expected at least 1, found 0 of 1')
  })

  test('a hole in a list is not passed over', async () => {
    const holes = (...list: readonly unknown[]): unknown[] => {
      const sparse = [...list]
      sparse.length++
      return sparse
    }
    const file = await makeCorim(signer)
    for (const [change, message] of [
      [{ trustAnchors: holes(signer.ca) }, 'trustAnchors must be certificates in DER'],
      [{ revoked: holes({ PCR0: register(9) }) }, 'referenceValues[0] must be a plain object'],
    ] as const)
      await expect(openReferenceValues(file, optionsOf(change))).rejects.toThrow(message)
    await expect(openReferenceValues(holes(file) as never, optionsOf())).rejects.toThrow(
      'files must be a Uint8Array, or 1 to 16 of them',
    )
  })
})
