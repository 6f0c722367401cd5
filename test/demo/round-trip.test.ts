/**
 * The script that the README shows, as it stands: from an image to a verdict, and to a refusal.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { findOnPath } from '../portable/programs.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const missing = ['openssl', 'curl'].filter((name) => findOnPath(name) === undefined)
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
if (missing.length > 0) console.log(`round trip: not found on this machine: ${missing.join(', ')}`)

test.skipIf(missing.length > 0 && !isMissingAnError)('measure, sign, run, verify; then change the image', async () => {
  const folder = await makeFolder()
  try {
    // What is tested is what stands in src.
    const command = `${folder}/veritee.mjs`
    const entry = `${repository}src/cli/main.ts`
    await build({
      entryPoints: [entry],
      outfile: command,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    })
    const env = { ...process.env, TMPDIR: folder, VERITEE: command }
    const { stdout, stderr } = await promisify(execFile)('/bin/sh', [`${repository}demo/round-trip.sh`], { env })
    expect(stdout).toMatch(/^VERIFIED: nitro; under a root that you named$/m)
    expect(stdout).toMatch(/^ {2}matched +build 2026-11-23$/m)
    expect(stderr).toMatch(/\(eif-crc\)$/m)
    expect(stdout).toMatch(/^REFUSED: authentic, but not what you expect \(policy-pcr\)$/m)
    expect(stdout.trimEnd()).toMatch(/== refused, as it must be$/)
  } finally {
    await removeFolder(folder)
  }
})
