/**
 * The trust anchors of Intel DCAP.
 */

/**
 * `CN=Intel SGX Root CA`, EC P-256: SHA-256 of the DER of both certificates that Intel issued for
 * its one key, the current one (until 2049-12-31) and the one before (until 2033-05-21), which
 * older platforms still send. Source:
 * https://certificates.trustedservices.intel.com/Intel_SGX_Provisioning_Certification_RootCA.cer;
 * the key is `INTEL_ROOT_PUB_KEY` of qve.cpp.
 */
export const intelSgxRoots = [
  '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3',
  'fc64f8076d79a4fee9d1d473d74c89eb8d8fd55c5abafeabeba7366d20429404',
] as const
