/**
 * All that the pages of the demo talk to, attackers in between included: an enclave that attests,
 * the gateway of one, and the provider of a model. It is the same behind a server and in a worker.
 */
import { createAnswers, enclavePath } from './answer.ts'
import { createAttester } from './attester.ts'
import type { Authorities } from './authorities.ts'
import { text } from './between.ts'
import { channelPath, createChannel } from './channel.ts'
import { createModel, providerPath } from './provider.ts'

export type Machine = (request: Request) => Promise<Response>

const paths = [enclavePath, channelPath, providerPath]

/** Whether a path, without its leading slash, leads to the machine. */
export const isMachines = (path: string): boolean => paths.some((own) => path.startsWith(own))

/** @param origins what pages may call it */
export function createMachine({ aws, intel }: Authorities, origins: readonly string[]): Machine {
  const attester = createAttester(aws)
  const doors: Readonly<Record<string, (path: string, request: Request) => Promise<Response>>> = {
    [enclavePath]: createAnswers(attester),
    [channelPath]: createChannel(attester, origins),
    [providerPath]: createModel(intel),
  }
  return async (request) => {
    const path = new URL(request.url).pathname.slice(1)
    const own = paths.find((one) => path.startsWith(one)) ?? ''
    return (await doors[own]?.(path.slice(own.length), request)) ?? text(404, 'there is nothing here')
  }
}
