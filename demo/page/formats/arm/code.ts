/**
 * The verification of a token as code: for `import`, and for the command line.
 */
import { toHex } from '../../bytes.ts'
import { commandOf, commonFlags, commonOptions, createWriter, moduleOf } from '../../code.ts'
import type { TokenOutcome } from './outcome.ts'

export const anchorsFile = 'anchors.json'
const buildFile = 'build.json'
const firmwareFile = 'firmware.json'

type Request = Pick<TokenOutcome, 'policy' | 'now'>

/** An ES module for Node that verifies `evidence.bin` beside it. */
export function tokenImportCode({ policy, now }: Request): string {
  const { kind, anchors, builds, firmware, nonce, accepted, testKeys } = policy
  const verifier = kind === 'cca' ? 'verifyCca' : 'verifyPsa'
  const writer = createWriter(verifier)
  const values = (list: readonly object[], skip: string): string =>
    list.length === 0 ? writer.symbol(skip) : writer.json(list)
  return moduleOf(writer, policy, {
    entry: `veritee/${kind}`,
    verifier,
    options: [
      ['trustAnchors', writer.json(anchors)],
      ['referenceValues', values(builds, 'skipReferenceValues')],
      ...(kind === 'cca' ? [['platform', values(firmware, 'skipPlatformReferenceValues')] as const] : []),
      ['freshness', nonce === undefined ? writer.symbol('skipFreshness') : `{ nonce: ${writer.hex(nonce)} }`],
      ...(accepted.length > 0 ? [['acceptedLifecycles', writer.json(accepted)] as const] : []),
      ...(testKeys ? [['testKeys', writer.symbol('dangerouslyAllowTestKeys')] as const] : []),
      ...commonOptions(policy, now, [], writer),
    ],
    takes: '{ claims }',
    shows: [
      kind === 'cca'
        ? 'console.log(claims.platform.lifecycleState, claims.realm.rim)'
        : 'console.log(claims.lifecycleState, claims.softwareComponents)',
    ],
  })
}

/** A command for a POSIX shell. */
export function tokenCommandLine({ policy, now }: Request): string {
  const { kind, anchors, builds, firmware, nonce, accepted, testKeys } = policy
  const write = (name: string, list: readonly object[]): readonly string[] =>
    list.length === 0 ? [] : [`echo '${JSON.stringify(list).replaceAll("'", '')}' > ${name}`]
  return commandOf(
    kind,
    [
      `--anchor ${anchorsFile}`,
      builds.length === 0 ? '--skip-reference-values' : `--measurements ${buildFile}`,
      ...(kind === 'cca' ? [firmware.length === 0 ? '--skip-firmware' : `--firmware ${firmwareFile}`] : []),
      nonce === undefined ? '--skip-freshness' : `--nonce ${toHex(nonce)}`,
      ...accepted.map((state) => `--accept-lifecycle ${state}`),
      ...(testKeys ? ['--allow-test-keys'] : []),
      ...commonFlags(policy, now, []),
    ],
    [...write(anchorsFile, anchors), ...write(buildFile, builds), ...write(firmwareFile, firmware)],
  )
}
