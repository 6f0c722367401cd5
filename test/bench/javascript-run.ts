/**
 * `node javascript.mjs ROUNDS`, beside the work: verifies again and again while WebCrypto answers
 * with what it answered the first time, and prints the times.
 */
import { readFileSync } from 'node:fs'
import { quantile } from './statistics.ts'
import { callOf, type Work } from './work.ts'

type Call = (...parameters: unknown[]) => Promise<unknown>

let isRecording = true
let answers: Promise<unknown>[] = []
let at = 0
for (const name of ['importKey', 'verify', 'digest'] as const) {
  const original = (crypto.subtle[name] as Call).bind(crypto.subtle)
  const answering: Call = (...parameters) => {
    if (!isRecording) return answers[at++] as Promise<unknown>
    const answer = original(...parameters)
    answers.push(answer)
    return answer
  }
  Object.defineProperty(crypto.subtle, name, { value: answering })
}
// After that: the library takes these functions when it is loaded.
const { verifyNitro } = await import('../../src/formats/aws/nitro/index.ts')

const { evidence, options } = callOf(JSON.parse(readFileSync('work.json', 'utf8')) as Work)
await verifyNitro(evidence, options)
answers = []
await verifyNitro(evidence, options)
isRecording = false

/** What such code does all day: bytes to text, objects and back. Some 57 µs on an AMD EPYC of 2024. */
const bytes = Uint8Array.from({ length: 4096 }, (_, i) => i * 7)
function calibrate(): number {
  let text = ''
  for (let i = 0; i < 2048; i++) text += (bytes[i] as number).toString(16)
  const { list } = JSON.parse(JSON.stringify({ text, list: [...bytes.subarray(0, 512)] })) as { list: number[] }
  return list.length
}

const times: number[] = []
const calibration: number[] = []
const rounds = Number(process.argv[2])
for (let round = 0; round < rounds; round++) {
  at = 0
  const startedAt = performance.now()
  await verifyNitro(evidence, options)
  times.push(performance.now() - startedAt)
  if (at !== answers.length) throw new Error(`${at} calls of WebCrypto, and ${answers.length} the first time`)
  const calibratedAt = performance.now()
  calibrate()
  calibration.push(performance.now() - calibratedAt)
}
/** Of the second half: until then, the compiler is at work. */
const p10 = (values: readonly number[]): number => 1000 * quantile(values.slice(rounds / 2), 0.1)
console.log(JSON.stringify({ microseconds: p10(times), calibration: p10(calibration) }))
