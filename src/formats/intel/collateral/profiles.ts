/**
 * Intel's certificates: P-256 and SHA-256 throughout. How many there are, and what the last one is
 * called, is checked where chains are read.
 */
import { ES256 } from '../../../crypto/algorithms.ts'
import { leafOf, type PathProfile, uniformProfile } from '../../../x509/profile.ts'

/** `Intel SGX Root CA`, the processor or platform CA, and the PCK certificate of one platform. */
export const pckProfile: PathProfile = /* @__PURE__ */ uniformProfile(ES256)

/**
 * `Intel SGX Root CA`, and the signer of TCB Info and QE identity: an end entity, but one that
 * signs for months.
 */
export const signerProfile: PathProfile = /* @__PURE__ */ (() => ({
  ...pckProfile,
  leaf: { ...leafOf(ES256), isRemembered: true },
}))()
