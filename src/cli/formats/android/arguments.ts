/**
 * From the command line to the options of `verifyAndroidKey`.
 */
import {
  allowDebug,
  type AndroidAppReferenceValues,
  type AndroidKeyOptions,
  type KeyPurpose,
  skipFreshness,
  skipReferenceValues,
  skipRevocation,
} from '../../../formats/android/key/index.ts'
import { type CommandOptions, listOf, requireOne, secondsOf, timeOf, type Values, versionOf } from '../../arguments.ts'
import { UsageError } from '../../failures.ts'
import { readCertificates, readText, readValue } from '../../input.ts'
import type { OptionFormats } from '../family.ts'

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const

/** What `veritee verify` takes for keys of Android phones. */
export const androidOptions: CommandOptions = {
  nonce: text,
  'skip-freshness': { type: 'boolean' },
  package: texts,
  signer: texts,
  'minimum-app-version': text,
  'status-list': text,
  'skip-revocation': { type: 'boolean' },
  'security-level': text,
  'verified-boot-key': texts,
  'minimum-os-patch': text,
  'minimum-vendor-patch': text,
  'minimum-boot-patch': text,
  purpose: texts,
  'client-data': text,
  'rp-id': text,
  origin: texts,
}

/** All of them say what other evidence does not have, unless its family says so too. */
export const androidOptionFormats: OptionFormats = Object.fromEntries(
  Object.keys(androidOptions).map((name) => [name, ['android-key']]),
)

/** The library's names of options in the words of the command. */
export const spokenOfAndroid: Readonly<Record<string, string>> = {
  packageName: '--package',
  signers: '--signer',
  minimumVersion: '--minimum-app-version',
  securityLevel: '--security-level',
  verifiedBootKeys: '--verified-boot-key',
  minimumOsPatchLevel: '--minimum-os-patch',
  minimumVendorPatchLevel: '--minimum-vendor-patch',
  minimumBootPatchLevel: '--minimum-boot-patch',
  purposes: '--purpose',
}

/** @throws UsageError, TypeError */
export async function androidOptionsOf(values: Values): Promise<AndroidKeyOptions> {
  const { nonce, at, skew, 'security-level': level, 'status-list': list } = values
  requireOne(
    [nonce !== undefined, values['skip-freshness'] === true],
    'say how fresh it must be: --nonce HEX or --skip-freshness',
  )
  requireOne(
    [list !== undefined, values['skip-revocation'] === true],
    "say what is revoked: --status-list FILE, Google's, or --skip-revocation",
  )
  if (at === 'evidence') throw new UsageError('a chain has no date of its own: --at needs a time')
  const webauthn = await webauthnOf(values)
  return {
    freshness: typeof nonce === 'string' ? { nonce: await readValue(nonce, '--nonce') } : skipFreshness,
    referenceValues: applicationOf(values),
    endorsements: typeof list === 'string' ? { statusList: await readText(list) } : skipRevocation,
    ...(typeof level === 'string' && { securityLevel: level as 'tee' }),
    ...(values['verified-boot-key'] !== undefined && { verifiedBootKeys: listOf(values, 'verified-boot-key') }),
    ...patchLevelsOf(values),
    ...(values['purpose'] !== undefined && { purposes: listOf(values, 'purpose') as KeyPurpose[] }),
    ...(webauthn !== undefined && { webauthn }),
    ...(values['root'] !== undefined && {
      trustAnchors: (await Promise.all(listOf(values, 'root').map(readCertificates))).flat(),
    }),
    ...(typeof at === 'string' && { now: timeOf(at, '--at') }),
    ...(typeof skew === 'string' && { clockSkewSeconds: secondsOf(skew, '--skew') }),
    ...(values['allow-debug'] === true && { debug: allowDebug }),
  }
}

function applicationOf(values: Values): AndroidKeyOptions['referenceValues'] {
  const packages = listOf(values, 'package')
  const signers = listOf(values, 'signer')
  const { 'minimum-app-version': minimum } = values
  requireOne(
    [packages.length > 0, values['skip-reference-values'] === true],
    'say which application: --package NAME --signer HEX, or --skip-reference-values',
  )
  if (values['measurements'] !== undefined) throw new UsageError('--measurements is not about applications')
  if (packages.length > 0 !== signers.length > 0)
    throw new UsageError('--package and --signer belong together: the application, and who signed it')
  if (packages.length === 0) return skipReferenceValues
  const application: AndroidAppReferenceValues = {
    name: 'command line',
    packageName: packages,
    signers,
    ...(typeof minimum === 'string' && { minimumVersion: versionOf(minimum, '--minimum-app-version') }),
  }
  return application
}

function patchLevelsOf(
  values: Values,
): Pick<AndroidKeyOptions, 'minimumOsPatchLevel' | 'minimumVendorPatchLevel' | 'minimumBootPatchLevel'> {
  const levelOf = (option: string): number | undefined => {
    const value = values[option]
    return typeof value === 'string' ? versionOf(value, `--${option}`) : undefined
  }
  const [os, vendor, boot] = ['minimum-os-patch', 'minimum-vendor-patch', 'minimum-boot-patch'].map(levelOf)
  return {
    ...(os !== undefined && { minimumOsPatchLevel: os }),
    ...(vendor !== undefined && { minimumVendorPatchLevel: vendor }),
    ...(boot !== undefined && { minimumBootPatchLevel: boot }),
  }
}

async function webauthnOf(values: Values): Promise<AndroidKeyOptions['webauthn']> {
  const { 'client-data': clientData, 'rp-id': rpId } = values
  const origins = listOf(values, 'origin')
  if (clientData === undefined && rpId === undefined && origins.length === 0) return undefined
  if (typeof clientData !== 'string' || typeof rpId !== 'string' || origins.length === 0)
    throw new UsageError('--client-data, --rp-id and --origin belong together: a page that got a credential')
  return { clientDataJSON: await readValue(clientData, '--client-data'), rpId, origins }
}
