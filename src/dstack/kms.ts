/**
 * The certificate chain that a key management service of dstack gives to an application: leaf,
 * `Dstack App CA`, `Dstack KMS CA`, all P-256. Its root is trusted by its key alone: that key is
 * the identifier of the key provider, which the guest measured before the application ran.
 *
 * Proves whose service gave this application its certificates. Does *not* prove the other chain,
 * over the application's keys: that is of another curve.
 */
import type { CheckRecorder } from '../core/record.ts'
import { ES256 } from '../crypto/algorithms.ts'
import { fingerprint } from '../crypto/digest.ts'
import { startSignatures } from '../crypto/signatures.ts'
import { toHex } from '../encoding/bytes.ts'
import { decodePem } from '../encoding/pem.ts'
import { VerificationError } from '../core/errors.ts'
import { checkDates, checkPath, signatureRows } from '../x509/path.ts'
import { decodeCertificate } from '../x509/certificate.ts'
import { uniformProfile } from '../x509/profile.ts'

const names = ['certificate of the KMS', 'certificate of the application CA', 'certificate of the application']
const maximumSize = 65_536

/**
 * @param keyProvider the measured identifier: SubjectPublicKeyInfo of the root, hexadecimal digits
 * @param now Unix milliseconds; `undefined` where the caller gave no time, so that dates are not
 *   checked
 * @throws VerificationError `cert-…`, `root-mismatch`
 */
export async function verifyKmsChain(
  pem: string,
  keyProvider: string,
  now: number | undefined,
  checks: CheckRecorder,
): Promise<void> {
  const source = { name: 'chain of the KMS', code: 'cert-parse' } as const
  const chain = checks.decodes('cert-parse', 'chain of the KMS', () => {
    if (pem.length > maximumSize) throw new VerificationError('cert-parse', 'chain of the KMS: too large')
    return decodePem(pem, 'CERTIFICATE', source).reverse()
  })
  checks.verifies('cert-path', 'certificates in the chain of the KMS', {
    holds: chain.length === names.length,
    expected: `${names.length}`,
    found: `${chain.length}`,
  })
  const named = chain.map((der, i) => ({ der, name: names[i] as string }))
  const [root] = named as [(typeof named)[number], ...typeof named]
  const { spki } = checks.verifies('cert-parse', root.name, () => decodeCertificate(root.der, root.name))
  checks.verifies('root-mismatch', 'key of the KMS', {
    holds: toHex(spki) === keyProvider,
    expected: keyProvider,
    found: toHex(spki),
  })
  const profile = uniformProfile(ES256)
  const path = await checkPath(named, { roots: [await fingerprint(root.der)] }, profile, checks)
  if (now !== undefined) checkDates(path, { now, skewMs: 300_000 }, 'dates of the chain of the KMS', checks)
  await startSignatures(signatureRows(path, profile)).settle(checks)
}
