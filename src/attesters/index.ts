/**
 * `veritee/attesters`: where evidence comes from, inside an enclave or a confidential machine. For
 * Node, Deno and Bun; nothing here verifies anything. Each source is the `attest` of
 * `createGateway`.
 */
export type { Attest, Attestation, AttestRequest } from '../gateway/options.ts'
export { type DstackParts, dstackSource, type DstackSourceOptions } from './dstack.ts'
export { nsmCommand, type NsmCommandOptions, type NsmDevice, nsmDevice, type NsmDeviceOptions } from './nsm-device.ts'
export { nsmSource, type NsmSourceOptions } from './nsm.ts'
export { type TsmFiles, type TsmParts, tsmSource, type TsmSourceOptions } from './tsm.ts'
