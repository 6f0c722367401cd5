/**
 * What every caller relies on, whatever the runtime: frozen results, errors that can be told apart
 * after minification, `TypeError` for wrong options, private copies, the endorsement cache, and
 * functions of WebCrypto that cannot be swapped afterwards.
 */
import {
  AppraisalError,
  AttestationError,
  atEvidenceTime,
  type Check,
  type EndorsementCache,
  detectFormat,
  isAttestationResult,
  skipReferenceValues,
  VerificationError,
  verifyEvidence,
} from '../../src/index.ts'
import { decodeNitroEvidence, type NitroOptions, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import type { Row } from './model.ts'
import { rowOfCheck } from './rows.ts'

/** @param evidence a document that verifies under `options` */
export async function basics(name: string, evidence: Uint8Array, options: NitroOptions): Promise<Row[]> {
  const rows: Row[] = []
  const check = async (what: string, body: () => unknown): Promise<void> => {
    rows.push(await rowOfCheck(`${name}: ${what}`, body))
  }

  await check('the result is frozen and only ours counts as one', async () => {
    const result = await verifyNitro(evidence, options)
    expect(Object.isFrozen(result), 'a frozen result')
    expect(Object.isFrozen(result.claims), 'frozen claims')
    expect(Object.isFrozen(result.claims.pcrs), 'frozen PCRs')
    expect(Object.isFrozen(result.checks) && result.checks.every((made) => Object.isFrozen(made)), 'frozen checks')
    expect(isAttestationResult(result), 'a result')
    expect(!isAttestationResult({ ...result }), 'no result in a copy')
    expect(!isAttestationResult(structuredClone({ format: result.format })), 'no result in a clone')
  })

  await check('a refusal can be told apart by class, name and code', async () => {
    const error = await refusal(verifyNitro(flippedAtEnd(evidence), options))
    expect(error instanceof VerificationError && error instanceof AttestationError, 'a VerificationError')
    expect(error instanceof Error && !(error instanceof AppraisalError), 'an Error, no AppraisalError')
    expect(error.name === 'VerificationError' && error.code === 'cose-signature', 'its name and code')
    expect(String(error) === `VerificationError: ${error.message}`, 'text with the name in it')
    expect(error.checks.at(-1)?.outcome === 'fail', 'the failed check last')
  })

  await check('all failed appraisals are reported together', async () => {
    const other = new Uint8Array(32).fill(7)
    const expectations = { userData: other, publicKey: other, freshness: { nonce: other } }
    const error = await refusal(verifyNitro(evidence, { ...options, ...expectations }))
    if (!(error instanceof AppraisalError)) throw error
    expect(error.code === 'policy-nonce', 'the nonce first')
    const failures = error.failures.map(({ id }) => id).join()
    expect(failures === 'policy-nonce,policy-user-data,policy-public-key', `three failures, not ${failures}`)
  })

  for (const [mistake, wrong] of mistakes) {
    await check(`${mistake} is a TypeError`, async () => {
      const error = await thrown(verifyNitro(evidence, { ...options, ...(wrong as object) }))
      expect(error instanceof TypeError, `TypeError, not ${String(error)}`)
    })
  }
  for (const [what, wrong] of Object.entries({
    undefined,
    null: null,
    text: 'text',
    list: [1],
    buffer: evidence.buffer,
  })) {
    await check(`${what} as evidence is a TypeError`, async () => {
      const bytes = wrong as unknown as Uint8Array
      expect((await thrown(verifyNitro(bytes, options))) instanceof TypeError, 'TypeError from verifyNitro')
      expect(thrownBy(() => decodeNitroEvidence(bytes)) instanceof TypeError, 'TypeError from decodeNitroEvidence')
      expect(thrownBy(() => detectFormat(bytes)) instanceof TypeError, 'TypeError from detectFormat')
    })
  }

  await check('evidence and expectations that change while it is verified change nothing', async () => {
    const { nonce, userData, publicKey } = decodeNitroEvidence(evidence)
    const mine: Uint8Array[] = []
    const lend = (bytes: Uint8Array): Uint8Array => {
      mine.push(bytes.slice())
      return mine.at(-1) as Uint8Array
    }
    const verification = verifyNitro(lend(evidence), {
      ...options,
      ...(nonce?.length && { freshness: { nonce: lend(nonce) } }),
      ...(userData?.length && { userData: lend(userData) }),
      ...(publicKey?.length && { publicKey: lend(publicKey) }),
    })
    for (const bytes of mine) bytes.fill(0xff)
    expect(isAttestationResult(await verification), 'a result')
  })

  await check('expectations that turn right while it is verified stay wrong', async () => {
    const { nonce } = decodeNitroEvidence(evidence)
    if (nonce === undefined) return
    const wrong = nonce.map((byte) => ~byte)
    const verification = verifyNitro(evidence, { ...options, freshness: { nonce: wrong } })
    wrong.set(nonce)
    expect((await refusal(verification)).code === 'policy-nonce', 'a refusal')
  })

  await check('evidence may be a view into a larger buffer', async () => {
    const larger = new Uint8Array(evidence.length + 20)
    larger.set(evidence, 7)
    expect(isAttestationResult(await verifyNitro(larger.subarray(7, 7 + evidence.length), options)), 'a result')
  })

  await check('trace sees every check as it is made', async () => {
    const seen: Check[] = []
    const { checks } = await verifyNitro(evidence, { ...options, trace: (made) => void seen.push(made) })
    expect(seen.length === checks.length && seen.every((made, i) => made === checks[i]), 'the same checks')
    const isTimed = ({ startedAt, durationMs }: Check): boolean => Number.isFinite(startedAt) && durationMs >= 0
    expect(checks.every(isTimed), 'a start and a duration in each')
  })

  await check('the endorsement cache changes no verdict and is bounded', async () => {
    const endorsementCache: EndorsementCache = new Map()
    const cold = await verifyNitro(evidence, { ...options, endorsementCache })
    const filled = endorsementCache.size
    expect(filled > 0, 'certificates in the cache')
    const warm = await verifyNitro(evidence, { ...options, endorsementCache })
    expect(endorsementCache.size === filled, 'no more of them the second time')
    expect(outcomes(warm.checks) === outcomes(cold.checks), 'the same checks, cold and warm')
    const error = await refusal(verifyNitro(flippedAtEnd(evidence), { ...options, endorsementCache }))
    expect(error.code === 'cose-signature', 'a bad signature refused, warm')
    const [key] = endorsementCache.values()
    if (key === undefined) throw new Error('expected a key')
    const full: EndorsementCache = new Map(Array.from({ length: 100 }, (_, i) => [`old ${i}`, key]))
    await verifyNitro(evidence, { ...options, endorsementCache: full })
    expect(full.size === 100 && !full.has('old 0') && full.has('old 99'), 'the oldest gone from a full cache')
  })

  await check('256 bytes are 256 characters, so that a cache keeps all bytes apart', () => {
    const decoder = new TextDecoder('latin1')
    const characters = new Set(Array.from({ length: 256 }, (_, byte) => decoder.decode(Uint8Array.of(byte))))
    expect(characters.size === 256 && [...characters].every(({ length }) => length === 1), 'one for each')
  })

  await check('verifications at the same time do not disturb each other', async () => {
    const endorsementCache: EndorsementCache = new Map()
    const verdicts = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        verifyNitro(i % 2 === 0 ? evidence : flippedAtEnd(evidence), { ...options, endorsementCache }),
      ),
    )
    const found = verdicts.map(({ status }, i) => (status === 'fulfilled') === (i % 2 === 0))
    expect(found.every(Boolean), 'every other one valid')
  })

  await check('without now it is the clock that counts', async () => {
    const clocked = Object.fromEntries(Object.entries(options).filter(([option]) => option !== 'now'))
    const error = await refusal(verifyNitro(evidence, clocked as unknown as NitroOptions))
    expect(['cert-validity', 'clock-suspect'].includes(error.code), `out of date, not ${error.code}`)
  })

  await check('archive mode says that it proves the past only', async () => {
    const result = await verifyNitro(evidence, { ...options, now: atEvidenceTime })
    expect(result.timeSource === 'evidence' && result.clockOffsetSeconds === undefined, 'the time of the evidence')
  })

  await check('the front door detects the format and refuses formats without options', async () => {
    expect(detectFormat(evidence) === 'nitro', 'nitro')
    expect(detectFormat(Uint8Array.of(1, 2, 3)) === undefined, 'nothing for three bytes')
    const other = { referenceValues: skipReferenceValues, freshness: options.freshness } as const
    const error = await refusal(verifyEvidence(evidence, { 'nitro-tpm': other }))
    expect(error.code === 'format-refused' && error instanceof VerificationError, 'a refusal')
    expect((await thrown(verifyEvidence(evidence, {}))) instanceof TypeError, 'TypeError for no format at all')
  })

  await check('a WebCrypto that is patched after loading is not called', async () => {
    const subtle = crypto.subtle as { verify: unknown }
    Object.defineProperty(subtle, 'verify', { value: () => Promise.resolve(true), configurable: true })
    try {
      expect(await crypto.subtle.verify('', null as never, evidence.slice(), evidence.slice()), 'a patch')
      const error = await refusal(verifyNitro(flippedAtEnd(evidence), options))
      expect(error.code === 'cose-signature', 'the bad signature refused all the same')
    } finally {
      delete (subtle as { verify?: unknown }).verify
    }
  })

  return rows
}

const mistakes: readonly (readonly [string, unknown])[] = [
  ['no freshness', { freshness: undefined }],
  ['an empty nonce', { freshness: { nonce: new Uint8Array() } }],
  ['a nonce as text', { freshness: { nonce: 'abcd' } }],
  ['a nonce and an age of zero', { freshness: { nonce: new Uint8Array(8), maxAgeSeconds: 0 } }],
  ['an age of zero', { freshness: { maxAgeSeconds: 0 } }],
  ['an endless age', { freshness: { maxAgeSeconds: Infinity } }],
  ['no reference values', { referenceValues: undefined }],
  ['an empty list of reference values', { referenceValues: [] }],
  ['an empty reference value', { referenceValues: {} }],
  ['zeros as reference value', { referenceValues: { PCR0: '0'.repeat(96) } }],
  ['a reference value without PCR0', { referenceValues: { PCR1: 'a'.repeat(96) } }],
  ['signed images: true', { signedImages: true }],
  ['a register that there is not', { referenceValues: { PCR32: 'a'.repeat(96) } }],
  ['a measurement cut short', { referenceValues: { PCR0: 'a'.repeat(95) } }],
  ['a measurement that is not hex', { referenceValues: { PCR0: 'g'.repeat(96) } }],
  ['an empty list of trust anchors', { trustAnchors: [] }],
  ['a trust anchor in PEM', { trustAnchors: [new TextEncoder().encode('-----BEGIN CERTIFICATE-----')] }],
  ['an invalid date', { now: new Date(NaN) }],
  ['a number as date', { now: 0 }],
  ['a look-alike of a date', { now: { getTime: () => 0 } }],
  ['a negative skew', { clockSkewSeconds: -1 }],
  ['debug: true', { debug: true }],
  ['user data that is undefined', { userData: undefined }],
  ['an empty public key', { publicKey: new Uint8Array() }],
  ['a trace that is no function', { trace: 1 }],
  ['a cache that is none', { endorsementCache: new Set() }],
  ['a misspelt option', { refrenceValues: {} }],
]

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected ${what}`)
}

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('expected an error, found none')
}

function thrownBy(body: () => unknown): unknown {
  try {
    body()
  } catch (error) {
    return error
  }
  throw new Error('expected an error, found none')
}

async function refusal(promise: Promise<unknown>): Promise<AttestationError> {
  const error = await thrown(promise)
  if (!(error instanceof AttestationError)) throw error
  return error
}

function outcomes(checks: readonly Check[]): string {
  return checks.map(({ id, outcome }) => `${id}:${outcome}`).join()
}

/** A bit of the last byte, which is of `s`. */
function flippedAtEnd(evidence: Uint8Array): Uint8Array {
  const bytes = evidence.slice()
  const last = bytes.length - 1
  bytes[last] = (bytes[last] as number) ^ 1
  return bytes
}
