/**
 * Apple in the command line: attestations of App Attest.
 */
import { toHex } from '../../encoding/bytes.ts'
import {
  allowDebug,
  type AppAttestClaims,
  type AppAttestOptions,
  decodeAppAttestEvidence,
  skipReferenceValues,
  verifyAppAttest,
} from '../../formats/apple/app-attest/index.ts'
import type { Check } from '../../index.ts'
import { type CommandOptions, listOf, requireOne, secondsOf, timeOf, type Values } from '../arguments.ts'
import { UsageError } from '../failures.ts'
import { readCertificates, readValue } from '../input.ts'
import { linksAsText, linksOf } from '../inspect-chain.ts'
import { stringify } from '../json.ts'
import { paint, row } from '../text.ts'
import type { Family, Inspection, Row } from './family.ts'
import { asAsked } from '../second-opinion.ts'

const options: CommandOptions = {
  'app-id': { type: 'string', multiple: true },
  'client-data': { type: 'string' },
  'key-id': { type: 'string' },
}

const help = `Keys of phones: Apple App Attest
  --app-id TEAM.BUNDLE      the application; may be repeated: any of them
  --client-data HEX|@FILE   required: what the application hashed, with your
                            challenge in it
  --key-id HEX              what the application calls the key`

export const apple: Family = {
  formats: ['app-attest'],
  guess: () => undefined,
  options,
  optionFormats: Object.fromEntries(Object.keys(options).map((name) => [name, ['app-attest']])),
  help,
  spoken: { appId: '--app-id', clientData: '--client-data', keyId: '--key-id' },
  async request(values) {
    const own = await optionsOf(values)
    return { verify: await asAsked(values, verifyAppAttest, own) }
  },
  readsEventLogs: false,
  inspect: (inspection) => Promise.resolve(inspect(inspection)),
  questions: {
    'app-attest-format': 'An attestation of App Attest, well formed',
    'app-attest-nonce': 'Certificate is for these client data',
    'app-attest-key': 'Certificate is for this key',
    'app-attest-counter': 'Key has signed nothing yet',
    'policy-application': 'Asked for by the expected application',
  },
  hints: {
    'app-attest-nonce': 'The client data must be exactly the bytes whose SHA-256 the application gave to the phone.',
  },
  rows: (claims) => ('appIdHash' in claims ? rows(claims) : [[], []]),
  caveats: (claims, checks) => ('appIdHash' in claims ? caveats(claims, checks) : []),
}

async function optionsOf(values: Values): Promise<AppAttestOptions> {
  const { at, skew, 'client-data': clientData, 'key-id': keyId } = values
  const appIds = listOf(values, 'app-id')
  requireOne(
    [appIds.length > 0, values['skip-reference-values'] === true],
    'say which application: --app-id TEAM.BUNDLE, or --skip-reference-values',
  )
  if (values['measurements'] !== undefined) throw new UsageError('--measurements is not about applications')
  if (typeof clientData !== 'string')
    throw new UsageError('say what the application hashed, your challenge in it: --client-data HEX|@FILE')
  if (at === 'evidence') throw new UsageError('an attestation has no date of its own: --at needs a time')
  return {
    clientData: await readValue(clientData, '--client-data'),
    referenceValues: appIds.length === 0 ? skipReferenceValues : appIds.map((appId) => ({ appId, name: appId })),
    ...(typeof keyId === 'string' && { keyId: await readValue(keyId, '--key-id') }),
    ...(values['root'] !== undefined && {
      trustAnchors: (await Promise.all(listOf(values, 'root').map(readCertificates))).flat(),
    }),
    ...(typeof at === 'string' && { now: timeOf(at, '--at') }),
    ...(typeof skew === 'string' && { clockSkewSeconds: secondsOf(skew, '--skew') }),
    ...(values['allow-debug'] === true && { debug: allowDebug }),
  }
}

function rows({ keyId, environment, appIdHash }: AppAttestClaims): readonly [readonly Row[], readonly Row[]] {
  return [
    [
      ['key', toHex(keyId)],
      ['environment', environment],
      ['application', `SHA-256 ${toHex(appIdHash)}`],
    ],
    [],
  ]
}

function caveats({ environment }: AppAttestClaims, checks: readonly Check[]): string[] {
  const isSkipped = checks.some(({ id, outcome }) => id === 'policy-application' && outcome === 'skipped')
  return [...(environment === 'development' ? ['in DEVELOPMENT'] : []), ...(isSkipped ? ['whatever application'] : [])]
}

function inspect({ bytes, hasLog, warning, asJson }: Inspection): string {
  if (hasLog) throw new UsageError('--event-log is about TDX quotes: this is none')
  const evidence = decodeAppAttestEvidence(bytes)
  const { keyId, environment, appIdHash, receipt, counter, certificates } = evidence
  const chain = linksOf(certificates.map((der, i) => [i === 0 ? 'leaf' : 'CA', der] as const).reverse())
  if (asJson) return stringify({ verdict: 'unverified', warning, format: 'app-attest', ...evidence, chain })
  return [
    paint('yellow', warning),
    '',
    field('kind', 'attestation of Apple App Attest'),
    field('environment', environment),
    field('key', toHex(keyId)),
    field('application', `SHA-256 ${toHex(appIdHash)}`),
    field('counter', `${counter}`),
    field('receipt', `${receipt.length} bytes, for Apple's server`),
    '',
    'Certificates, root first; the root itself is not sent',
    ...chain.flatMap(linksAsText),
    '',
    paint('yellow', warning),
  ].join('\n')
}

function field(name: string, value: string): string {
  return row(name, value, [0, 11])
}
