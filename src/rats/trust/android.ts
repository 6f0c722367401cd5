/**
 * Trust in keys of Android phones.
 */
import { hasPassed, only, type Rows, vectorOf } from './attester.ts'

export const android: Rows = {
  'android-key'(result) {
    const { rootOfTrust, challenge } = result.claims as {
      readonly rootOfTrust: { readonly deviceLocked: boolean; readonly verifiedBootState: string }
      readonly challenge: Uint8Array
    }
    // By the phone's maker, or by a key that the caller named.
    const isVerified = rootOfTrust.deviceLocked && /^(?:verified|self-?signed)$/i.test(rootOfTrust.verifiedBootState)
    const isAppraised = hasPassed(result, 'policy-application')
    return [
      {
        key: 'android-key',
        label: 'keymint',
        isAppraised,
        vector: vectorOf({
          'instance-identity': 2,
          hardware: 2,
          executables: only(isVerified, 3),
          configuration: only(isVerified, 2),
          'runtime-opaque': only(!isVerified, 96),
          'storage-opaque': 2,
        }),
        nonce: hasPassed(result, 'policy-nonce') ? challenge : undefined,
      },
    ]
  },
}
