/**
 * `veritee ear`: attestation results in the form that others read (EAR). `sign` verifies evidence,
 * as `veritee verify` does, and writes what was found; `verify` reads what another verifier has
 * signed.
 */
import { readFileSync } from 'node:fs'
import { AttestationError } from '../core/errors.ts'
import { decodePem } from '../encoding/pem.ts'
import {
  type EarClaims,
  type EarProfile,
  type EarResult,
  signEar,
  skipFreshness,
  toEar,
  verifyEar,
  type VerifyEarOptions,
} from '../rats/ear.ts'
import { type CommandOptions, listOf, parseOne, requireOne, secondsOf, timeOf, type Values } from './arguments.ts'
import { exitCodeOf, failureOf, UsageError } from './failures.ts'
import { readText, readValue } from './input.ts'
import { stringify, verdictToJson } from './json.ts'
import { writeOutput } from './output.ts'
import { isSecondAsked } from './second-opinion.ts'
import { readPrivateKey } from './private-key.ts'
import { checklistOf, printVerdict, refusal, verdictLines } from './report.ts'
import { paint, row } from './text.ts'
import { verdictOf } from './verify.ts'

const signOptions: CommandOptions = {
  developer: { type: 'string' },
  build: { type: 'string' },
  policy: { type: 'string', multiple: true },
  expires: { type: 'string' },
  label: { type: 'string', multiple: true },
  key: { type: 'string' },
  kid: { type: 'string' },
  output: { type: 'string', short: 'o' },
}

const verifyEarOptions: CommandOptions = {
  key: { type: 'string', multiple: true },
  nonce: { type: 'string' },
  'skip-freshness': { type: 'boolean' },
  submodule: { type: 'string', multiple: true },
  profile: { type: 'string', multiple: true },
  at: { type: 'string' },
  skew: { type: 'string' },
  json: { type: 'boolean' },
}

/** Short names of the dialects. */
const profiles: Readonly<Record<string, EarProfile>> = {
  'ietf-04': 'tag:ietf.org,2026:rats/ear#04',
  'ietf-03': 'tag:ietf.org,2026:rats/ear#03',
  veraison: 'tag:github.com,2023:veraison/ear',
  trustee: 'tag:github.com,2024:confidential-containers/Trustee',
}

/** @returns 0, 2 or 3 @throws UsageError */
export async function ear([name, ...args]: string[]): Promise<number> {
  if (name === 'sign') return signResult(args)
  if (name === 'verify') return verifyResult(args)
  throw new UsageError('ear takes sign or verify, and then a file')
}

async function signResult(args: string[]): Promise<number> {
  const { verdict, format, request, values, path } = await verdictOf('ear sign', args, signOptions)
  const output = required(values, 'output', 'where to write it: -o FILE')
  const developer = required(values, 'developer', 'who says so: --developer NAME')
  if (listOf(values, 'policy').length === 0)
    throw new UsageError('say what it was verified against, in words that readers know: --policy ID')
  const key = typeof values['key'] === 'string' ? await readPrivateKey(values['key']) : undefined
  const keyId = values['kid']
  if (keyId !== undefined && key === undefined) throw new UsageError('--kid is about --key FILE')
  const isJson = values['json'] === true
  if (verdict instanceof AttestationError) {
    // There is nothing to report but the refusal.
    const isSecond = isSecondAsked(values)
    const circumstances = { ownRoot: values['root'] !== undefined, signed: request?.signed, isSecondAsked: isSecond }
    console.log(
      isJson ? verdictToJson(verdict, format, request?.signed, isSecond) : printVerdict(verdict, circumstances),
    )
    return exitCodeOf(verdict)
  }
  let claims: EarClaims
  try {
    claims = toEar(verdict, {
      developer,
      build: typeof values['build'] === 'string' ? values['build'] : `veritee ${version()}`,
      policyIds: listOf(values, 'policy'),
      now: verdict.verifiedAt,
      submodules: labelsOf(listOf(values, 'label')),
      ...(typeof values['expires'] === 'string' && { expiresInSeconds: secondsOf(values['expires'], '--expires') }),
    })
  } catch (error) {
    throw inWordsOfEar(error)
  }
  const content =
    key === undefined
      ? `${JSON.stringify(claims)}\n`
      : `${await signEar(claims, {
          privateKey: key.key,
          algorithm: key.algorithm,
          ...(typeof keyId === 'string' && { keyId }),
        })}\n`
  const inputs = [path, values['key']].filter((file) => typeof file === 'string')
  await writeOutput(output, content, inputs)
  const statuses = Object.entries(claims.submods).map(([label, { ear_status: status }]) => `${label} ${status}`)
  console.log(
    isJson
      ? stringify({ output, signed: key !== undefined, claims })
      : `${output}: ${statuses.join(', ')}; ${key === undefined ? 'not signed' : `signed with ${key.algorithm}`}, until ${new Date(claims.exp * 1000).toISOString()}`,
  )
  return 0
}

async function verifyResult(args: string[]): Promise<number> {
  const { path, values } = parseOne('ear verify', args, verifyEarOptions)
  const options = await optionsOf(values)
  const token = (await readText(path)).trim()
  const verdict = await verifyEar(token, options).catch((error: unknown) => failureOf(error))
  if (verdict instanceof UsageError) throw inWordsOfEar(new TypeError(verdict.message))
  if (values['json'] === true) console.log(verdictToJson(verdict, 'ear'))
  else
    console.log(
      [
        ...checklistOf(verdict.checks, questions),
        ...(verdict instanceof AttestationError ? refusal(verdict) : success(verdict)),
      ].join('\n'),
    )
  return verdict instanceof Error ? exitCodeOf(verdict) : 0
}

/** What a check looks at, for people who do not know the codes. */
const questions: Readonly<Record<string, string>> = {
  'ear-format': 'It is an attestation result (EAR) in a token',
  'ear-alg': 'It is signed with ECDSA',
  'ear-signature': 'It is signed by one of the keys that you named',
  'ear-profile': 'It is in a dialect that you accept',
  'ear-validity': 'It is within its dates',
  'policy-nonce': 'It answers your nonce',
  'policy-ear-status': 'What it is about is affirming',
}

function success({ claims, checks, validUntil }: EarResult): readonly string[] {
  const isReplayable = checks.some(({ id, outcome }) => id === 'policy-nonce' && outcome === 'skipped')
  const rows = [
    ['verifier', `${claims.verifierId.developer}, ${claims.verifierId.build}`],
    ['profile', claims.profile],
    ['issued', claims.issuedAt.toISOString()],
    ['valid until', validUntil.toISOString()],
    ...Object.entries(claims.submodules).map(([label, { status, trustworthinessVector = {} }]) => [
      label,
      [status, ...Object.entries(trustworthinessVector).map(([claim, value]) => `${claim} ${value}`)].join(', '),
    ]),
  ] as const
  return [
    paint('bold', 'The verifier says'),
    ...rows.map(([label = '', value = '']) => row(label, value, [2, 16])),
    '',
    ...verdictLines(
      isReplayable ? 'yellow' : 'green',
      ['VERIFIED: ear', ...(isReplayable ? ['however old it is, and for anyone'] : [])].join('; '),
    ),
  ]
}

async function optionsOf(values: Values): Promise<VerifyEarOptions> {
  const { nonce, 'skip-freshness': skip, at, skew } = values
  requireOne([nonce !== undefined, skip === true], 'say which nonce it must answer: --nonce HEX, or --skip-freshness')
  const files = listOf(values, 'key')
  if (files.length === 0) throw new UsageError('say whose results you trust: --key FILE, a public key in PEM')
  const submodules = listOf(values, 'submodule')
  const named = listOf(values, 'profile')
  return {
    keys: (await Promise.all(files.map(readPublicKeys))).flat(),
    freshness: typeof nonce === 'string' ? { nonce: await readValue(nonce, '--nonce') } : skipFreshness,
    ...(submodules.length > 0 && { submodules }),
    ...(named.length > 0 && { profiles: named.map(profileNamed) }),
    ...(typeof at === 'string' && { now: timeOf(at, '--at') }),
    ...(typeof skew === 'string' && { clockSkewSeconds: secondsOf(skew, '--skew') }),
  }
}

function profileNamed(name: string): EarProfile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile === undefined) throw new UsageError(`--profile must be ${Object.keys(profiles).join(', ')}`)
  return profile
}

/** SubjectPublicKeyInfos in PEM. @throws UsageError */
async function readPublicKeys(path: string): Promise<readonly Uint8Array[]> {
  try {
    return decodePem(await readText(path), 'PUBLIC KEY', { name: path, code: 'cert-parse' })
  } catch (error) {
    if (error instanceof AttestationError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

/** `FORMAT=LABEL` @throws UsageError */
function labelsOf(given: readonly string[]): Readonly<Record<string, string>> {
  const entries = given.map((text) => /^([a-z-]+)=(.+)$/.exec(text)?.slice(1) as [string, string] | undefined)
  const [repeated] = entries.filter((entry, i) => entries.findIndex((other) => other?.[0] === entry?.[0]) !== i)
  if (entries.includes(undefined) || repeated !== undefined)
    throw new UsageError('--label must be FORMAT=LABEL, like cca=my-realm, once for each format')
  return Object.fromEntries(entries as [string, string][])
}

/** The library speaks of its options, people of what they typed. */
function inWordsOfEar(error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  const message = error.message
    .replace(/^results must be of evidence, and of now.*/, 'a result of an archive (--at evidence) is none of now')
    .replace(/^results must be still valid/, 'the result does not hold any more')
    .replace(/^expiresInSeconds/, '--expires, in seconds,')
    .replace(/^clockSkewSeconds/, '--skew, in seconds,')
    .replace(/^keys must/, '--key must')
    .replace(/^nonce must/, '--nonce must')
  return new UsageError(message, { cause: error })
}

function required(values: Values, option: string, demand: string): string {
  const value = values[option]
  if (typeof value !== 'string' || value === '') throw new UsageError(`say ${demand}`)
  return value
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
