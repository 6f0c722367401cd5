/**
 * The verification of a phone as code: for `import`, and for the command line.
 */
import { toHex } from '../../bytes.ts'
import { commandOf, commonFlags, commonOptions, createWriter, moduleOf, rootFile } from '../../code.ts'
import type { PhoneOutcome } from './outcome.ts'
import type { PhonePolicy } from './policy.ts'

export const statusFile = 'status.json'

type Request = Pick<PhoneOutcome, 'policy' | 'now'>

const rootsOf = ({ root }: PhonePolicy): readonly string[] => (root === 'pinned' ? [] : [rootFile])

/** An ES module for Node that verifies `evidence.bin` beside it. */
export function phoneImportCode({ policy, now }: Request): string {
  const { kind, applications, nonce, statusList, level, patchLevel, clientData, page } = policy
  const isAndroid = kind === 'android-key'
  const verifier = isAndroid ? 'verifyAndroidKey' : 'verifyAppAttest'
  const writer = createWriter(verifier)
  const referenceValues = applications.length === 0 ? writer.symbol('skipReferenceValues') : writer.json(applications)
  return moduleOf(writer, policy, {
    entry: `veritee/${kind}`,
    verifier,
    options: [
      ['referenceValues', referenceValues],
      ...(isAndroid
        ? ([
            ['freshness', nonce === undefined ? writer.symbol('skipFreshness') : `{ nonce: ${writer.hex(nonce)} }`],
            [
              'endorsements',
              statusList === undefined
                ? writer.symbol('skipRevocation')
                : `{ statusList: await readFile('${statusFile}', 'utf8') }`,
            ],
            ...(level === 'tee' ? [] : [['securityLevel', `'${level}'`] as const]),
            ...(patchLevel === undefined ? [] : [['minimumOsPatchLevel', String(patchLevel)] as const]),
            ...(page === undefined || clientData === undefined
              ? []
              : [
                  [
                    'webauthn',
                    `{ clientDataJSON: ${writer.hex(clientData)}, rpId: ${writer.json(page.rpId)}, origins: ${writer.json(page.origins)} }`,
                  ] as const,
                ]),
          ] as const)
        : [['clientData', writer.hex(clientData ?? new Uint8Array())] as const]),
      ...commonOptions(policy, now, rootsOf(policy), writer),
    ],
    takes: '{ claims, publicKey }',
    shows: [`console.log(${isAndroid ? 'claims.securityLevel' : 'claims.environment'}, publicKey)`],
  })
}

/** A command for a POSIX shell. What is in it was checked to be harmless there. */
export function phoneCommandLine({ policy, now }: Request): string {
  const { kind, applications, nonce, statusList, level, patchLevel, clientData, page } = policy
  const quoted = (text: unknown): string => `'${String(text).replaceAll("'", '')}'`
  const [first] = applications
  const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value])
  const expected =
    first === undefined
      ? ['--skip-reference-values']
      : kind === 'app-attest'
        ? applications.map(({ appId }) => `--app-id ${quoted(appId)}`)
        : [
            ...listOf(first.packageName).map((name) => `--package ${quoted(name)}`),
            ...listOf(first.signers).map((signer) => `--signer ${quoted(signer)}`),
            ...(first.minimumVersion === undefined ? [] : [`--minimum-app-version ${quoted(first.minimumVersion)}`]),
          ]
  const own =
    kind === 'app-attest'
      ? [`--client-data ${toHex(clientData ?? new Uint8Array())}`]
      : [
          nonce === undefined ? '--skip-freshness' : `--nonce ${toHex(nonce)}`,
          statusList === undefined ? '--skip-revocation' : `--status-list ${statusFile}`,
          ...(level === 'tee' ? [] : [`--security-level ${level}`]),
          ...(patchLevel === undefined ? [] : [`--minimum-os-patch ${patchLevel}`]),
          ...(page === undefined || clientData === undefined
            ? []
            : [
                `--client-data ${toHex(clientData)}`,
                `--rp-id ${quoted(page.rpId)}`,
                ...page.origins.map((origin) => `--origin ${quoted(origin)}`),
              ]),
        ]
  return commandOf(kind, [...expected, ...own, ...commonFlags(policy, now, rootsOf(policy))])
}
