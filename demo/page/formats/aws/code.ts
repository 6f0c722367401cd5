/**
 * The verification of a document as code: for `import`, and for the command line.
 */
import { toHex } from '../../bytes.ts'
import {
  commandOf,
  commonFlags,
  commonOptions,
  createWriter,
  moduleOf,
  type OptionLine,
  repeated,
  rootFile,
} from '../../code.ts'
import type { NitroOutcome } from './outcome.ts'
import { type NitroPolicy, registersOf } from './policy.ts'

/** What must be repeated. */
export type Request = Pick<NitroOutcome, 'policy' | 'now' | 'clock'>

export const corimFile = 'reference.corim'
export const caFile = 'ca.der'

const rootsOf = ({ root }: NitroPolicy): readonly string[] => (root === 'pinned' ? [] : [rootFile])

/** An ES module for Node that verifies `evidence.bin` beside it. */
export function importCode({ policy, now, clock }: Request): string {
  const { builds, signed, freshness, userData, publicKey, isInstance, skewSeconds } = policy
  const verifier = isInstance ? 'verifyNitroTpm' : 'verifyNitro'
  const writer = createWriter(verifier)
  const bytes = (name: string, value: Uint8Array | undefined): readonly OptionLine[] =>
    value === undefined ? [] : [[name, writer.hex(value)]]
  const options: readonly OptionLine[] = [
    [
      'referenceValues',
      signed ? 'referenceValues' : writer.builds(builds as readonly Readonly<Record<string, string>>[]),
    ],
    [
      'freshness',
      freshness === undefined
        ? writer.symbol('skipFreshness')
        : 'nonce' in freshness
          ? `{ nonce: ${writer.hex(freshness.nonce)} }`
          : `{ maxAgeSeconds: ${freshness.maxAgeSeconds} }`,
    ],
    ...commonOptions(policy, now, rootsOf(policy), writer),
    ...bytes('userData', userData),
    ...bytes('publicKey', publicKey),
  ]
  return moduleOf(writer, policy, {
    entry: isInstance ? 'veritee/nitro-tpm' : 'veritee/nitro',
    verifier,
    options,
    takes: '{ claims, publicKey }',
    shows: ['console.log(claims.moduleId, publicKey)'],
    ...(signed && {
      imports: [`import { openReferenceValues } from 'veritee/reference'`],
      before: [
        '',
        '// Believes no digest before the signature of your CA.',
        `const { referenceValues } = await openReferenceValues(await file('${corimFile}'), {`,
        "  environment: 'nitro',",
        `  product: '${signed.product}',`,
        `  trustAnchors: [await file('${caFile}')],`,
        '  minimumVersion: 0, // the greatest of this product that you have seen',
        `  now: new Date('${clock.toISOString()}'),${policy.at === 'clock' ? repeated : ''}`,
        ...(skewSeconds === 300 ? [] : [`  clockSkewSeconds: ${skewSeconds},`]),
        '})',
      ],
    }),
  })
}

/** A command for a POSIX shell. */
export function commandLine({ policy, now }: Pick<Request, 'policy' | 'now'>): string {
  const { builds, signed, freshness, userData, publicKey, isInstance } = policy
  const [only] = builds
  const files = builds.length > 1 && !signed ? builds.map((build, i) => [`build-${i + 1}.json`, build] as const) : []
  const expected = signed
    ? [`--reference ${corimFile}`, `--ca ${caFile}`, `--product '${signed.product}'`]
    : only === undefined
      ? ['--skip-reference-values']
      : files.length > 0
        ? files.map(([name]) => `--measurements ${name}`)
        : registersOf(only).map((register) => `--${register.toLowerCase()} ${only[register as 'PCR0'] ?? ''}`)
  const fresh =
    freshness === undefined
      ? '--skip-freshness'
      : 'nonce' in freshness
        ? `--nonce ${toHex(freshness.nonce)}`
        : `--max-age ${freshness.maxAgeSeconds}s`
  return commandOf(
    isInstance ? 'nitro-tpm' : 'nitro',
    [
      ...expected,
      fresh,
      ...commonFlags(policy, now, rootsOf(policy)),
      ...(userData ? [`--user-data ${toHex(userData)}`] : []),
      ...(publicKey ? [`--public-key ${toHex(publicKey)}`] : []),
    ],
    files.map(([name, build]) => `echo '${JSON.stringify(build)}' > ${name}`),
  )
}
