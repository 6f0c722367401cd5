/**
 * What verifications leave in a cache of the caller's for later ones: documents by their exact
 * text, decoded, and which key signed what in them. Neither is a verdict: what a text is read as
 * and who signed it does not depend on trust, policy or time.
 *
 * A document that is recalled is the object that was read before. So it is frozen as far as
 * JavaScript can, lies in memory that nothing else shares, and cannot be reached from the cache.
 */
import { type Bytes, equalBytes } from '../encoding/bytes.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import type { PublicKey } from './signature.ts'

declare const remembered: unique symbol

/** An entry. What it says is known to the copy of the library that made it, and to nothing else. */
export interface Remembered {
  readonly [remembered]: true
}

/** A `Map` of the caller's, by the exact text of what is remembered. */
export type SignatureCache = Map<string, Remembered>

/** What was signed, as a memory knows it. */
export interface Memorable {
  readonly signedBytes: Bytes
  /** The document it is part of, as it was recalled or kept. */
  readonly document?: object
}

/** "This is signed by that key." */
export interface Fact {
  readonly of: Memorable
  /** SubjectPublicKeyInfo of the signer. */
  readonly by: Bytes
  /** The certificate's own key; that of the signer where no certificate was signed. */
  readonly key: PublicKey
  /** What the key was imported for. */
  readonly importedFor: SignatureAlgorithm
}

interface Entry {
  readonly text: string
  /** What the text was read as: a text can be read in several ways. */
  readonly kind: string
  readonly document: object
  readonly facts: readonly Fact[]
}

/** A cache, as one verification sees it. */
export interface Memory {
  /** What exactly this text was read as, in a verification whose signatures all held. */
  recall(text: string, kind: string): object | undefined
  /**
   * To be remembered, should all signatures hold. The text has all of the document, signature
   * included: an ECDSA signature has a second valid form, so that no part of it would be enough.
   * @param document in memory of its own
   */
  keep(text: string, kind: string, document: object): void
  /** That this was signed by this key, if that is known. */
  factOf(of: Memorable, by: Bytes): Pick<Fact, 'key' | 'importedFor'> | undefined
  /** All signatures held. @param facts those that were found now */
  commit(facts: readonly Fact[]): void
}

const maximumEntries = 100
/** Longer texts are not remembered, so that a cache stays small. */
const maximumText = 65_536
/** Characters of all texts together. */
const maximumTexts = 1_048_576

// A registry, not state that a verdict depends on: what entries say, out of reach of those who
// hold them. It holds none that no cache holds.
const entries = /* @__PURE__ */ new WeakMap<WeakKey, Entry>()

export function openMemory(cache: SignatureCache): Memory {
  const staged = new Map<object, Entry>()

  return {
    recall(text, kind) {
      const entry = entries.get(cache.get(text) as WeakKey)
      // The text too: entries that others moved say nothing of where they are now.
      if (entry?.kind !== kind || entry.text !== text) return undefined
      staged.set(entry.document, entry)
      return entry.document
    },
    keep(text, kind, document) {
      if (text.length <= maximumText && !staged.has(document)) staged.set(document, { text, kind, document, facts: [] })
    },
    factOf({ signedBytes, document }, by) {
      const facts = staged.get(document as object)?.facts
      return facts?.find((fact) => fact.of.signedBytes === signedBytes && equalBytes(fact.by, by))
    },
    commit(found) {
      for (const entry of staged.values()) {
        const { text, document, facts } = entry
        const added = found.filter(({ of }) => of.document === document)
        let handle = cache.get(text)
        if (added.length > 0 || entries.get(handle as WeakKey) !== entry) {
          handle = Object.freeze({}) as Remembered
          entries.set(handle, { ...entry, document: frozen(document), facts: [...facts, ...added.map(ownOf)] })
        }
        // Behind all others: what was of no use for longest leaves first.
        cache.delete(text)
        cache.set(text, handle as Remembered)
      }
      shorten(cache)
    },
  }
}

/** A fact without anything of the verification that found it. */
const ownOf = ({ of: { signedBytes }, by, key, importedFor }: Fact): Fact => ({
  of: { signedBytes },
  by: by.slice(),
  key,
  importedFor,
})

/** Bytes as a text of as many characters, one for each value. */
export const latin1 = (bytes: Bytes): string => decoder.decode(bytes)
const decoder = /* @__PURE__ */ new TextDecoder('latin1')

function shorten(cache: SignatureCache): void {
  let total = 0
  for (const text of cache.keys()) total += text.length
  for (const text of cache.keys()) {
    if (cache.size <= maximumEntries && total <= maximumTexts) break
    cache.delete(text)
    total -= text.length
  }
}

/**
 * Every object and list inside. Bytes cannot be frozen, maps neither: none of either leaves the
 * verifiers.
 */
function frozen<T extends object>(value: T): T {
  if (ArrayBuffer.isView(value) || Object.isFrozen(value)) return value
  const inside = value instanceof Map ? value.values() : Object.values(Object.freeze(value))
  for (const inner of inside) if (typeof inner === 'object' && inner !== null) frozen(inner as object)
  return value
}
