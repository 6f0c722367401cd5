/**
 * Trust in realms on Arm CCA, the platforms below them, and devices with a PSA root of trust.
 */
import { comparedIn, hasPassed, only, type Rows, vectorOf } from './attester.ts'

export const arm: Rows = {
  cca(result) {
    const { platform, realm } = result.claims as {
      readonly platform: { readonly lifecycleState: string }
      readonly realm: { readonly challenge: Uint8Array }
    }
    const nonce = hasPassed(result, 'policy-nonce') ? realm.challenge : undefined
    const isPlatformAppraised = hasPassed(result, 'policy-platform')
    const isRealmAppraised = hasPassed(result, 'policy-measurements')
    return [
      {
        key: 'cca-platform',
        label: 'CCA_SSD_PLATFORM',
        isAppraised: isPlatformAppraised,
        vector: vectorOf({
          'instance-identity': 2,
          hardware: 2,
          executables: only(isPlatformAppraised, 3),
          configuration: only(comparedIn(result, 'policy-platform').includes('config'), 2),
          'runtime-opaque': platform.lifecycleState === 'secured' ? 2 : 96,
        }),
        nonce,
      },
      {
        key: 'cca',
        label: 'CCA_REALM',
        isAppraised: isRealmAppraised,
        vector: vectorOf({ 'instance-identity': 2, executables: only(isRealmAppraised, 3) }),
        nonce,
      },
    ]
  },
  psa(result) {
    const { lifecycleState, nonce } = result.claims as { readonly lifecycleState: string; readonly nonce: Uint8Array }
    const isAppraised = hasPassed(result, 'policy-measurements')
    return [
      {
        key: 'psa',
        label: 'PSA',
        isAppraised,
        vector: vectorOf({
          'instance-identity': 2,
          hardware: 2,
          executables: only(isAppraised, 3),
          // TrustZone keeps other software out; what keeps the memory secret was not looked at.
          'runtime-opaque': only(lifecycleState !== 'secured', 96),
        }),
        nonce: hasPassed(result, 'policy-nonce') ? nonce : undefined,
      },
    ]
  },
}
