/**
 * The root that is pinned is AWS's.
 */
import { expect, test } from 'vitest'
import { awsNitroRootG1 } from '../../../../src/formats/aws/endorsements.ts'
import { hex, unhex } from '../../../attester/bytes.ts'
import { findVectors } from '../../../support/vectors.ts'

/** As AWS publishes it: https://docs.aws.amazon.com/enclaves/latest/user/verify-root.html */
const published = '64:1A:03:21:A3:E2:44:EF:E4:56:46:31:95:D6:06:31:7E:D7:CD:CC:3C:17:56:E0:98:93:F3:C6:8F:79:BB:5B'

const vectors = findVectors('nitro')

test('T-N2 the fingerprint is the one that AWS publishes', () => {
  expect(awsNitroRootG1).toBe(published.replaceAll(':', '').toLowerCase())
})

test.skipIf(!vectors.found)('T-N2 it is that of the certificate, computed anew', async () => {
  if (!vectors.found) return
  const pem = new TextDecoder().decode(vectors.read('aws-nitro-root-g1.pem'))
  const der = Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, '')), (digit) => digit.charCodeAt(0))
  expect(hex(new Uint8Array(await crypto.subtle.digest('SHA-256', der)))).toBe(hex(unhex(awsNitroRootG1)))
})
