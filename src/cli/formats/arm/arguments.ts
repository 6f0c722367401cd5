/**
 * From the command line to the options of the verifiers of tokens.
 */
import { fromHex } from '../../../encoding/bytes.ts'
import {
  type AcceptableLifecycle,
  anyValue,
  type CcaOptions,
  type CcaPlatformReferenceValues,
  type CcaReferenceValues,
  dangerouslyAllowTestKeys,
  skipFreshness,
  skipPlatformReferenceValues,
  skipReferenceValues,
  type TokenOptions,
  verifyCca,
} from '../../../formats/arm/cca/index.ts'
import {
  type PsaOptions,
  type PsaReferenceValues,
  type PsaTrustAnchor,
  verifyPsa,
} from '../../../formats/arm/psa/index.ts'
import type { EvidenceFormat } from '../../../index.ts'
import { type CommandOptions, listOf, requireOne, timeOf, type Values } from '../../arguments.ts'
import { UsageError } from '../../failures.ts'
import { readJsonList, readValue } from '../../input.ts'
import type { OptionFormats, Verifier } from '../family.ts'
import { asAsked } from '../../second-opinion.ts'

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const rems = ['rem0', 'rem1', 'rem2', 'rem3'] as const
const registers = ['rim', ...rems, 'personalization-value'] as const

/** What `veritee verify` takes for tokens; nonces are those of other documents, too. */
export const tokenOptions: CommandOptions = {
  ...Object.fromEntries(registers.map((name) => [name, text])),
  anchor: texts,
  firmware: texts,
  'skip-firmware': { type: 'boolean' },
  'accept-lifecycle': texts,
  'allow-test-keys': { type: 'boolean' },
}

const both: readonly EvidenceFormat[] = ['cca', 'psa']

/** Which of them are about one kind only, and which are about other families, too. */
export const tokenOptionFormats: OptionFormats = {
  ...Object.fromEntries([...registers, 'firmware', 'skip-firmware'].map((name) => [name, ['cca']])),
  ...Object.fromEntries(['anchor', 'accept-lifecycle', 'allow-test-keys'].map((name) => [name, both])),
  nonce: both,
  'skip-freshness': both,
}

/** The library's names of options in the words of the command. */
export const spokenOfTokens: Readonly<Record<string, string>> = {
  rim: '--rim',
  rems: '--rem0 to --rem3',
  personalizationValue: '--personalization-value',
  acceptedLifecycles: '--accept-lifecycle',
}

/** A verifier of tokens with everything that it is asked for. @throws UsageError, TypeError */
export async function tokenVerifier(values: Values, format: 'cca' | 'psa'): Promise<Verifier> {
  const common = await commonOf(values)
  if (format === 'cca') {
    const options: CcaOptions = {
      ...common,
      trustAnchors: await anchorsOf<CcaOptions['trustAnchors'][number]>(values),
      referenceValues: await realmsOf(values),
      platform: await firmwareOf(values),
    }
    return inWordsOfTokens(values, await asAsked(values, verifyCca, options))
  }
  const options: PsaOptions = {
    ...common,
    trustAnchors: await anchorsOf<PsaTrustAnchor>(values),
    referenceValues: await devicesOf(values),
  }
  return inWordsOfTokens(values, await asAsked(values, verifyPsa, options))
}

/** Anchors and firmware are files here. */
function inWordsOfTokens(values: Values, verify: Verifier): Verifier {
  const files = (option: string): string => listOf(values, option).join(', ')
  return async (evidence) => {
    try {
      return await verify(evidence)
    } catch (error) {
      if (!(error instanceof TypeError) || !/^(?:trustAnchors|platform|testKeys)/.test(error.message)) throw error
      const message = error.message
        .replace(/^trustAnchors/, `--anchor ${files('anchor')}: trustAnchors`)
        .replace(/^platform/, `--firmware ${files('firmware')}: platform`)
      const hint = message.endsWith('published, for tests') ? ' (--allow-test-keys)' : ''
      throw new UsageError(message + hint, { cause: error })
    }
  }
}

async function commonOf(values: Values): Promise<TokenOptions> {
  const { nonce, at } = values
  const foreign = ['root', 'skew', 'allow-debug'].find((option) => values[option] !== undefined)
  if (foreign !== undefined) throw new UsageError(`--${foreign} is about certificates and dates: a token has none`)
  if (at === 'evidence') throw new UsageError('a token has no date of its own: --at needs a time')
  requireOne(
    [typeof nonce === 'string', values['skip-freshness'] === true],
    'say what it must answer: --nonce HEX or --skip-freshness',
  )
  return {
    freshness: typeof nonce === 'string' ? { nonce: await readValue(nonce, '--nonce') } : skipFreshness,
    ...(values['accept-lifecycle'] !== undefined && {
      acceptedLifecycles: listOf(values, 'accept-lifecycle') as AcceptableLifecycle[],
    }),
    ...(values['allow-test-keys'] === true && { testKeys: dangerouslyAllowTestKeys }),
    ...(typeof at === 'string' && { now: timeOf(at, '--at') }),
  }
}

/**
 * Ours, or the form of trustee and rust-ccatoken: `instance-id`, `implementation-id`, `pkey`. JSON
 * has no bytes: a secret is hexadecimal.
 */
async function anchorsOf<Anchor>(values: Values): Promise<Anchor[]> {
  const files = listOf(values, 'anchor')
  if (files.length === 0)
    throw new UsageError(
      'say whose keys you trust: --anchor FILE, JSON with implementationId, instanceId and key (a JWK)',
    )
  const lists = await Promise.all(files.map((path) => readJsonList(path)))
  return lists.flat().map((entry) => {
    const { 'instance-id': instanceId, 'implementation-id': implementationId, pkey, secret, ...own } = entry
    return {
      ...own,
      ...(instanceId !== undefined && { instanceId }),
      ...(implementationId !== undefined && { implementationId }),
      ...(pkey !== undefined && { key: pkey }),
      ...(secret !== undefined && { secret: typeof secret === 'string' ? fromHex(secret, 'secret') : secret }),
    } as Anchor
  })
}

async function realmsOf(values: Values): Promise<CcaOptions['referenceValues']> {
  requireReference(
    values,
    registers.some((name) => values[name] !== undefined),
    '--rim HEX, ',
  )
  if (values['skip-reference-values'] === true) return skipReferenceValues
  if (values['measurements'] !== undefined)
    return (await filesOf(values, 'measurements')) as unknown as CcaReferenceValues[]
  const given = rems.filter((name) => values[name] !== undefined)
  if (typeof values['rim'] !== 'string') throw new UsageError('--rim is required beside other measurements of a realm')
  if (given.length !== 0 && given.length !== 4)
    throw new UsageError('--rem0 to --rem3 belong together: all four, or none')
  const areAny = given.some((name) => values[name] === 'any')
  const value = values['personalization-value']
  if (areAny && !given.every((name) => values[name] === 'any'))
    throw new UsageError('--rem0 to --rem3 must all be `any`, or none of them')
  return {
    name: 'command line',
    rim: values['rim'],
    ...(given.length > 0 && { rems: areAny ? anyValue : given.map((name) => values[name] as string) }),
    ...(typeof value === 'string' && { personalizationValue: value === 'any' ? anyValue : value }),
  }
}

async function firmwareOf(values: Values): Promise<CcaOptions['platform']> {
  requireOne(
    [values['firmware'] !== undefined, values['skip-firmware'] === true],
    'say what must run below the realm: --firmware FILE or --skip-firmware',
  )
  if (values['skip-firmware'] === true) return skipPlatformReferenceValues
  return (await filesOf(values, 'firmware')) as unknown as CcaPlatformReferenceValues[]
}

async function devicesOf(values: Values): Promise<PsaOptions['referenceValues']> {
  requireReference(values, false, '')
  if (values['skip-reference-values'] === true) return skipReferenceValues
  return (await filesOf(values, 'measurements')) as unknown as PsaReferenceValues[]
}

function requireReference(values: Values, hasOwn: boolean, registers: string): void {
  requireOne(
    [hasOwn, values['measurements'] !== undefined, values['skip-reference-values'] === true],
    `say what must run there: ${registers}--measurements FILE, or --skip-reference-values`,
  )
}

/** Reference values as the library takes them. JSON has no symbols: `"rems": "any"`. */
async function filesOf(values: Values, option: string): Promise<object[]> {
  const lists = await Promise.all(
    listOf(values, option).map(async (path) => (await readJsonList(path)).map((entry) => ({ name: path, ...entry }))),
  )
  return lists
    .flat()
    .map((entry) =>
      Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, value === 'any' ? anyValue : value])),
    )
}
