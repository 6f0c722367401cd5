/**
 * A request whose keys are made when it is sealed: for tests of one message.
 */
import type { KeyConfig } from '../../src/channel/key-config.ts'
import { type ChannelOptions, prepareRequest, type SealedRequest } from '../../src/channel/ohttp.ts'
import type { Bytes } from '../../src/encoding/bytes.ts'

export async function sealRequest(
  config: KeyConfig,
  message: AsyncIterable<Bytes>,
  options: ChannelOptions = {},
): Promise<SealedRequest> {
  return (await prepareRequest(config, options)).seal(message)
}
