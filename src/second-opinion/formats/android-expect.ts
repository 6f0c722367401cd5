/**
 * What callers expect of a phone, of a key in it and of the application that asked, compared a
 * second time.
 */
import { areSame, digitsOf, digitsOfEither, octetsOf, type Octets } from '../readers/bytes.ts'
import { bytesOf, type Options } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import type { Authorizations, Description } from './android-description.ts'

/** By the numbers of the schema, which skips 4. */
const purposes: readonly string[] = ['encrypt', 'decrypt', 'sign', 'verify', '', 'wrap', 'agree', 'attest']

/** What is asked, and whether the certificates say the same level as the hardware. */
type Expected = Options & { readonly isSaid: boolean }

/**
 * @param challenge what must be the nonce
 * @returns which application matched. @throws AppraisalError
 */
export function expectPhone(
  { attestationLevel, keyMintLevel, hardware, software }: Description,
  challenge: Octets,
  options: Expected,
  notes: Notes,
): string | number | undefined {
  const { freshness, securityLevel = 'tee', isSaid } = options
  if (!isSymbol(freshness, 'skipFreshness'))
    notes.expects('policy-nonce', 'challenge', areSame(challenge, bytesOf((freshness as Options)['nonce'])))
  const isHigh = keyMintLevel === 'strongbox' || (keyMintLevel === 'tee' && securityLevel === 'tee')
  const isLevel = isHigh && keyMintLevel === attestationLevel && isSaid
  notes.expects('policy-security-level', 'level', isLevel, `${attestationLevel}, ${keyMintLevel}`)
  expectKey(hardware, software, options, notes)
  expectBoot(hardware, options, notes)
  expectPatches(hardware, options, notes)
  return expectApplication(software['application'] as Application | undefined, options, notes)
}

function expectKey(hardware: Authorizations, software: Authorizations, options: Options, notes: Notes): void {
  notes.expects('policy-key', 'origin', hardware['origin'] === 0, 'is another')
  const isShared = [hardware, software].some(({ allApplications }) => allApplications === true)
  notes.expects('policy-key', 'who may use it', !isShared, 'all applications')
  const wanted = [...((options['purposes'] ?? []) as string[]), ...(options['webauthn'] === undefined ? [] : ['sign'])]
  const found = (hardware['purpose'] ?? []) as readonly (number | bigint)[]
  const isFor = wanted.every((purpose) => found.some((number) => purposes[Number(number)] === purpose))
  notes.expects('policy-key', 'purposes', isFor, 'one is missing')
}

function expectBoot({ rootOfTrust }: Authorizations, { verifiedBootKeys = [], debug }: Options, notes: Notes): void {
  const { deviceLocked, verifiedBootState: state, verifiedBootKey: key } = (rootOfTrust ?? {}) as Options
  const own = (verifiedBootKeys as unknown[]).map(digitsOfEither)
  const isOwn = state === 'self-signed' && own.includes(digitsOf(key as Octets))
  const isSound = deviceLocked === true && (state === 'verified' || isOwn)
  const mayBeAny = isSymbol(debug, 'allowDebug') && rootOfTrust !== undefined
  notes.expects('policy-boot', 'boot', isSound || mayBeAny, String(state))
}

/** Months have six digits, days eight; for a day a vendor may also write a month. */
function expectPatches(hardware: Authorizations, options: Options, notes: Notes): void {
  const check = (option: string, name: string, hasDays: boolean): void => {
    const least = options[option]
    if (least === undefined) return
    const digits = `${(hardware[name] ?? '') as number | bigint | string}`
    const level = !hasDays || digits.length === 8 ? digits : `${digits}00`
    const isLevel = level.length === (hasDays ? 8 : 6) && Number(level) >= (least as number)
    notes.expects('policy-patch-level', name, isLevel, `is ${digits}`)
  }
  check('minimumOsPatchLevel', 'osPatchLevel', false)
  check('minimumVendorPatchLevel', 'vendorPatchLevel', true)
  check('minimumBootPatchLevel', 'bootPatchLevel', true)
}

/** Who asked, as Android says. */
interface Application {
  readonly packages: readonly { readonly name: string; readonly version: number | bigint }[]
  readonly signers: readonly Octets[]
}

function expectApplication(
  { packages, signers }: Application = { packages: [], signers: [] },
  { referenceValues }: Options,
  notes: Notes,
): string | number | undefined {
  if (isSymbol(referenceValues, 'skipReferenceValues')) return undefined
  const wanted = [referenceValues].flat() as Options[]
  const at = wanted.findIndex(({ packageName, signers: accepted, minimumVersion = 0 }) => {
    const names = new Set([packageName].flat())
    const found = new Set<unknown>(packages.map(({ name }) => name))
    const known = (accepted as unknown[]).map((digest) => octetsOf(digitsOfEither(digest)))
    return (
      names.size === found.size &&
      [...found].every((name) => names.has(name)) &&
      packages.every(({ version }) => version >= (minimumVersion as number)) &&
      signers.length > 0 &&
      signers.every((signer) => known.some((digest) => areSame(digest, signer)))
    )
  })
  notes.expects('policy-application', 'application', at >= 0, `is none of ${wanted.length}`)
  const name = wanted[at]?.['name']
  return typeof name === 'string' ? name : at
}
