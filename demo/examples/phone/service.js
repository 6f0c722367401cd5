// A server and its phones: it challenges a phone, verifies what the phone's hardware says of a new
// key, and keeps the key. From then on it takes messages that this key signed, each for a challenge
// of its own.
import { AttestationError, verifyAndroidKey } from 'veritee/android-key'
import { verifyAppAttest, verifyAppAttestAssertion } from 'veritee/app-attest'
import { androidAttestationUrl, fetchAndroidStatus } from 'veritee/endorsements'
import { policy } from './policy.js'

const challengeLifetime = 5 * 60_000

/**
 * @param store `get`, `put`, and `delete`, which tells whether there was something: a challenge is
 *   used once
 * @param statusUrl where Google's status list is, or a proxy that you trust as much
 */
export function createService({ store, statusUrl = androidAttestationUrl }) {
  const routes = {
    '/challenge': challenge,
    '/android/key': keepAndroidKey,
    '/apple/key': keepAppleKey,
    '/android/message': takeAndroidMessage,
    '/apple/message': takeAppleMessage,
  }

  return async function answer(request) {
    const route = routes[new URL(request.url).pathname]
    if (route === undefined || request.method !== 'POST') return new Response('not here', { status: 404 })
    try {
      return Response.json(await route(await request.json()))
    } catch (error) {
      if (error instanceof Refusal) return Response.json({ refused: error.message }, { status: 403 })
      // The code is for the application, the sentence for your log: it may name what was expected.
      if (error instanceof AttestationError) {
        console.warn(error.message)
        return Response.json({ refused: error.code }, { status: 403 })
      }
      console.error(error)
      return new Response('no such request', { status: 400 })
    }
  }

  /** 32 random bytes that the phone must answer, within minutes and once. */
  async function challenge() {
    const bytes = crypto.getRandomValues(new Uint8Array(32))
    await store.put(`challenge ${toBase64(bytes)}`, Date.now() + challengeLifetime)
    return { challenge: toBase64(bytes) }
  }

  /** @returns its bytes, for the first who comes with it */
  async function redeem(text) {
    const name = `challenge ${text}`
    const expires = await store.get(name)
    const isFirst = await store.delete(name)
    if (!isFirst || typeof expires !== 'number' || expires < Date.now()) throw new Refusal('challenge')
    return fromBase64(text)
  }

  /**
   * `chain`: what KeyStore.getCertificateChain returns, DER one after another, for a key made with
   * setAttestationChallenge(challenge).
   */
  async function keepAndroidKey({ challenge, chain }) {
    const nonce = await redeem(challenge)
    const { publicKey, claims } = await verifyAndroidKey(fromBase64(chain), {
      ...trustAnchorsOf('androidRoot'),
      freshness: { nonce },
      referenceValues: policy.android,
      endorsements: await statusList(),
      purposes: ['sign'],
    })
    // A key of another kind could not be used below: P-256 is what this server asks its application
    // for.
    await importP256(publicKey)
    return { phone: await keep('android', { publicKey, securityLevel: claims.securityLevel }) }
  }

  /** `attestation`: what DCAppAttestService.attestKey returns for SHA-256 of the challenge. */
  async function keepAppleKey({ challenge, attestation, keyId }) {
    const clientData = await redeem(challenge)
    const { publicKey } = await verifyAppAttest(fromBase64(attestation), {
      ...trustAnchorsOf('appleRoot'),
      clientData,
      referenceValues: policy.apple,
      keyId: fromBase64(keyId),
    })
    return { phone: await keep('apple', { publicKey, counter: 0 }) }
  }

  /** `signature`: SHA256withECDSA over challenge and message. */
  async function takeAndroidMessage({ phone, challenge, message, signature }) {
    const { publicKey } = await kept('android', phone)
    const data = concat(await redeem(challenge), new TextEncoder().encode(message))
    const key = await importP256(publicKey)
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    if (!(await crypto.subtle.verify(algorithm, key, rawSignature(fromBase64(signature)), data)))
      throw new Refusal('signature')
    return { taken: message }
  }

  /** `assertion`: what generateAssertion returns for SHA-256 of challenge and message. */
  async function takeAppleMessage({ phone, challenge, message, assertion }) {
    const { publicKey, counter: previousCounter } = await kept('apple', phone)
    const clientData = concat(await redeem(challenge), new TextEncoder().encode(message))
    const { claims } = await verifyAppAttestAssertion(fromBase64(assertion), {
      publicKey,
      clientData,
      referenceValues: policy.apple,
      previousCounter,
    })
    // The challenge was used up, so that no two requests get here with one assertion.
    await store.put(`apple ${phone}`, { publicKey, counter: claims.counter })
    return { taken: message }
  }

  /** The list, asked for again when its time is over. */
  async function statusList() {
    const known = await store.get('status list')
    if (known !== undefined && known.validUntil > new Date()) return known
    const fresh = await fetchAndroidStatus({ baseUrl: statusUrl, fetch: (url, init) => fetch(url, init) })
    await store.put('status list', { ...fresh })
    return fresh
  }

  async function keep(kind, record) {
    const phone = toBase64(new Uint8Array(await crypto.subtle.digest('SHA-256', record.publicKey)))
    await store.put(`${kind} ${phone}`, record)
    return phone
  }

  async function kept(kind, phone) {
    const record = await store.get(`${kind} ${phone}`)
    if (record === undefined) throw new Refusal('phone')
    return record
  }
}

/** What this server refuses by itself. */
class Refusal extends Error {}

/** Roots of your own, for tests. Without them, those of Google and Apple. */
const trustAnchorsOf = (name) => (policy[name] === undefined ? {} : { trustAnchors: [fromBase64(policy[name])] })

const importP256 = (spki) =>
  crypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify'])

/** Java signs in DER, WebCrypto wants the two numbers, 32 bytes each. */
function rawSignature(der) {
  const raw = new Uint8Array(64)
  const size = der[3]
  const numbers = [der.subarray(4, 4 + size), der.subarray(6 + size, 6 + size + der[5 + size])]
  numbers.forEach((number, i) => {
    const digits = number.subarray(number[0] === 0 ? 1 : 0)
    if (digits.length > 32) throw new Refusal('signature')
    raw.set(digits, 32 * (i + 1) - digits.length)
  })
  return raw
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes))
const concat = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]))
