/**
 * AWS's certificates: P-384 and SHA-384 throughout, any number of CAs.
 */
import { ES384 } from '../../crypto/algorithms.ts'
import { type PathProfile, uniformProfile } from '../../x509/profile.ts'

/**
 * The chain of a document: the root, regional and zonal CAs, the instance's, and the leaf that
 * signs.
 */
export const awsProfile: PathProfile = /* @__PURE__ */ uniformProfile(ES384)
