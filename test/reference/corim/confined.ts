/**
 * A process of its own with little memory: opens the files that it is given, against the CA in the
 * first, and prints what it is told of each. It dies when one of them costs more than its heap has.
 */
import { readFileSync } from 'node:fs'
import { AttestationError } from '../../../src/core/errors.ts'
import { decodeCorim, openCorim, openReferenceValues } from '../../../src/reference/index.ts'

const [ca, ...files] = process.argv.slice(2).map((path) => new Uint8Array(readFileSync(path)))
const now = new Date('2026-06-02T00:00:00Z')
const trustAnchors = [ca as Uint8Array]
const options = { environment: 'nitro', product: 'example.com/app', minimumVersion: 0, trustAnchors, now } as const

async function codeOf(open: () => unknown): Promise<string> {
  try {
    await open()
  } catch (error) {
    if (error instanceof AttestationError) return error.code
    throw error
  }
  return 'accepted'
}

const codes: string[][] = []
for (const file of files)
  codes.push([
    await codeOf(() => openReferenceValues(file, options)),
    await codeOf(() => openCorim(file, { trustAnchors, now })),
    await codeOf(() => decodeCorim(file)),
  ])
console.log(JSON.stringify(codes))
