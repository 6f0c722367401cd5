/**
 * The trust anchor of Nitro attestation.
 */

/**
 * "G1", the root of the commercial AWS partitions: `CN=aws.nitro-enclaves, C=US, O=Amazon, OU=AWS`,
 * EC P-384, valid 2019-10-28 to 2049-10-28. Every document carries it; this is the SHA-256 of its
 * DER, as AWS publishes it. Source:
 * https://docs.aws.amazon.com/enclaves/latest/user/verify-root.html
 */
export const awsNitroRootG1 = '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b'
