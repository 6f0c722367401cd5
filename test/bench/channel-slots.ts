/**
 * How long slow senders keep everyone else out: 512 connections take all slots of a gateway, and
 * one more client asks until it is answered. With the limits that a gateway has by default, over
 * the loopback interface.
 */
import { Agent, type ClientRequest, request } from 'node:http'
import { defaultSuite, paths } from '../gateway/bench.ts'
import { seal } from '../gateway/sealing-client.ts'
import { type GatewayProcess, startGateway } from './channel-process.ts'

export interface Siege {
  readonly what: string
  /** How long the client waited for its answer, from the moment that all slots were taken. */
  readonly seconds: number
  readonly boundSeconds: number
  /** What the senders sent inside their requests, all together. */
  readonly sentBytes: number
}

interface Attack {
  readonly what: string
  readonly boundSeconds: number
  /** Bytes at once: up to some point of the head, or all of the head. */
  readonly first: number
  /** Bytes each second after that. */
  readonly each: number
  /** Whether the gateway tells clients apart, and all senders are one. */
  readonly isNamed?: boolean
}

const senders = 512
const idle = 30
/** More than header, encapsulated key and the chunk with the inner head. */
const wholeHead = 200
/** Of the busy machine that this runs on. */
export const slack = 5
const giveUpSeconds = 120

const attacks: readonly Attack[] = [
  { what: 'stop in the head', first: 60, each: 0, boundSeconds: 15 },
  { what: 'send a byte of the head each second', first: 60, each: 1, boundSeconds: 15 },
  { what: 'stop in the body', first: wholeHead, each: 0, boundSeconds: idle },
  { what: 'send the body at half the minimum rate', first: wholeHead, each: 512, boundSeconds: 2 * idle },
  { what: 'send 64 KiB at once, then a byte each second', first: 65_536, each: 1, boundSeconds: idle },
  { what: 'are one client, and the gateway knows clients', first: 60, each: 0, boundSeconds: 0, isNamed: true },
]

export async function measureSlots(): Promise<readonly Siege[]> {
  const rows: Siege[] = []
  for (const attack of attacks) rows.push(await besiege(attack))
  return rows
}

async function besiege({ what, boundSeconds, first, each, isNamed = false }: Attack): Promise<Siege> {
  const gateway = await startGateway({}, isNamed ? ['clients'] : [])
  const agent = new Agent({ maxSockets: Infinity })
  const all: { readonly outgoing: ClientRequest; readonly bytes: Uint8Array }[] = []
  let sentBytes = 0
  let timer: ReturnType<typeof setInterval> | undefined
  try {
    const keyConfig = await gateway.keyConfig()
    // Each is another one: the same would be refused as a replay.
    const bodies: Uint8Array[] = []
    for (let i = 0; i < senders; i++) bodies.push(await sealOne(gateway, keyConfig))
    // All at once, so that all slots are taken at once.
    for (const bytes of bodies) all.push({ outgoing: connect(gateway, agent, isNamed), bytes })
    for (const { outgoing, bytes } of all) outgoing.write(bytes.subarray(0, first))
    sentBytes += senders * first
    // All have been heard, so all slots are taken, or as many as one client gets.
    if (!isNamed) while (await isServed(gateway, keyConfig)) await pause(10)
    else await pause(1000)
    const startedAt = performance.now()
    let at = first
    if (each > 0)
      timer = setInterval(() => {
        for (const { outgoing, bytes } of all) if (!outgoing.destroyed) outgoing.write(bytes.subarray(at, at + each))
        sentBytes += senders * each
        at += each
      }, 1000)
    let seconds = 0
    while (!(await isServed(gateway, keyConfig)) && seconds < giveUpSeconds) {
      await pause(100)
      seconds = (performance.now() - startedAt) / 1000
    }
    return { what, seconds, boundSeconds, sentBytes }
  } finally {
    clearInterval(timer)
    for (const { outgoing } of all) outgoing.destroy()
    agent.destroy()
    gateway.stop()
  }
}

async function sealOne({ origin }: GatewayProcess, keyConfig: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  async function* body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    // By itself, so that the head has a chunk of its own.
    await pause(0)
    for (let i = 0; i < 8; i++) yield new Uint8Array(16_384)
  }
  const sealed = await seal(keyConfig, defaultSuite, origin + paths.data, { path: '/up', body: body() })
  return new Uint8Array(await sealed.request.arrayBuffer())
}

function connect({ origin }: GatewayProcess, agent: Agent, isNamed: boolean): ClientRequest {
  const headers = { 'content-type': 'message/ohttp-chunked-req', ...(isNamed && { 'x-client': 'attacker' }) }
  const outgoing = request(origin + paths.data, { method: 'POST', headers, agent })
  outgoing.on('error', () => undefined)
  outgoing.on('response', (incoming) => incoming.resume())
  outgoing.flushHeaders()
  return outgoing
}

async function isServed(gateway: GatewayProcess, keyConfig: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const opened = await gateway.ask(keyConfig, { path: '/?id=513', body: 'x' })
    return (await opened?.text()) === '513:x'
  } catch (error) {
    // In the clear: busy.
    if (error instanceof Error && error.message.includes('503')) return false
    throw error
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
