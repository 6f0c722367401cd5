/**
 * `node formats-run.ts ROUNDS`: verifies fixtures beside the bare calls, and prints the times.
 *
 * The floor is what the library itself asks of WebCrypto: keys and signatures are noted once, and
 * then asked for again with nothing around them, all keys at once and each signature as soon as its
 * key is there. How many there are is printed, so that a call too many shows.
 */
import { readFileSync } from 'node:fs'
import type { ExpectedAndroidKey, ExpectedAppAttest } from '../../fixtures/expected-phone.ts'
import type { ExpectedToken } from '../../fixtures/expected-token.ts'
import type { FormatTimes } from './formats.ts'
import { paired, worked } from './statistics.ts'

type Call = (...parameters: readonly unknown[]) => Promise<unknown>

const { subtle } = crypto
const [importKey, verify] = [subtle.importKey, subtle.verify].map((method) => (method as Call).bind(subtle)) as [
  Call,
  Call,
]
let noted: { readonly keys: Noted[]; readonly signatures: Noted[] } | undefined
interface Noted {
  readonly parameters: readonly unknown[]
  /** The key that was imported, or the one that the signature was checked with. */
  readonly key: unknown
}
Object.defineProperty(subtle, 'importKey', {
  value: async (...parameters: readonly unknown[]) => {
    const notes = noted
    const key = await importKey(...parameters)
    notes?.keys.push({ parameters, key })
    return key
  },
})
Object.defineProperty(subtle, 'verify', {
  value: (...parameters: readonly unknown[]) => {
    noted?.signatures.push({ parameters, key: parameters[1] })
    return verify(...parameters)
  },
})
// After that: the library takes these functions when it is loaded.
const { androidOptionsOf, appAttestOptionsOf } = await import('../../fixtures/expected-phone.ts')
const { tokenOptionsOf } = await import('../../fixtures/expected-token.ts')
const { verifyAndroidKey } = await import('../../src/formats/android/key/index.ts')
const { verifyAppAttest } = await import('../../src/formats/apple/app-attest/index.ts')
const { verifyCca } = await import('../../src/formats/arm/cca/index.ts')
const { verifyPsa } = await import('../../src/formats/arm/psa/index.ts')

const file = (path: string): Buffer => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url))
const expected = (path: string): unknown => JSON.parse(file(`${path}/expected.json`).toString())
const evidenceOf = (path: string): Uint8Array => new Uint8Array(file(`${path}/evidence.bin`))

function token(path: string): readonly [Uint8Array, ReturnType<typeof tokenOptionsOf>] {
  return [evidenceOf(path), tokenOptionsOf(expected(path) as ExpectedToken)]
}

function androidKey(path: string): readonly [Uint8Array, ReturnType<typeof androidOptionsOf>] {
  const root = new Uint8Array(file('android-key/root.der'))
  return [evidenceOf(path), androidOptionsOf(expected(path) as ExpectedAndroidKey, root)]
}

function appAttest(path: string): readonly [Uint8Array, ReturnType<typeof appAttestOptionsOf>] {
  const root = new Uint8Array(file('app-attest/root.der'))
  return [evidenceOf(path), appAttestOptionsOf(expected(path) as ExpectedAppAttest, root)]
}

/** What is measured. */
function subjects(): readonly (readonly [what: string, body: () => Promise<unknown>])[] {
  const [cca, psa] = [token('cca/valid'), token('psa/valid')]
  const [factory, remote] = [androidKey('android-key/valid'), androidKey('android-key/valid-remote')]
  const phone = appAttest('app-attest/valid')
  return [
    ['`verifyCca`', () => verifyCca(...cca)],
    ['`verifyPsa`', () => verifyPsa(...psa)],
    ['`verifyAndroidKey`, of the factory', () => verifyAndroidKey(...factory)],
    ['`verifyAndroidKey`, remote', () => verifyAndroidKey(...remote)],
    ['`verifyAppAttest`', () => verifyAppAttest(...phone)],
  ]
}

async function floorOf(body: () => Promise<unknown>): Promise<{ floor: () => Promise<void>; counts: Counts }> {
  const notes = { keys: [] as Noted[], signatures: [] as Noted[] }
  noted = notes
  await body()
  noted = undefined
  const signatures = notes.signatures.map(({ parameters, key }) => ({
    key: notes.keys.findIndex((one) => one.key === key),
    parameters,
  }))
  if (signatures.length === 0 || signatures.some(({ key }) => key < 0)) throw new Error('a key was not imported')
  return {
    counts: { keys: notes.keys.length, signatures: signatures.length },
    async floor() {
      const keys = notes.keys.map(({ parameters }) => importKey(...parameters))
      const held = await Promise.all(
        signatures.map(async ({ key, parameters: [algorithm, , ...rest] }) =>
          verify(algorithm, await keys[key], ...rest),
        ),
      )
      if (held.includes(false)) throw new Error('a signature does not hold')
    },
  }
}
type Counts = Pick<FormatTimes, 'keys' | 'signatures'>

const rounds = Number(process.argv[2])
const measured: FormatTimes[] = []
for (const [what, body] of subjects()) {
  const { floor, counts } = await floorOf(body)
  // Until the compiler has seen enough of everything.
  await paired(3 * rounds, floor, body)
  measured.push({
    what,
    ...counts,
    times: await paired(rounds, floor, body),
    work: await paired(rounds, floor, body, worked),
  })
}
console.log(JSON.stringify(measured))
