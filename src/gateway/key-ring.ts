/**
 * The gateway's keys: one that evidence vouches for now, and those before it that clients may still
 * use. Each key remembers every request that was opened with it, and is forgotten only together
 * with its private half: what was forgotten cannot be opened, so nothing can be answered twice (RFC
 * 9458 section 6.5.1).
 *
 * Memory is bounded without forgetting: a key that is half full is replaced, one that is full opens
 * nothing more, and when there are too many keys the oldest goes. Clients whose key is gone are
 * told so, and attest again.
 *
 * A client may send one request again under another key. Such requests have a name, and the names
 * of those without a date are remembered here as well: with the newest key, which outlives every
 * key that can open one of them.
 *
 * There are no timers. Keys are made and dropped on demand.
 */
import { createGatewayKey, type GatewayKey } from '../channel/key-config.ts'
import type { Suite } from '../channel/suite.ts'
import { randomBytes } from '../crypto/random.ts'
import type { AttestationResult } from '../core/result.ts'
import type { Clock } from './clock.ts'

/** How keys come and go. */
export interface KeyPolicy {
  readonly rotateEverySeconds: number
  readonly overlapSeconds: number
  readonly maximumRequests: number
  readonly maximumKeys: number
}

/** A key in use, and what happened with it. */
export interface LiveKey {
  readonly key: GatewayKey
  /**
   * Notes a request by its encapsulated key, once. `full`: nothing more can be noted, so nothing
   * more may be opened.
   */
  readonly admit: (enc: Uint8Array) => 'admitted' | 'replayed' | 'full'
  /**
   * Notes a client that proved itself, by its nonce, once. Its proof lives as long as the key does,
   * at most `milliseconds`.
   */
  readonly admitClient: (
    nonce: string,
    client: AttestationResult,
    milliseconds: number,
  ) => 'admitted' | 'replayed' | 'full'
  readonly clientOf: (nonce: string) => AttestationResult | undefined
}

export interface KeyRing {
  /**
   * The key to put into evidence; made when the last one is due. Callers at the same time get the
   * same one.
   */
  readonly current: () => Promise<LiveKey>
  readonly find: (keyId: number) => LiveKey | undefined
  /**
   * Names of requests that have run. There are no more of them than the keys have opened requests.
   */
  readonly names: {
    readonly has: (name: string) => boolean
    /** Remembers the name until no key of now can open anything. */
    readonly add: (name: string) => void
  }
}

interface Entry extends LiveKey {
  readonly names: Set<string>
  readonly isDue: () => boolean
  /** When it is dropped; sooner once it is replaced early. */
  endsAt: number
}

/** @param onRotate called for each new key */
export function createKeyRing(policy: KeyPolicy, suite: Suite, clock: Clock, onRotate: () => void): KeyRing {
  const { maximumRequests, maximumKeys } = policy
  const rotateEvery = policy.rotateEverySeconds * 1000
  const overlap = policy.overlapSeconds * 1000
  /** Oldest first. */
  const live = new Map<number, Entry>()
  let newest: Entry | undefined
  let making: Promise<Entry> | undefined
  let lastId: number | undefined

  function dropEnded(): void {
    for (const [keyId, { endsAt }] of live) if (clock.now() >= endsAt) live.delete(keyId)
  }

  async function make(): Promise<Entry> {
    // The first at random, so that a gateway that was started again does not give an old number to
    // a new key.
    let keyId = lastId === undefined ? (randomBytes(12)[0] as number) : (lastId + 1) % 256
    while (live.has(keyId)) keyId = (keyId + 1) % 256
    lastId = keyId
    const key = await createGatewayKey(keyId, suite)
    const now = clock.now()
    if (newest) newest.endsAt = Math.min(newest.endsAt, now + overlap)
    dropEnded()
    for (const oldest of live.keys()) if (live.size >= maximumKeys) live.delete(oldest)
    newest = createEntry(key, now)
    live.set(key.keyId, newest)
    onRotate()
    return newest
  }

  function createEntry(key: GatewayKey, madeAt: number): Entry {
    const requests = new Set<string>()
    const clients = new Map<string, { readonly client: AttestationResult; readonly endsAt: number }>()
    return {
      key,
      names: new Set(),
      endsAt: madeAt + rotateEvery + overlap,
      isDue: () => clock.now() >= madeAt + rotateEvery || 2 * Math.max(requests.size, clients.size) >= maximumRequests,
      admit(enc) {
        // Of a hybrid, the X25519 half is enough: it is as fresh as the rest, and much shorter.
        const name = String.fromCharCode(...enc.subarray(-65))
        if (requests.has(name)) return 'replayed'
        if (requests.size >= maximumRequests) return 'full'
        requests.add(name)
        return 'admitted'
      },
      admitClient(nonce, client, milliseconds) {
        if (clients.has(nonce)) return 'replayed'
        if (clients.size >= maximumRequests) return 'full'
        clients.set(nonce, { client, endsAt: clock.now() + milliseconds })
        return 'admitted'
      },
      clientOf(nonce) {
        const known = clients.get(nonce)
        return known && clock.now() < known.endsAt ? known.client : undefined
      },
    }
  }

  return {
    async current() {
      if (newest && !newest.isDue()) return newest
      making ??= make().finally(() => {
        making = undefined
      })
      return making
    },
    find(keyId) {
      dropEnded()
      return live.get(keyId)
    },
    names: {
      // Not of live keys only: a request that was opened with the last of them may be under way.
      has: (name) => newest?.names.has(name) === true || [...live.values()].some(({ names }) => names.has(name)),
      add: (name) => void newest?.names.add(name),
    },
  }
}
