/**
 * The memory behind an endorsement cache: exact texts, bounded, frozen, and no word for a key that
 * did not sign.
 */
import { expect, test } from 'vitest'
import { ES256 } from '../../src/crypto/algorithms.ts'
import { type Fact, latin1, type Memorable, openMemory, type SignatureCache } from '../../src/crypto/memory.ts'
import { pattern } from '../attester/bytes.ts'

const key = Promise.resolve(undefined)
const [first, second] = [pattern(91, 1), pattern(91, 2)]
const factOf = (of: Memorable, by: Uint8Array<ArrayBuffer>): Fact => ({ of, by, key, importedFor: ES256 })

/** Remembers a document as one verification does whose signatures all held. */
function remember(cache: SignatureCache, text: string, document: object = {}, facts: readonly Fact[] = []): void {
  const memory = openMemory(cache)
  memory.keep(text, 'document', document)
  memory.commit(facts)
}

test('a document is recalled by its exact text, as what it was read as', () => {
  const cache: SignatureCache = new Map()
  const document = { says: 'this' }
  remember(cache, 'text', document)
  const memory = openMemory(cache)
  expect(memory.recall('text', 'document')).toBe(document)
  for (const text of ['text ', ' text', 'Text', 'tex', '']) expect(memory.recall(text, 'document')).toBeUndefined()
  for (const kind of ['another', 'document ', 'signature', '']) expect(memory.recall('text', kind)).toBeUndefined()
})

test('nothing is remembered before all signatures held', () => {
  const cache: SignatureCache = new Map()
  openMemory(cache).keep('text', 'document', {})
  expect(cache.size).toBe(0)
  expect(openMemory(cache).recall('text', 'document')).toBeUndefined()
})

test('a fact is about one key, one document and one part of it', () => {
  const cache: SignatureCache = new Map()
  const [document, other] = [{}, {}]
  const [part, twin] = [pattern(10), pattern(10)]
  remember(cache, 'text', document, [factOf({ signedBytes: part, document }, first)])
  remember(cache, 'other', other)
  const memory = openMemory(cache)
  const isKnown = (of: Memorable, by = first): boolean => memory.factOf(of, by) !== undefined
  // What was not recalled in this verification is not known in it.
  expect(isKnown({ signedBytes: part, document })).toBe(false)
  memory.recall('text', 'document')
  memory.recall('other', 'document')
  expect(isKnown({ signedBytes: part, document })).toBe(true)
  expect(isKnown({ signedBytes: part, document }, second)).toBe(false)
  expect(isKnown({ signedBytes: part, document: other })).toBe(false)
  expect(isKnown({ signedBytes: part })).toBe(false)
  // Equal bytes elsewhere are not those that were signed.
  expect(isKnown({ signedBytes: twin, document })).toBe(false)
})

test('a second key of the same document is a second fact, and takes nothing from the first', () => {
  const cache: SignatureCache = new Map()
  const of = { signedBytes: pattern(10), document: {} }
  remember(cache, 'text', of.document, [factOf(of, first)])
  const later = openMemory(cache)
  later.recall('text', 'document')
  later.commit([factOf(of, second)])
  const memory = openMemory(cache)
  memory.recall('text', 'document')
  for (const by of [first, second]) expect(memory.factOf(of, by)).toBeDefined()
  expect(memory.factOf(of, pattern(91, 3))).toBeUndefined()
})

test('the key of a fact is a copy: what the evidence was in may change', () => {
  const cache: SignatureCache = new Map()
  const of = { signedBytes: pattern(10), document: {} }
  const by = first.slice()
  remember(cache, 'text', of.document, [factOf(of, by)])
  by.fill(0)
  const memory = openMemory(cache)
  memory.recall('text', 'document')
  expect(memory.factOf(of, by)).toBeUndefined()
  expect(memory.factOf(of, first)).toBeDefined()
})

test('entries hold nothing, and say nothing under another text or in another registry', () => {
  const cache: SignatureCache = new Map()
  remember(cache, 'text', { says: 'this' })
  const [entry] = cache.values()
  expect(Reflect.ownKeys(entry as object)).toEqual([])
  expect(Object.isFrozen(entry)).toBe(true)
  cache.set('moved', entry as never)
  cache.set('copied', { ...(entry as object) } as never)
  const memory = openMemory(cache)
  expect(memory.recall('moved', 'document')).toBeUndefined()
  expect(memory.recall('copied', 'document')).toBeUndefined()
})

test('documents are frozen all the way down, maps aside', () => {
  const document = { list: [{ deep: [1] }], map: new Map([['a', { inside: [2] }]]), bytes: pattern(4), none: null }
  remember(new Map(), 'text', document)
  const inside = document.map.get('a')
  for (const part of [document, document.list, document.list[0], document.list[0]?.deep, inside, inside?.inside])
    expect(Object.isFrozen(part)).toBe(true)
})

test('bounded: 100 entries, 64 KiB of text each, 1 MiB together; what was of no use for longest leaves first', () => {
  const cache: SignatureCache = new Map()
  for (let i = 0; i < 150; i++) {
    remember(cache, `${i}`)
    // Of use each time.
    openMemory(cache).recall('0', 'document')
    const memory = openMemory(cache)
    memory.recall('0', 'document')
    memory.commit([])
  }
  expect(cache.size).toBe(100)
  expect([...cache.keys()]).toEqual([...Array.from({ length: 99 }, (_, i) => `${i + 51}`), '0'])

  remember(cache, 'x'.repeat(65_537))
  expect(cache.size).toBe(100)
  for (let i = 0; i < 40; i++) remember(cache, `${i}`.padEnd(65_536, 'x'))
  const total = [...cache.keys()].reduce((sum, { length }) => sum + length, 0)
  expect(total).toBe(1_048_576)
  expect(cache.size).toBe(16)
})

test('256 bytes are 256 characters', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  expect(latin1(all)).toHaveLength(256)
  expect(new Set([...all].map((byte) => latin1(Uint8Array.of(byte)))).size).toBe(256)
})
