/**
 * `dstackSource` and a guest agent that answers on a socket, in Node, Deno and Bun.
 */
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AttestRequest, dstackSource, type DstackSourceOptions } from '../../src/attesters/index.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn, run as runProgram } from '../portable/programs.ts'
import { findBun } from '../portable/run-bun.ts'
import { findDeno } from '../portable/run-deno.ts'

const request: AttestRequest = {
  nonce: new Uint8Array(32).fill(1),
  keyConfig: new Uint8Array(40).fill(2),
  keyConfigDigest: new Uint8Array(32).fill(3),
  reportData: new Uint8Array(64).fill(4),
}
const info = { app_cert: 'PEM', vm_config: '{}', tcb_info: JSON.stringify({ app_compose: '{"a":1}', mrtd: '00' }) }
type Answer = (request: IncomingMessage, body: string) => { status?: number; body: string } | 'hang up'
const sound: Answer = ({ url, method }, body) => {
  if (method !== 'POST') return { status: 405, body: '' }
  if (url === '/Info') return { body: JSON.stringify(info) }
  const { report_data: reportData } = JSON.parse(body) as { report_data: string }
  return { body: JSON.stringify({ quote: `0400${reportData}`, event_log: '[]', vm_config: '{"cpu":2}' }) }
}

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => removeFolder(folder))

/** Runs a guest agent for as long as `use` has its socket. */
async function withAgent<T>(answer: Answer, use: (socket: string) => Promise<T>): Promise<T> {
  const socket = join(folder, 'dstack.sock')
  const server: Server = createServer((asked, response) => {
    let body = ''
    asked.on('data', (piece: Buffer) => (body += piece.toString()))
    asked.once('end', () => {
      const said = answer(asked, body)
      if (said === 'hang up') return void response.destroy()
      response.writeHead(said.status ?? 200, { 'content-type': 'application/json' })
      response.end(said.body)
    })
  })
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  try {
    return await use(socket)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => void server.close(resolve))
  }
}

const served = { eventLog: '[]', appCompose: '{"a":1}', appCertificate: 'PEM' }

describe('evidence', () => {
  test('the quote for the report data, and beside it what appraiseDstack is given', async () => {
    const made = await withAgent(sound, (socket) => dstackSource({ socket })(request))
    expect(made).toEqual({
      mediaType: 'application/octet-stream',
      evidence: Uint8Array.from([4, 0, ...request.reportData]),
      endorsements: served,
    })
  })

  test('the caller may add collateral', async () => {
    const endorsements: DstackSourceOptions['endorsements'] = ({ evidence, ...parts }) =>
      Promise.resolve({ ...parts, collateral: evidence.length })
    const made = await withAgent(sound, (socket) => dstackSource({ socket, endorsements })(request))
    expect(made.endorsements).toEqual({ served, vmConfig: '{"cpu":2}', collateral: 66 })
  })

  test('older agents say less: no certificate, the registers as an object', async () => {
    const older: Answer = (asked, body) =>
      asked.url === '/Info' ? { body: JSON.stringify({ tcb_info: { app_compose: '{}' } }) } : sound(asked, body)
    const made = await withAgent(older, (socket) => dstackSource({ socket })(request))
    expect(made.endorsements).toEqual({ eventLog: '[]', appCompose: '{}' })
  })

  const quoted = (change: object): Answer => {
    const body = JSON.stringify({ quote: '00', event_log: '[]', ...change })
    return (asked, text) => (asked.url === '/GetQuote' ? { body } : sound(asked, text))
  }
  const told =
    (body: string): Answer =>
    (asked, text) =>
      asked.url === '/Info' ? { body } : sound(asked, text)
  test.each<[string, Answer, RegExp]>([
    ['no quote', quoted({ quote: undefined }), /^GetQuote: quote: expected text$/],
    ['a quote that is no hexadecimal', quoted({ quote: '0g' }), /^GetQuote: quote: expected hexadecimal digits$/],
    ['half a byte', quoted({ quote: '000' }), /^GetQuote: quote: expected hexadecimal digits$/],
    ['no event log', quoted({ event_log: [] }), /^GetQuote: event_log: expected text$/],
    ['no registers', told('{}'), /^Info: tcb_info: expected an object$/],
    ['no app-compose', told('{"tcb_info":"{}"}'), /^Info: tcb_info: app_compose: expected text$/],
    ['two members of one name', told('{"tcb_info":"{}","tcb_info":"{}"}'), /Info/],
    ['a list', told('[]'), /^Info: expected an object$/],
    ['no JSON', told('<html>'), /Info/],
    ['another status', () => ({ status: 500, body: '{}' }), /^GetQuote at \S+: answered 500$/],
    ['a connection that ends', () => 'hang up', /^GetQuote at \S+ failed: is this a guest of dstack\?$/],
    ['too much', () => ({ body: ' '.repeat(5_000_000) }), /^GetQuote at \S+ failed/],
  ])('%s is no evidence', async (_, answer, message) => {
    await expect(withAgent(answer, (socket) => dstackSource({ socket })(request))).rejects.toThrow(message)
  })

  test('without an agent there is none, and mistakes are a TypeError', async () => {
    await expect(dstackSource({ socket: `${folder}/none.sock` })(request)).rejects.toThrow(
      /is this a guest of dstack\?$/,
    )
    expect(() => dstackSource({ socket: 'dstack.sock' })).toThrow(new TypeError('socket must be a path'))
    expect(() => dstackSource({ endorsements: {} } as never)).toThrow(new TypeError('endorsements must be a function'))
    expect(() => dstackSource({ url: '/' } as never)).toThrow(/^option "url" must be one of/)
  })
})

test.each([
  [
    'Deno',
    findDeno,
    ['run', '--no-prompt', '--no-config', '--no-lock', '--allow-read', '--allow-write', '--allow-net'],
  ],
  ['Bun', findBun, ['run', '--no-install']],
] as const)('%s asks the agent too', async (name, find, parameters) => {
  await build({
    entryPoints: [fileURLToPath(new URL('../../src/attesters/index.ts', import.meta.url))],
    outfile: join(folder, 'attesters.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  const file = join(folder, `${name}.mjs`)
  await writeFile(
    file,
    `import { dstackSource } from './attesters.mjs'
const made = await dstackSource({ socket: ${JSON.stringify(join(folder, 'dstack.sock'))} })({ reportData: new Uint8Array(64).fill(4) })
console.log(JSON.stringify({ ...made, evidence: [...made.evidence] }))
`,
  )
  const env = { ...(await environmentIn(folder)), DENO_NO_UPDATE_CHECK: '1' }
  const output = await withAgent(sound, () => runProgram(find() ?? '', [...parameters, file], { cwd: folder, env }))
  expect(JSON.parse(output)).toEqual({
    mediaType: 'application/octet-stream',
    evidence: [4, 0, ...request.reportData],
    endorsements: served,
  })
})
